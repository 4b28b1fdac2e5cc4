/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_BIAS_CORRECTION_H
#define DBC_QUANTIZER_WEIGHTS_BIAS_CORRECTION_H

#include "quantizer/weights/rounded_layer.h"
#include "quantizer/weights/rounding_target.h"
#include "quantizer/weights/weight_format.h"

/* Sets out->bias, in the arena, where the means of the input are known and the
 * method is on: see bias_correction.c. loss: of each channel, weighted by
 * importance. -1: out of memory. */
int bias_correct(const struct rounding_target *t, struct weight_format f,
		 const double *loss, struct rounded_layer *out,
		 struct arena *a);

#endif
