/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "converter/measure/share_check.h"

static void test_least(void **state)
{
	struct share_check c;

	(void)state;
	/* 12 of 12: Wilson's interval begins at 0.757 */
	c = share_at_least(1, 12, .75, .1);
	assert_int_equal(c.verdict, SHARE_PASSED);
	assert_float_equal(c.low, .7575, 1e-4);
	c = share_at_least(1, 12, .8, .1);
	assert_int_equal(c.verdict, SHARE_TOO_FEW);
	/* as many as are asked for tell, and one less does not */
	assert_int_equal(share_at_least(1, c.needed, .8, .1).verdict,
			 SHARE_PASSED);
	assert_int_equal(share_at_least(1, c.needed - 1, .8, .1).verdict,
			 SHARE_TOO_FEW);
	c = share_at_least(8 / 12., 12, .8, .1);
	assert_int_equal(c.verdict, SHARE_TOO_FEW);
	c = share_at_least(4 / 12., 12, .8, .1);
	assert_int_equal(c.verdict, SHARE_FAILED);
	/* narrow: the share itself decides */
	c = share_at_least(.801, 1000, .8, .1);
	assert_int_equal(c.verdict, SHARE_PASSED);
	assert_true(c.low < .8);
	c = share_at_least(.799, 1000, .8, .1);
	assert_int_equal(c.verdict, SHARE_FAILED);
	assert_int_equal(share_at_least(.799, 1000, .8, 0).verdict,
			 SHARE_TOO_FEW);
	/* nothing never passes */
	assert_int_equal(share_at_least(1, 0, 0, 1).verdict, SHARE_TOO_FEW);
}

static void test_most(void **state)
{
	struct share_check c = share_at_most(0, 200, .02, .1);

	(void)state;
	assert_int_equal(c.verdict, SHARE_PASSED);
	assert_float_equal(c.value, 0, 0);
	assert_float_equal(c.low, 0, 1e-12);
	assert_float_equal(c.high, .0188, 1e-4);
	c = share_at_most(0, 5, .02, .1);
	assert_int_equal(c.verdict, SHARE_TOO_FEW);
	c = share_at_most(.5, 40, .02, .1);
	assert_int_equal(c.verdict, SHARE_FAILED);
}

/* Examples of Newcombe's two papers of 1998. */
static void test_drop(void **state)
{
	const struct share_pairs pairs = { 36, 12, 2, 0 };
	struct share_check c;

	(void)state;
	c = share_drop(56 / 70., 70, 48 / 80., 80, 0, 0, .1);
	assert_float_equal(c.value, .2, 1e-9);
	assert_float_equal(c.low, .0524, 1e-4);
	assert_float_equal(c.high, .3339, 1e-4);
	assert_int_equal(c.verdict, SHARE_PASSED);
	c = share_drop(48 / 50., 50, 38 / 50., 50, &pairs, 0, .1);
	assert_float_equal(c.low, .0569, 1e-4);
	assert_float_equal(c.high, .3404, 1e-4);
	/* the same cases right: the models differ less than by chance */
	c = share_drop(.8, 100, .8, 100,
		       &(const struct share_pairs){ 80, 0, 0, 20 }, 0, .1);
	assert_true(c.high - c.low < .08);
	assert_int_equal(c.verdict, SHARE_PASSED);
	c = share_drop(.5, 1000, .8, 1000, 0, .02, .1);
	assert_int_equal(c.verdict, SHARE_FAILED);
	/* as much as is allowed, in numbers that are not exact */
	c = share_drop(.95, 10000, .96, 10000, 0, .01, .1);
	assert_int_equal(c.verdict, SHARE_PASSED);
	assert_int_equal(share_drop(1, 0, 1, 50, 0, .1, .1).verdict,
			 SHARE_TOO_FEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
