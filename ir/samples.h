/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_SAMPLES_H
#define DBC_IR_SAMPLES_H

#include "base/diag.h"

/*
 * Photos or tensors, one at a time: what calibration sees. fill() writes the
 * float inputs of sample `index` (0 to count - 1) for every graph input, in
 * the graph's own layout and shape; it may be called from several threads.
 */
struct samples {
	int count;
	int (*fill)(void *ctx, int index, float *const *inputs, struct diag *d);
	void *ctx;
};

/* The real values that the first input takes, known from preprocessing. */
struct input_range {
	float low, high;
};

#endif
