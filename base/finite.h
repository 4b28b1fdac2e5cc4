/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_FINITE_H
#define DBC_BASE_FINITE_H

#include <stdbool.h>
#include <stdint.h>

/* Not infinite and not NaN: a number that sums may contain. */
static inline bool float_is_finite(float x)
{
	return x - x == 0;
}

static inline bool floats_are_finite(const float *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		if (!float_is_finite(x[i]))
			return false;
	return true;
}

#endif
