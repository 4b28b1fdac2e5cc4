/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of target files from times: terms that are known come back, the right
 * name counts, and each set is predicted from the others. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/measure/kernel_fit.h"

#define OPERATORS 24
#define HZ 1e9

/* An operator that takes 1000 + steps / 4 + 3 outputs + 20 rows cycles. */
static struct fit_sample conv(const char *kernel, int i, double times)
{
	struct op_time o = { .outputs = 100 * (uint64_t)(i * i % 7 + 1),
			     .window_rows = 10 * (uint64_t)(i % 5) };

	strcpy(o.kernel, kernel);
	o.work.steps = 4000 * (uint64_t)(i % 11 + 1);
	o.work.bytes = 64 * (uint64_t)(i % 3 + 1);
	o.us = times / HZ * 1e6 *
	       (1000 + (double)o.work.steps / 4 + 3 * (double)o.outputs +
		20 * (double)o.window_rows);
	return fit_sample_of(&o, HZ, i % 2);
}

static void check_terms(const struct fit_row *r, double times)
{
	assert_non_null(r);
	assert_true(fabs(r->terms[FIT_SETUP] - 1000 * times) < 1e-3);
	assert_true(fabs(r->terms[FIT_WORK] - 0.25 * times) < 1e-6);
	assert_true(fabs(r->terms[FIT_OUTPUTS] - 3 * times) < 1e-6);
	assert_true(fabs(r->terms[FIT_WINDOWS] - 20 * times) < 1e-6);
	assert_true(r->terms[FIT_BYTES] < 1e-6);
}

static void test_terms(void **state)
{
	struct fit_sample list[2 * OPERATORS];
	struct fit_quality quality;
	struct kernel_fit fit;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (int i = 0; i < OPERATORS; i++) {
		list[i] = conv("conv_w4a8.1x1", i, 1);
		list[OPERATORS + i] = conv("conv_w4a8.short", i, 2);
	}
	assert_int_equal(kernel_fit_find(list, 2 * OPERATORS, -1, &a, &fit), 0);
	/* both, and the name that they share */
	assert_int_equal(fit.count, 3);
	check_terms(kernel_fit_row(&fit, "conv_w4a8.1x1"), 1);
	check_terms(kernel_fit_row(&fit, "conv_w4a8.1x1.p12"), 1);
	check_terms(kernel_fit_row(&fit, "conv_w4a8.short"), 2);
	assert_string_equal(kernel_fit_row(&fit, "conv_w4a8.dense")->kernel,
			    "conv_w4a8");
	assert_null(kernel_fit_row(&fit, "conv_w4a81"));
	for (int set = 0; set < 2; set++) {
		assert_int_equal(
			kernel_fit_find(list, 2 * OPERATORS, set, &a, &fit), 0);
		assert_int_equal(kernel_fit_check(&fit, list, 2 * OPERATORS,
						  set, &quality),
				 0);
		assert_int_equal(quality.operators, OPERATORS);
		assert_true(quality.median_error < 1e-6);
		assert_true(fabs(quality.whole_error) < 1e-6);
	}
	arena_free(&a);
}

/* Few operators have one term, and no row of a name with a dot. */
static void test_few(void **state)
{
	struct fit_sample list[3];
	struct kernel_fit fit;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (int i = 0; i < 3; i++)
		list[i] = conv("conv_w2a8.1x1", i, 1);
	list[0].cycles = 0; /* not timed */
	assert_int_equal(kernel_fit_find(list, 3, -1, &a, &fit), 0);
	assert_int_equal(fit.count, 1);
	assert_string_equal(fit.rows[0].kernel, "conv_w2a8");
	assert_int_equal(fit.rows[0].samples, 2);
	assert_true(fit.rows[0].terms[FIT_SETUP] == 0);
	assert_true(fabs(fit_cycles(&fit.rows[0], &list[1]) +
			 fit_cycles(&fit.rows[0], &list[2]) - list[1].cycles -
			 list[2].cycles) < 1e-3);
	arena_free(&a);
}

static void test_printed(void **state)
{
	struct fit_row rows[] = {
		{ .kernel = "conv_w8a8.1x1",
		  .terms = { 1234.5, 0.25, 0, 2, 0 },
		  .samples = 9 },
		{ .kernel = "pad_s8",
		  .terms = { 0, 2, 0, 0, 0 },
		  .samples = 1 },
	};
	const struct kernel_fit fit = { rows, 2 };
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	(void)state;
	assert_non_null(out);
	kernel_fit_print(&fit, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(
		text,
		"  conv_w8a8.1x1: {macs_per_cycle: 4, setup_cycles: 1234, "
		"window_cycles: 2} # 9 operators\n"
		"  pad_s8: {bytes_per_cycle: 0.5, parallel: false} "
		"# 1 operator\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
