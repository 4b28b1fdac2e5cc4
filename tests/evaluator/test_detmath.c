/* SPDX-License-Identifier: Apache-2.0 */
/* Against the machine's long double functions, in units of double's last
 * place. */
#include <math.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "evaluator/detmath.h"

#define SAMPLES 200000

typedef double function(double x);
typedef long double reference(long double x);

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static double between(uint64_t *seed, double low, double high)
{
	return low + (high - low) * (double)(next(seed) >> 11) * 0x1p-53;
}

static double error_ulp(double got, long double want)
{
	double size = fabs((double)want);

	return (double)fabsl(got - want) / (nextafter(size, INFINITY) - size);
}

static long double sigmoid(long double x)
{
	return 1 / (1 + expl(-x));
}

static void test_accuracy(void **state)
{
	static const struct {
		const char *name;
		function *f;
		reference *want;
		double low, high, most_ulp;
	} rows[] = {
		{ "exp", det_exp, expl, -708, 709, 1.1 },
		{ "exp near 0", det_exp, expl, -1, 1, 1.1 },
		{ "log", det_log, logl, 1e-3, 1e3, 0.6 },
		{ "log near 1", det_log, logl, 0.9, 1.1, 0.6 },
		{ "log1p", det_log1p, log1pl, -0.9, 10, 0.6 },
		{ "tanh", det_tanh, tanhl, -22, 22, 3 },
		{ "tanh near 0", det_tanh, tanhl, -1, 1, 3 },
		{ "sigmoid", det_sigmoid, sigmoid, -700, 40, 3 },
		{ "sigmoid near 0", det_sigmoid, sigmoid, -9, 9, 3 },
		{ "sqrt", det_sqrt, sqrtl, 0, 1e9, 0.5 },
	};
	uint64_t seed = 88172645463325252u;

	(void)state;
	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
		double worst = 0;

		for (int i = 0; i < SAMPLES; i++) {
			double x = between(&seed, rows[r].low, rows[r].high);

			worst = fmax(worst,
				     error_ulp(rows[r].f(x), rows[r].want(x)));
		}
		print_message("%-16s %.3f ulp\n", rows[r].name, worst);
		assert_true(worst <= rows[r].most_ulp);
	}
}

static void test_erf(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < SAMPLES; i++) {
		double x = between(&seed, -7, 7);

		assert_true(fabsl(det_erf(x) - erfl(x)) < 1e-12L);
	}
}

static void test_pow(void **state)
{
	uint64_t seed = 9;

	(void)state;
	for (int i = 0; i < SAMPLES; i++) {
		double x = between(&seed, 0, 100), y = between(&seed, -99, 99);

		assert_true(error_ulp(det_pow(x, y), powl(x, y)) <= 1);
		y = floor(y);
		assert_true(error_ulp(det_pow(-x, y), powl(-x, y)) <= 1);
	}
}

static bool agree(double got, double want)
{
	if (isnan(want))
		return isnan(got);
	if (want == 0 || isinf(want))
		return got == want && !signbit(got) == !signbit(want);
	return error_ulp(got, (long double)want) <= 1;
}

/* C99 Annex F: zeros, infinities, what is no number. */
static void test_special(void **state)
{
	static const double xs[] = { 0.0,       -0.0, 1,    -1, 0.5,
				     -0.5,      2,    -2,   3,  INFINITY,
				     -INFINITY, NAN,  1e300 };
	enum { COUNT = sizeof(xs) / sizeof(*xs) };

	(void)state;
	for (int i = 0; i < COUNT; i++)
		for (int k = 0; k < COUNT; k++)
			assert_true(agree(det_pow(xs[i], xs[k]),
					  pow(xs[i], xs[k])));
	assert_true(isnan(det_exp(NAN)) && det_exp(INFINITY) == INFINITY);
	assert_true(det_exp(-INFINITY) == 0 && det_exp(710) == INFINITY);
	assert_true(det_exp(-745.1) == 0x1p-1074 && det_exp(0) == 1);
	assert_true(det_log(0) == -INFINITY && isnan(det_log(-1)));
	assert_true(det_log(1) == 0 && det_log(INFINITY) == INFINITY);
	assert_true(det_log1p(-1) == -INFINITY && isnan(det_log1p(-2)));
	assert_true(det_tanh(INFINITY) == 1 && det_tanh(-INFINITY) == -1);
	assert_true(signbit(det_tanh(-0.0)) && isnan(det_tanh(NAN)));
	assert_true(det_erf(INFINITY) == 1 && isnan(det_erf(NAN)));
	assert_true(det_sigmoid(-INFINITY) == 0 && det_sigmoid(0) == 0.5);
	assert_true(det_sigmoid(INFINITY) == 1 && isnan(det_sigmoid(NAN)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accuracy),
		cmocka_unit_test(test_erf),
		cmocka_unit_test(test_pow),
		cmocka_unit_test(test_special),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
