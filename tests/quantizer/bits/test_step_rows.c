/* SPDX-License-Identifier: Apache-2.0 */
/* Candidates between measured steps: powers of the step are met exactly. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quantizer/bits/step_rows.h"

#define MEASURED 5

static struct candidate power_of(double step, int bits)
{
	return (struct candidate){
		.format = { .bits = bits, .step = step },
		.error = 3 * step * step,
		.bytes = 500 / step - 1,
		.time_us = { 7 / step },
	};
}

static void test_powers(void **state)
{
	struct candidate rows[4 * MEASURED];
	struct layer_candidates o = { .rows = rows };
	struct step_rows s = { .count = MEASURED };

	(void)state;
	for (int n = 0; n < MEASURED; n++) {
		s.at[n] = n == 3 ? -1 : o.count; /* one is missing */
		rows[o.count++] = power_of(8 / pow(2, n), 4);
	}
	step_rows_interpolate(&s, &o);
	assert_int_equal(o.count, MEASURED + 2);
	for (int n = 0; n < 2; n++) {
		double step = 8 / pow(2, n + 0.5);
		const struct candidate *c = &rows[MEASURED + n];

		assert_int_equal(c->format.bits, 4);
		assert_true(fabs(c->format.step / step - 1) < 1e-6);
		assert_true(fabs(c->error / (3 * step * step) - 1) < 1e-9);
		assert_true(fabs((c->bytes + 1) * step / 500 - 1) < 1e-9);
		/* that of the finer step */
		assert_true(c->time_us[0] == rows[n + 1].time_us[0]);
	}
}

/* A cubic of the logarithms, where four measured ones are known. */
static void test_cubic(void **state)
{
	struct candidate rows[4 * MEASURED];
	struct layer_candidates o = { .rows = rows };
	struct step_rows s = { .count = 4 };
	double x = 1.5, expected = exp(0.1 * x * x * x - x);

	(void)state;
	for (int n = 0; n < 4; n++) {
		s.at[n] = n;
		rows[o.count++] = (struct candidate){
			.format = { .bits = 8, .step = pow(2, -n) },
			.error = exp(0.1 * n * n * n - n),
		};
	}
	step_rows_interpolate(&s, &o);
	assert_int_equal(o.count, 7);
	assert_true(fabs(rows[5].error / expected - 1) < 1e-9);
	/* nothing but zeros takes no bytes */
	assert_true(fabs(rows[5].bytes) < 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_powers),
		cmocka_unit_test(test_cubic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
