/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/random_input.h"

void random_input(float *x, int count, uint32_t seed)
{
	for (int i = 0; i < count; i++) {
		seed = seed * 1664525u + 1013904223u;
		x[i] = (float)(seed >> 8) / (1 << 23) - 1;
	}
}

static int fill(void *ctx, int index, float *const *inputs, struct diag *d)
{
	(void)d;
	random_input(inputs[0], *(const int *)ctx, (uint32_t)index + 1);
	return 0;
}

struct samples random_samples(int count, int *elements)
{
	return (struct samples){ count, fill, elements };
}
