/* SPDX-License-Identifier: Apache-2.0 */
/* Scalings of trained grids, by trying every sum with the device's own
 * rounding. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "converter/lower/lower_exact.h"
#include "converter/lower/lower_scale.h"
#include "runtime/requant.h"
#include "tests/support/random.h"

/* The code that training gives; numbers are exact in double. */
static int trained_code(const struct exact_channel *c, int64_t sum)
{
	double v = rint(((double)sum * c->unit + c->bias) / c->step);

	return (int)fmin(fmax(v + c->zero, c->low), c->high);
}

static int device_code(const struct exact_channel *c,
		       const struct exact_scaling *s, int64_t sum)
{
	return dbrt_requantize((int32_t)(sum * s->factor + s->bias),
			       s->multiplier, s->shift, c->zero, c->low,
			       c->high);
}

static int misses(const struct exact_channel *c, const struct exact_scaling *s)
{
	int count = 0;

	for (int64_t sum = c->least; sum <= c->most; sum++)
		count += trained_code(c, sum) != device_code(c, s, sum);
	return count;
}

/* The unit and the step are such that halves do not occur. */
static struct exact_channel random_channel(uint32_t *seed, int bits,
					   int largest)
{
	struct exact_channel c = { .largest = largest };

	c.step = 0.25 + fabs((double)random_signed(seed));
	c.unit = c.step / (4 + 40 * fabs((double)random_signed(seed)));
	c.bias = 3 * (double)random_signed(seed);
	c.low = -(1 << (bits - 1));
	c.high = -c.low - 1;
	c.zero = random_next(seed) >> 31 ? c.low : 0;
	c.least = -400;
	c.most = 500;
	return c;
}

/* A whole bias is too coarse, and finer ones are found. */
static void test_every_sum_has_its_code(void **state)
{
	uint32_t seed = 3;
	int larger = 0;

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct exact_channel c =
			random_channel(&seed, 2 + i % 3, i & 1 ? 1 : 3);
		struct exact_scaling s;

		assert_true(exact_scaling_find(&c, &s));
		assert_true(s.exact);
		assert_in_range(s.factor, 1, 127 / c.largest);
		assert_int_equal(misses(&c, &s), 0);
		larger += s.factor > 1;
	}
	assert_in_range(larger, 250, 499);
}

/* The bias in whole sums, and the multiplier that is nearest. */
static struct exact_scaling rounded_scaling(const struct exact_channel *c)
{
	struct exact_scaling s = { .factor = 1 };

	s.bias = (int64_t)rint(c->bias / c->unit);
	assert_int_equal(scale_to_multiplier(c->unit / c->step, 1, 62,
					     &s.multiplier, &s.shift),
			 0);
	return s;
}

/* Weights that use all of 8 bits cannot be multiplied. */
static void test_nearest_where_none_is_exact(void **state)
{
	uint32_t seed = 5;
	int inexact = 0, nearest = 0, rounded = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct exact_channel c =
			random_channel(&seed, 8, i & 1 ? 127 : 128);
		struct exact_scaling s, whole = rounded_scaling(&c);

		assert_true(exact_scaling_find(&c, &s));
		assert_int_equal(s.factor, 1);
		inexact += !s.exact;
		if (s.exact)
			assert_int_equal(misses(&c, &s), 0);
		nearest += misses(&c, &s);
		rounded += misses(&c, &whole);
	}
	assert_in_range(inexact, 50, 100);
	assert_in_range(nearest, 1, rounded * 9 / 10);
}

/* What a table gives for a sum. */
static int table_code(const struct exact_scaling *s, const int8_t *table,
		      int size, int64_t sum)
{
	int place = dbrt_requantize((int32_t)(sum + s->bias), s->multiplier,
				    s->shift, 0, -size / 2, size / 2 - 1);

	return table[place + size / 2];
}

/* Halves go to the even code: no multiplier gives that, a table does. */
static void check_halves(int sums_a_step, int bits, int size)
{
	struct exact_channel c = { .unit = 1.0 / sums_a_step,
				   .bias = 0.25,
				   .step = 1,
				   .low = -(1 << (bits - 1)),
				   .high = (1 << (bits - 1)) - 1,
				   .least = -5000,
				   .most = 5000,
				   .largest = 1 };
	struct exact_scaling s;
	int8_t table[1024];

	c.zero = c.low;
	assert_true(exact_scaling_find(&c, &s));
	assert_false(s.exact);
	assert_true(misses(&c, &s) > 0);
	assert_true(exact_sums_table(&c, size, table, &s));
	assert_int_equal(s.factor, 1);
	for (int64_t sum = c.least; sum <= c.most; sum++)
		assert_int_equal(table_code(&s, table, size, sum),
				 trained_code(&c, sum));
}

static void test_tables_have_halves(void **state)
{
	struct exact_channel wide = { .unit = 1.0 / 1024,
				      .step = 1,
				      .low = -8,
				      .high = 7,
				      .least = -100000,
				      .most = 100000,
				      .largest = 1 };
	struct exact_scaling s;
	int8_t table[1024];

	(void)state;
	check_halves(8, 4, 256);
	check_halves(64, 4, 1024);
	check_halves(256, 4, 1024); /* a place has several sums */
	check_halves(512, 2, 1024);
	assert_false(exact_sums_table(&wide, 1024, table, &s));
}

/* Channels of nothing, and of sums that reach no second code. */
static void test_few_sums(void **state)
{
	struct exact_channel c = { .unit = 0.1,
				   .bias = 0.3,
				   .step = 1,
				   .zero = -2,
				   .low = -2,
				   .high = 1 };
	struct exact_scaling s;

	(void)state;
	assert_true(exact_scaling_find(&c, &s));
	assert_int_equal(misses(&c, &s), 0);
	c.bias = 1.7;
	assert_true(exact_scaling_find(&c, &s));
	assert_int_equal(misses(&c, &s), 0);
	c.bias = 1e6;
	assert_true(exact_scaling_find(&c, &s));
	assert_int_equal(misses(&c, &s), 0);
	c.unit = 0;
	assert_false(exact_scaling_find(&c, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_sum_has_its_code),
		cmocka_unit_test(test_nearest_where_none_is_exact),
		cmocka_unit_test(test_tables_have_halves),
		cmocka_unit_test(test_few_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
