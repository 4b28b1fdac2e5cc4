/* SPDX-License-Identifier: Apache-2.0 */
/* The device's elementary functions against the host's libm in double. */
#include "runtime/fmath.h"
#include "tests/support/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* A prime step through all bit patterns: about 4 million floats. */
#define STEP 1021u

struct function {
	const char *name;
	float (*device)(float x);
	double (*exact)(double x);
	double relative, absolute; /* either bound may hold */
};

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static const struct function functions[] = {
	{ "exp", dbrt_expf, exp, 2e-7, 1e-45 },
	{ "log", dbrt_logf, log, 2e-7, 0 },
	{ "log1p", dbrt_log1pf, log1p, 4e-7, 1e-45 },
	{ "tanh", dbrt_tanhf, tanh, 0, 2e-7 },
	{ "sigmoid", dbrt_sigmoidf, sigmoid, 3e-7, 1e-45 },
	{ "erf", dbrt_erff, erf, 0, 2e-7 },
	{ "sqrt", dbrt_sqrtf, sqrt, 0, 0 },
	{ "floor", dbrt_floorf, floor, 0, 0 },
	{ "ceil", dbrt_ceilf, ceil, 0, 0 },
	{ "round", dbrt_roundf, rint, 0, 0 },
};

/* Equal, or both NaN (then the one NaN of fmath.h). */
static int same(float got, float want)
{
	if (want != want)
		return dbrt_float_bits(got) == 0x7fc00000u;
	return dbrt_float_bits(got) == dbrt_float_bits(want);
}

static int close_enough(const struct function *f, float got, double want,
			double *worst)
{
	double error = fabs((double)got - want);

	if (same(got, (float)want))
		return 1;
	if (!isfinite(got) || !isfinite((float)want))
		return 0;
	if (error > f->absolute && error / fabs(want) > *worst)
		*worst = error / fabs(want);
	return error <= f->absolute || error <= f->relative * fabs(want);
}

static void test_functions(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		const struct function *f = &functions[i];
		double worst = 0;
		uint64_t bits;

		for (bits = 0; bits <= 0xffffffffu; bits += STEP) {
			float x = dbrt_float_of((uint32_t)bits);
			float y = f->device(x);
			double want = f->exact((double)x);

			if (close_enough(f, y, want, &worst))
				continue;
			fail_msg("%s(%a) = %a, expected %a", f->name, (double)x,
				 (double)y, want);
		}
		printf("%-8s worst relative error %.2e\n", f->name, worst);
	}
}

/* Around 1, where the relative error of log is hardest; all of one binade. */
static void test_log_near_one(void **state)
{
	uint32_t bits;

	(void)state;
	for (bits = 0x3f000000u; bits < 0x40000000u; bits += 7) {
		double x = (double)dbrt_float_of(bits), want = log(x);
		double got = (double)dbrt_logf((float)x);

		assert_true(fabs(got - want) <= 2e-7 * fabs(want));
	}
}

static const float special[] = {
	0.0f,          -0.0f,
	1.0f,          -1.0f,
	0.5f,          -0.5f,
	1.5f,          -1.5f,
	2.0f,          -2.0f,
	2.5f,          3.0f,
	-3.0f,         4.0f,
	1e-45f,        -1e-45f,
	1e-38f,        1.17549435e-38f,
	3.4028235e38f, -3.4028235e38f,
	INFINITY,      -INFINITY,
	NAN,           8388607.5f,
	8388608.0f,    16777216.0f,
	16777218.0f,   4294967296.0f,
	1e9f,          1.0000001f,
	0.99999994f,   1.0009766f,
};
#define SPECIALS (sizeof(special) / sizeof(special[0]))

static void check_pow(float x, float y, double *worst)
{
	double want = pow((double)x, (double)y);
	float got = dbrt_powf(x, y);
	double error = fabs((double)got - want);

	/* Annex F has pow(1, NaN) == pow(NaN, 0) == 1, and so have we. */
	if (same(got, (float)want))
		return;
	if (isfinite(got) && fabs(want) > 1.2e-38 &&
	    error / fabs(want) > *worst)
		*worst = error / fabs(want);
	if (!(error <= 4e-7 * fabs(want) + 1.5e-45))
		fail_msg("pow(%a, %a) = %a, expected %a", (double)x, (double)y,
			 (double)got, want);
}

static uint32_t next_random(uint32_t *seed)
{
	random_next(seed);
	return *seed ^ *seed >> 15;
}

static void test_pow(void **state)
{
	uint32_t seed = 1, i, j;
	double worst = 0;

	(void)state;
	for (i = 0; i < SPECIALS; i++)
		for (j = 0; j < SPECIALS; j++)
			check_pow(special[i], special[j], &worst);
	for (i = 0; i < 4000000; i++) {
		float x = dbrt_float_of(next_random(&seed) & 0x7fffffffu);
		double u = (double)next_random(&seed) / 4294967296.0;

		/* results over the whole range */
		if (isfinite(x) && x > 0 && x != 1)
			check_pow(x, (float)((u - 0.5) * 180 / log((double)x)),
				  &worst);
		check_pow(0.5f + x / 3.4028235e38f, (float)(u * 10 - 5),
			  &worst);
	}
	printf("pow      worst relative error %.2e\n", worst);
}

static void test_fmod(void **state)
{
	uint32_t seed = 2, i, j;

	(void)state;
	for (i = 0; i < SPECIALS; i++)
		for (j = 0; j < SPECIALS; j++)
			assert_true(same(dbrt_fmodf(special[i], special[j]),
					 fmodf(special[i], special[j])));
	for (i = 0; i < 1000000; i++) {
		float x = dbrt_float_of(next_random(&seed));
		float y = dbrt_float_of(next_random(&seed));

		assert_true(same(dbrt_fmodf(x, y), fmodf(x, y)));
		x = (float)(int32_t)next_random(&seed);
		y = (float)(next_random(&seed) % 1000);
		assert_true(same(dbrt_fmodf(x, y), fmodf(x, y)));
	}
}

static void test_sqrt_exact(void **state)
{
	uint32_t bits;

	(void)state;
	/* two whole binades: every mantissa, even and odd exponent */
	for (bits = 0x3f000000u; bits < 0x40000000u; bits++) {
		float x = dbrt_float_of(bits);

		if (!same(dbrt_sqrtf(x), sqrtf(x)))
			fail_msg("sqrt(%a)", (double)x);
	}
}

/* Blocks, which compilers vectorize, have the bits of single floats. */
static void test_blocks(void **state)
{
	uint64_t bits;
	uint32_t i;

	(void)state;
	for (bits = 0; bits <= 0xffffffffu; bits += STEP * DBRT_BLOCK) {
		float x[DBRT_BLOCK], e[DBRT_BLOCK], s[DBRT_BLOCK];

		for (i = 0; i < DBRT_BLOCK; i++)
			e[i] = s[i] = x[i] =
				dbrt_float_of((uint32_t)bits + STEP * i);
		dbrt_exp_block(e);
		dbrt_sigmoid_block(s);
		for (i = 0; i < DBRT_BLOCK; i++) {
			assert_true(same(e[i], dbrt_expf(x[i])));
			assert_true(same(s[i], dbrt_sigmoidf(x[i])));
		}
	}
}

static void test_quantize(void **state)
{
	(void)state;
	assert_int_equal(dbrt_quantize(0.5f, 1, 0), 0);
	assert_int_equal(dbrt_quantize(1.5f, 1, 0), 2);
	assert_int_equal(dbrt_quantize(-2.5f, 1, 3), 1);
	assert_int_equal(dbrt_quantize(1e30f, 1e-30f, 5), 127);
	assert_int_equal(dbrt_quantize(-1e30f, 1e-30f, 5), -128);
	assert_int_equal(dbrt_quantize(NAN, 1, -7), -7);
	assert_int_equal(dbrt_quantize(250, 1, -128), 122);
	assert_int_equal(dbrt_quantize(-250, 1, 127), -123);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_log_near_one),
		cmocka_unit_test(test_pow),
		cmocka_unit_test(test_fmod),
		cmocka_unit_test(test_sqrt_exact),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_quantize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
