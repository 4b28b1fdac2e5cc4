/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_WEIGHT_SCALE_H
#define DBC_QUANTIZER_WEIGHTS_WEIGHT_SCALE_H

#include "quantizer/graph/weighted_layers.h"
#include "quantizer/weights/grid.h"

/* Squared error of n weights that are rounded to the nearest codes. */
double weight_scale_error(const double *w, int64_t n, double scale,
			  const struct code_grid *grid);
/* The scale of least squared error for one channel (MSE clipping); *error gets
 * the error. 0 where all weights are 0. */
double weight_scale_best(const double *w, int64_t n,
			 const struct code_grid *grid, double *error);
/*
 * A scale that costs few bytes in the file, for output channel c: `steps` steps
 * away from the nearest such scale below `scale`, eight steps an octave.
 * coarse: the nearest of two an octave.
 */
double weight_scale_near(const struct weighted_layer *l, int64_t c,
			 double scale, int steps, bool coarse);

#endif
