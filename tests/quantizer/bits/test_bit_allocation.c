/* SPDX-License-Identifier: Apache-2.0 */
/* Bit allocation over two layers of known costs: every limit is kept, and the
 * loss exponent changes the choice. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quantizer/bits/bit_allocation.h"

/* 8, 4 and 2 bits; the losses of the first layer are larger. */
static struct candidate first[] = {
	{ .format = { .bits = 8 },
	  .bytes = 100,
	  .time_us = { 10 },
	  .loss = 0.01 },
	{ .format = { .bits = 4 }, .bytes = 50, .time_us = { 8 }, .loss = 0.2 },
	{ .format = { .bits = 2 }, .bytes = 25, .time_us = { 4 }, .loss = 0.9 },
};
static struct candidate second[] = {
	{ .format = { .bits = 8 },
	  .bytes = 100,
	  .time_us = { 10 },
	  .loss = 0.01 },
	{ .format = { .bits = 4 }, .bytes = 50, .time_us = { 8 }, .loss = 0.1 },
	{ .format = { .bits = 2 },
	  .bytes = 25,
	  .time_us = { 4 },
	  .loss = 0.28 },
};
static const struct layer_candidates candidates[] = {
	{ .rows = first, .count = 3 },
	{ .rows = second, .count = 3 },
};

/* Status of the allocation; *a and *b: the bits of the layers. */
static int allocate(double exponent, struct bit_limits limits, int *a, int *b)
{
	struct weighted_layer rows[] = { { .channels = 10, .length = 10 },
					 { .channels = 10, .length = 10 } };
	const struct layers layers = { .rows = rows,
				       .count = 2,
				       .settings = { .loss_exponent =
							     exponent } };
	int chosen[2] = { -1, -1 };
	int status = bit_allocation_solve(&layers, candidates, NULL, &limits,
					  chosen, NULL);

	*a = status ? chosen[0] : first[chosen[0]].format.bits;
	*b = status ? chosen[1] : second[chosen[1]].format.bits;
	return status;
}

static void check(double exponent, struct bit_limits limits, int a, int b)
{
	int got_a, got_b;

	assert_int_equal(allocate(exponent, limits, &got_a, &got_b), 0);
	assert_int_equal(got_a, a);
	assert_int_equal(got_b, b);
}

static void test_limits(void **state)
{
	(void)state;
	check(1, (struct bit_limits){ INFINITY, INFINITY, INFINITY }, 8, 8);
	/* the second layer has the smaller loss */
	check(1, (struct bit_limits){ 150, INFINITY, INFINITY }, 8, 4);
	check(1, (struct bit_limits){ 125, INFINITY, INFINITY }, 8, 2);
	check(1, (struct bit_limits){ INFINITY, 14, INFINITY }, 8, 2);
	/* 100 weights per layer: 100 bytes in memory at 8 bits */
	check(1, (struct bit_limits){ INFINITY, INFINITY, 150 }, 8, 4);
	check(1, (struct bit_limits){ INFINITY, INFINITY, 50 }, 2, 2);
}

static void test_no_choice(void **state)
{
	int a, b;

	(void)state;
	assert_int_equal(allocate(1,
				  (struct bit_limits){ 49, INFINITY, INFINITY },
				  &a, &b),
			 1);
	assert_int_equal(a, -1);
	assert_int_equal(b, -1);
	assert_int_equal(allocate(1,
				  (struct bit_limits){ INFINITY, INFINITY, 49 },
				  &a, &b),
			 1);
}

/* 8 and 2 bits have the smaller sum, 0.29; 4 and 4 bits, with 0.30, have the
 * smaller maximum. */
static void test_exponent(void **state)
{
	(void)state;
	check(1, (struct bit_limits){ 125, INFINITY, INFINITY }, 8, 2);
	check(3, (struct bit_limits){ 125, INFINITY, INFINITY }, 4, 4);
}

static void test_explanation(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_string_equal(bit_allocation_explain(&candidates[0], 1, &a),
			    "25 bytes less lose 0.7 more, 50 more save 0.19");
	assert_string_equal(bit_allocation_explain(&candidates[0], 0, &a),
			    "50 bytes less lose 0.19 more, nothing better");
	assert_string_equal(bit_allocation_explain(&candidates[0], 2, &a),
			    "nothing smaller, 25 more save 0.7");
	arena_free(&a);
}

/* 8 bits are as fast as 4 in the first layer; 4 bits lose a little more than 8
 * in both, and save a quarter of the time in the second. */
static void test_faster_of_about_equal(void **state)
{
	static struct candidate same[] = {
		{ .format = { .bits = 8 },
		  .bytes = 9,
		  .time_us = { 8 },
		  .loss = 1 },
		{ .format = { .bits = 4 },
		  .bytes = 5,
		  .time_us = { 8 },
		  .loss = 1.01 },
	};
	static struct candidate faster[] = {
		{ .format = { .bits = 8 },
		  .bytes = 9,
		  .time_us = { 8 },
		  .loss = 1 },
		{ .format = { .bits = 4 },
		  .bytes = 5,
		  .time_us = { 6 },
		  .loss = 1.01 },
	};
	const struct layer_candidates both[] = {
		{ .rows = same, .count = 2 }, { .rows = faster, .count = 2 }
	};
	const struct bit_limits none = { INFINITY, INFINITY, INFINITY };
	struct weighted_layer rows[] = { { .channels = 1, .length = 8 },
					 { .channels = 1, .length = 8 } };
	const struct layers layers = { .rows = rows,
				       .count = 2,
				       .settings = { .loss_exponent = 1 } };
	int chosen[2];

	(void)state;
	assert_int_equal(
		bit_allocation_solve(&layers, both, NULL, &none, chosen, NULL),
		0);
	assert_int_equal(chosen[0], 0);
	assert_int_equal(chosen[1], 1);
	/* more than 5 % of the loss of both */
	faster[1].loss = 1.11;
	assert_int_equal(
		bit_allocation_solve(&layers, both, NULL, &none, chosen, NULL),
		0);
	assert_int_equal(chosen[1], 0);
}

/* One group of activations, which both layers read. Its time counts for both,
 * its loss once. */
static struct candidate narrow_first[] = {
	{ .format = { .bits = 8 },
	  .bytes = 9,
	  .time_us = { 8, 7, 6, 4 },
	  .loss = 1 },
};
static struct candidate narrow_second[] = {
	{ .format = { .bits = 8 },
	  .bytes = 9,
	  .time_us = { 8, 8, 8, 4 },
	  .loss = 1 },
};

/* The width that the group gets at this loss of its widths and limit. */
static int width_of(const double loss[INPUT_WIDTHS], double time_limit)
{
	const struct layer_candidates both[] = { { narrow_first, 1, 0 },
						 { narrow_second, 1, 0 } };
	const struct bit_limits limits = { INFINITY, time_limit, INFINITY };
	struct weighted_layer rows[] = { { .channels = 1, .length = 8 },
					 { .channels = 1, .length = 8 } };
	const struct layers layers = { .rows = rows,
				       .count = 2,
				       .settings = { .loss_exponent = 1 } };
	struct input_group group = { 0,
				     { loss[0], loss[1], loss[2], loss[3] } };
	int of_layer[] = { 0, 0 }, chosen[2], width = -1;
	const struct input_groups inputs = { &group, 1, of_layer };
	int status = bit_allocation_solve(&layers, both, &inputs, &limits,
					  chosen, &width);

	return status ? -status : width;
}

/* All the time that can be saved, 8, is worth a quarter of the loss of 2. */
static void test_input_widths(void **state)
{
	(void)state;
	assert_int_equal(width_of((double[]){ 0, 1, 2, 4 }, INFINITY), 0);
	assert_int_equal(width_of((double[]){ 0, .1, .2, .4 }, INFINITY), 3);
	assert_int_equal(width_of((double[]){ 0, .01, .2, .6 }, INFINITY), 1);
	/* the limit on time is kept, whatever that loses */
	assert_int_equal(width_of((double[]){ 0, 1, 2, 4 }, 15.5), 1);
	assert_int_equal(width_of((double[]){ 0, 1, 2, 4 }, 14), 2);
	assert_int_equal(width_of((double[]){ 0, 1, 2, 4 }, 8), 3);
	assert_int_equal(width_of((double[]){ 0, 1, 2, 4 }, 7), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_choice),
		cmocka_unit_test(test_exponent),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_faster_of_about_equal),
		cmocka_unit_test(test_input_widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
