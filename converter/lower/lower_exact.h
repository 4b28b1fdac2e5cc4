/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_EXACT_H
#define DBC_CONVERTER_LOWER_LOWER_EXACT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An output channel whose input, weights and output are on grids that the
 * model was trained with. Its code for a sum of products is
 *
 *	clamp(round((sum * unit + bias) / step) + zero, low, high)
 *
 * in real numbers, halves to even.
 */
struct exact_channel {
	double unit, bias, step;
	int32_t zero;
	int low, high;
	int64_t least, most; /* of the sums */
	int largest;         /* of the weights' numbers, without sign */
};

/* The same in the device's integers: weights times `factor`, and then
 * requantize(sum * factor + bias, multiplier, shift, ...) of
 * runtime/requant.h. */
struct exact_scaling {
	int factor;
	int64_t bias;
	uint32_t multiplier, shift;
	bool exact; /* it gives the code of every sum */
};

/*
 * Finds a scaling that gives the code of every sum, with the smallest factor:
 * a bias in whole sums is too coarse where a code is only a few sums wide. If
 * there is none, the one with the least error. False if the channel has no
 * scaling at all.
 */
bool exact_scaling_find(const struct exact_channel *c,
			struct exact_scaling *out);

/*
 * Halves that are rounded to even codes are not evenly spaced, so that no
 * multiplier may give them. Finds a scaling of the factor 1, whose results are
 * places in a table of `size` codes (256, 512 or 1024), and the table; false if
 * there is none.
 */
bool exact_sums_table(const struct exact_channel *c, int size, int8_t *table,
		      struct exact_scaling *out);

#endif
