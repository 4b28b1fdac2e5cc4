/* SPDX-License-Identifier: Apache-2.0 */
/* The inverse of a Cholesky factor: against the matrix, and the same bits with
 * each row of instructions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evaluator/cholesky.h"
#include "evaluator/simd/simd.h"
#include "tests/support/random.h"

/* A A' / n + 1/100 of the unit matrix. */
static double *make_matrix(int n)
{
	double *a = calloc((size_t)(2 * n * n), sizeof(*a)), *h = a + n * n;
	uint32_t seed = 7;

	assert_non_null(a);
	for (int i = 0; i < n * n; i++)
		h[i] = (double)random_signed(&seed);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			double sum = i == j ? 0.01 : 0;

			for (int k = 0; k < n; k++)
				sum += h[i * n + k] * h[j * n + k] / n;
			a[i * n + j] = sum;
		}
	return a;
}

/* The largest element of x h x' - 1, which is 0 for x = L^-1. */
static double residual(const double *x, const double *h, int n)
{
	double worst = 0;
	double *y = malloc((size_t)(n * n) * sizeof(*y));

	assert_non_null(y);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			y[i * n + j] = 0;
			for (int k = 0; k <= i; k++)
				y[i * n + j] += x[i * n + k] * h[k * n + j];
		}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			double sum = i == j ? -1 : 0;

			for (int k = 0; k <= j; k++)
				sum += y[i * n + k] * x[j * n + k];
			worst = fmax(worst, fabs(sum));
		}
	free(y);
	return worst;
}

static void check_size(int n)
{
	double *h = make_matrix(n);
	size_t bytes = (size_t)(n * n) * sizeof(*h);
	double *first = malloc(bytes), *x = malloc(bytes);
	struct diag d;

	diag_init(&d);
	assert_true(first && x);
	for (int r = 0; simd_rows()[r]; r++) {
		simd_use(simd_rows()[r]);
		memcpy(x, h, bytes);
		for (int i = 0; i < n; i++) /* must not be read */
			for (int j = i + 1; j < n; j++)
				x[i * n + j] = 1e9;
		assert_int_equal(cholesky_inverse(x, n, &d), 0);
		for (int i = 0; i < n; i++)
			for (int j = i + 1; j < n; j++)
				assert_true(x[i * n + j] == 0);
		if (r)
			assert_memory_equal(x, first, bytes);
		memcpy(first, x, bytes);
	}
	simd_use(simd_rows()[0]);
	assert_true(residual(x, h, n) < 1e-11);
	diag_free(&d);
	free(h);
	free(first);
	free(x);
}

static void test_sizes(void **state)
{
	static const int sizes[] = { 1, 2, 3, 9, 47, 48, 49, 96, 131, 200 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		check_size(sizes[i]);
}

/* In the first block, and in a later one. */
static void test_not_definite(void **state)
{
	(void)state;
	for (int at = 0; at < 120; at += 60) {
		double *h = make_matrix(120);
		struct diag d;

		diag_init(&d);
		h[at * 120 + at] = at ? -1 : NAN;
		assert_int_equal(cholesky_inverse(h, 120, &d), -1);
		assert_string_equal(
			d.entries[0].text,
			"a matrix of 120 rows has no Cholesky factor");
		diag_free(&d);
		free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_not_definite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
