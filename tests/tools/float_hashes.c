/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes of what the kernels of the evaluator compute, one line for each, the
 * same on every processor: products in float and double, sums by tap, pools,
 * functions, a Cholesky factor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/cholesky.h"
#include "evaluator/gemm.h"
#include "evaluator/simd/simd.h"
#include "tests/support/random.h"

#define CELLS 4096

static float x[CELLS], y[CELLS];
static double xd[CELLS], yd[CELLS];

/* FNV-1a */
static void print_hash(const char *what, const void *data, size_t bytes)
{
	const uint8_t *p = data;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < bytes; i++)
		h = (h ^ p[i]) * 1099511628211u;
	printf("%s %016llx\n", what, (unsigned long long)h);
}

static void print_products(struct diag *d)
{
	memset(y, 0, sizeof(y));
	memset(yd, 0, sizeof(yd));
	gemm_f32(false, true, 37, 41, 53, 1, x, 53, x + 512, 53, 0, y, 41, d);
	print_hash("gemm_f32", y, sizeof(y));
	gemm_f64(true, false, 37, 41, 53, -1, xd, 37, xd + 512, 41, 0, yd, 41,
		 d);
	print_hash("gemm_f64", yd, sizeof(yd));
}

static void print_channels(void)
{
	enum { TAPS = 9, CHANNELS = 83 };
	const float *at[TAPS], *weight[TAPS];
	struct simd_taps t = { .x = at,
			       .weight = weight,
			       .taps = TAPS,
			       .channels = CHANNELS,
			       .pixels = 3,
			       .x_step = CHANNELS,
			       .bias = x,
			       .y = y };

	for (int i = 0; i < TAPS; i++) {
		at[i] = x + 100 * i;
		weight[i] = x + 2000 + 90 * i;
	}
	simd()->sum_taps(&t);
	print_hash("sum_taps", y, 3 * CHANNELS * sizeof(*y));
	simd()->pool_max(at, TAPS, CHANNELS, TAPS, y);
	print_hash("pool_max", y, CHANNELS * sizeof(*y));
	simd()->pool_mean(at, TAPS, CHANNELS, TAPS, y);
	print_hash("pool_mean", y, CHANNELS * sizeof(*y));
}

static void print_functions(void)
{
	for (int f = 0; f < SIMD_FUNCTIONS; f++) {
		char name[32];

		snprintf(name, sizeof(name), "function %d", f);
		simd()->map[f](x, y, CELLS, 0.75, 0.25);
		print_hash(name, y, sizeof(y));
	}
}

static int print_factor(struct diag *d)
{
	enum { N = 60 };

	for (int i = 0; i < N * N; i++)
		yd[i] = xd[i / N * (i % N)] / 9 + (i / N == i % N ? N : 0);
	if (cholesky_inverse(yd, N, d))
		return 1;
	print_hash("cholesky", yd, N * N * sizeof(*yd));
	return 0;
}

int main(void)
{
	uint32_t seed = 5;
	struct diag d;
	int err;

	for (int i = 0; i < CELLS; i++) {
		x[i] = 9 * random_signed(&seed);
		xd[i] = (double)x[i] / 3;
	}
	diag_init(&d);
	if (simd_check(&d))
		return 1;
	print_products(&d);
	print_channels();
	print_functions();
	err = print_factor(&d);
	diag_free(&d);
	return err;
}
