/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_CLIP_H
#define DBC_QUANTIZER_ACTIVATIONS_CLIP_H

#include <stdint.h>

#include "ir/graph.h"
#include "ir/samples.h"
#include "quantizer/activations/histogram.h"

/*
 * The range of least mean squared error: rounding error inside it plus clipping
 * error outside it, over 64 x 64 fractions of the extremes. `reader` (NULL:
 * none) is the activation by table that reads the value: then the error is
 * measured after it. `bits`: of the codes.
 */
struct input_range clip_range(const struct histogram *o,
			      const struct node *reader, int bits);

/* Scale and zero point of codes of `bits` for a range; real 0 has a code. */
void range_to_scale(struct input_range r, int bits, float *scale,
		    int32_t *zero_point);

#endif
