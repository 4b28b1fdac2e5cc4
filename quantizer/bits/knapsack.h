/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_KNAPSACK_H
#define DBC_QUANTIZER_BITS_KNAPSACK_H

/*
 * The multiple-choice knapsack problem: one option of each class, with the
 * least sum of losses, and sums of sizes and times within limits. All numbers
 * are finite and not negative; a limit of INFINITY is none.
 */
struct knapsack_option {
	double size, time, loss;
};

struct knapsack_class {
	const struct knapsack_option *options;
	int count; /* at least 1 */
};

/*
 * chosen[i] becomes the option of class i. 0; 1 where no choice is within the
 * limits (chosen is left alone); -1: out of memory. Sums are exact. With very
 * many partial choices, only the best of those with about the same size and
 * time are kept, so the loss may be slightly above the optimum.
 */
int knapsack_solve(const struct knapsack_class *classes, int count,
		   double size_limit, double time_limit, int *chosen);

#endif
