/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_LAYER_ERROR_H
#define DBC_CONVERTER_MEASURE_LAYER_ERROR_H

#include "base/arena.h"
#include "base/diag.h"
#include "converter/data/dataset.h"
#include "converter/heads/head.h"
#include "ir/config.h"
#include "converter/pack/packed_file.h"

/* As many samples tell which layer loses most. */
#define LAYER_SAMPLES 8

/* An operator of a packed file beside the same in float. */
struct layer_error {
	const char *name, *op; /* of the graph's node; "" where unknown */
	double sqnr_db; /* of its output, errors of the layers before in it;
			 * NAN: a step inside a layer */
};

/*
 * How far each operator of a packed file is from the model that it was made
 * from, computed in float: signal to error power over `count` samples of the
 * set from item `first`. One entry an operator, in the arena; NULL after a
 * diagnostic. The file's work buffer must be bound. Files of another version
 * of this tool do not tell which layer is which: all are unknown then.
 */
struct layer_error *layer_errors(const struct config *c, struct packed_file *f,
				 const struct dataset *set, int first,
				 int count, struct arena *a, struct diag *d);

#endif
