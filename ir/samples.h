/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_SAMPLES_H
#define DBC_IR_SAMPLES_H

#include "base/diag.h"

/*
 * The samples of calibration: photos or tensors, read one at a time. fill()
 * writes the float inputs of sample `index` (0 to count - 1) for every graph
 * input, in the graph's layout and shape. Several threads may call it. 0, or
 * -1 with a diagnostic.
 */
struct samples {
	int count;
	int (*fill)(void *ctx, int index, float *const *inputs, struct diag *d);
	void *ctx;
};

/* The range of real values of the first input, known from preprocessing. */
struct input_range {
	float low, high;
};

#endif
