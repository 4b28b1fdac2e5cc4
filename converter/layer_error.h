/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LAYER_ERROR_H
#define DBC_CONVERTER_LAYER_ERROR_H

#include "converter/convert.h"
#include "converter/packed_file.h"

/*
 * How far each layer of a conversion is from the same graph in float: signal
 * to error power of its output in decibels, over `count` samples of v->dataset
 * from item `first`. Errors of the layers before are in it. One entry a packed
 * layer: FIDELITY_NO_ERROR_DB without any error, NAN for a step inside a layer.
 * NULL after a diagnostic; the arena's. `f` is the packed file, its work
 * buffer bound.
 */
double *layer_errors(const struct config *c, const struct conversion *v,
		     struct packed_file *f, int first, int count,
		     struct arena *a, struct diag *d);

#endif
