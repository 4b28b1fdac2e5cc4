/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_LAYER_ERROR_H
#define DBC_CONVERTER_MEASURE_LAYER_ERROR_H

#include "base/arena.h"
#include "base/diag.h"
#include "converter/measure/measure_set.h"
#include "converter/pack/packed_file.h"

/* Enough samples to see which layer loses most. */
#define LAYER_SAMPLES 8

/* One operator of a packed file compared with float. */
struct layer_error {
	const char *name, *op; /* of the graph's node; "" where unknown */
	double sqnr_db; /* of its output, with the errors of earlier layers;
			 * NAN: a step inside a layer */
};

/*
 * Compares the output of each operator of a packed file with the float model
 * that it was made from: signal power to error power over the samples. One
 * entry for each operator, in the arena; NULL with a diagnostic. The file's
 * work buffer must be bound. For files of another version of this tool the
 * layers are unknown.
 */
struct layer_error *layer_errors(const struct measure_set *set,
				 struct packed_file *f, struct arena *a,
				 struct diag *d);

#endif
