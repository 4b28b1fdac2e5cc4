/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_KNAPSACK_H
#define DBC_QUANTIZER_BITS_KNAPSACK_H

#include "base/arena.h"

/*
 * The multiple-choice knapsack: one option of each class, of least loss in
 * all, with sizes and times that stay within limits. All numbers are finite
 * and not negative; a limit of INFINITY is none.
 */
struct knapsack_option {
	double size, time, loss;
};

struct knapsack_class {
	const struct knapsack_option *options;
	int count; /* at least 1 */
};

/*
 * chosen[i] becomes the option of class i. 0, 1 where no choice keeps the
 * limits (chosen is left alone), -1 when memory is exhausted. The sums are
 * kept exactly; among the very many choices of a long list, those that come
 * to about the same size and time are represented by the best.
 */
int knapsack_solve(const struct knapsack_class *classes, int count,
		   double size_limit, double time_limit, int *chosen);

#endif
