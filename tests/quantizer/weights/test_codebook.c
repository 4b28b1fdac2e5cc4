/* SPDX-License-Identifier: Apache-2.0 */
/* Codebooks: exact levels are found where they exist, and the returned loss is
 * that of the codes and levels. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quantizer/weights/codebook.h"
#include "tests/support/fixture.h"

#define N 96
#define PATCHES 150
#define DAMPING 3.0

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

/* From -1.7 to 1.7, most often near 0. */
static double bell(uint32_t *seed)
{
	double sum = 0;

	for (int i = 0; i < 4; i++)
		sum += (double)(next(seed) % 1000) / 1000 - 0.4995;
	return sum * 0.85;
}

/* Covariance of inputs that share one latent variable. */
static void random_covariance(double *h, uint32_t *seed)
{
	static double x[PATCHES][N];

	memset(h, 0, N * N * sizeof(*h));
	for (int p = 0; p < PATCHES; p++) {
		double hidden = 20 * bell(seed);

		for (int i = 0; i < N; i++)
			x[p][i] = hidden + (10 + i / 4) * bell(seed);
		for (int i = 0; i < N * N; i++)
			h[i] += x[p][i / N] * x[p][i % N] / PATCHES;
	}
}

static double level_of(const struct codebook *b, int i)
{
	return b->scale * b->levels[b->codes[i] & ((1 << b->bits) - 1)];
}

static double lost(const double *h, const double *w, const double *to)
{
	double total = 0;

	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++)
			total += (w[i] - to[i]) *
				 (h[i * N + k] + (i == k ? DAMPING : 0)) *
				 (w[k] - to[k]);
	return total;
}

static double lost_by(const double *h, const double *w,
		      const struct codebook *b)
{
	double to[N];

	for (int i = 0; i < N; i++)
		to[i] = level_of(b, i);
	return lost(h, w, to);
}

/* Codes of the nearest of the uniform values[1 << bits], and their loss. */
static double begin(const double *h, const double *w, int bits, double step,
		    double *values, int8_t *codes)
{
	int half = 1 << (bits - 1);
	double to[N];

	for (int k = -half; k < half; k++)
		values[k & (2 * half - 1)] = step * k;
	for (int i = 0; i < N; i++) {
		double code = fmin(fmax(rint(w[i] / step), -half), half - 1);

		codes[i] = (int8_t)code;
		to[i] = step * code;
	}
	return lost(h, w, to);
}

static void test_loss(void **state)
{
	struct fixture *f = *state;
	struct codebook_work *work = codebook_work_new(N, &f->arena);
	double all_before = 0, all_told = 0;
	uint32_t seed = 3;

	assert_non_null(work);
	for (int round = 0; round < 12; round++) {
		static double h[N * N];
		double w[N], values[CODEBOOK_MOST], told, before;
		int8_t codes[N];
		struct codebook b = { .bits = 2 + round % 3, .codes = codes };
		struct codebook_problem problem = { h, DAMPING, w, N };

		random_covariance(h, &seed);
		for (int i = 0; i < N; i++)
			w[i] = bell(&seed);
		before = begin(h, w, b.bits, 1.4 / (1 << (b.bits - 1)), values,
			       codes);
		assert_int_equal(
			codebook_find(&problem, values, &b, work, &f->d), 0);
		told = lost_by(h, w, &b);
		assert_true(fabs(b.loss - told) < 1e-9 * before);
		assert_true(told < before);
		all_before += before;
		all_told += told;
		for (int i = 0; i < N; i++)
			assert_in_range(codes[i] + (1 << (b.bits - 1)), 0,
					(1 << b.bits) - 1);
	}
	assert_true(all_told < all_before * 0.7);
}

/* Weights of four values that are not evenly spaced: the loss can be 0. */
static void test_found(void **state)
{
	static const double truth[] = { -1.27, -0.55, 0.05, 0.4 };
	static double h[N * N];
	struct fixture *f = *state;
	struct codebook_work *work = codebook_work_new(N, &f->arena);
	double w[N], values[CODEBOOK_MOST], before;
	int8_t codes[N];
	struct codebook b = { .bits = 2, .codes = codes };
	struct codebook_problem problem = { h, DAMPING, w, N };
	uint32_t seed = 11;

	assert_non_null(work);
	random_covariance(h, &seed);
	for (int i = 0; i < N; i++)
		w[i] = truth[next(&seed) % 4];
	before = begin(h, w, 2, 0.6, values, codes);
	assert_int_equal(codebook_find(&problem, values, &b, work, &f->d), 0);
	assert_true(before > 0);
	for (int i = 0; i < N; i++)
		assert_true(fabs(level_of(&b, i) - w[i]) < 0.006);
}

static void test_zeros(void **state)
{
	static double h[N * N];
	struct fixture *f = *state;
	struct codebook_work *work = codebook_work_new(N, &f->arena);
	double w[N] = { 0 }, values[CODEBOOK_MOST];
	int8_t codes[N];
	struct codebook b = { .bits = 3, .codes = codes };
	struct codebook_problem problem = { h, DAMPING, w, N };
	uint32_t seed = 7;

	assert_non_null(work);
	random_covariance(h, &seed);
	memset(codes, 0, sizeof(codes));
	memset(values, 0, sizeof(values));
	assert_int_equal(codebook_find(&problem, values, &b, work, &f->d), 0);
	assert_true(b.scale > 0 && b.loss == 0);
	for (int i = 0; i < N; i++)
		assert_true(level_of(&b, i) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_loss, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_found, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_zeros, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
