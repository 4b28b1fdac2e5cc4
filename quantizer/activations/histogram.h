/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_HISTOGRAM_H
#define DBC_QUANTIZER_ACTIVATIONS_HISTOGRAM_H

#include <stdint.h>

/*
 * The observer of a value: its extremes, and a histogram over
 * [-width * HIST_BINS / 2, width * HIST_BINS / 2). The bin width is a power of
 * two, and doubles as larger values arrive. Bins are integers and merge exactly
 * in any order, so the result does not depend on the number of threads.
 */
#define HIST_BINS 4096

struct histogram {
	float low, high; /* contain 0 */
	int exponent;    /* bin width = 2^exponent */
	uint64_t count[HIST_BINS];
};

void histogram_init(struct histogram *h);
/* Numbers that are not finite do not count. */
void histogram_add(struct histogram *h, const float *x, int64_t n);
void histogram_merge(struct histogram *into, const struct histogram *from);
double histogram_bin_width(const struct histogram *h);

#endif
