/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/parallel.h"

#define COUNT 1000

struct counted_work {
	int times[COUNT];
	int worker_of[COUNT];
	int fail_at; /* -1: nowhere */
};

static int count_job(void *ctx, int i, int worker, struct diag *d)
{
	struct counted_work *w = ctx;

	w->times[i]++;
	w->worker_of[i] = worker;
	return i == w->fail_at ? diag_error(d, "item %d is bad", i) : 0;
}

static void last_report(void *ctx, const char *stage, int done, int total)
{
	int *last = ctx;

	assert_string_equal(stage, "count");
	assert_int_equal(total, COUNT);
	assert_true(done >= *last);
	*last = done;
}

static void test_every_job_runs_once(void **state)
{
	static const int threads[] = { 1, 2, 7, 2000 };

	(void)state;
	for (size_t t = 0; t < 4; t++) {
		struct counted_work w = { .fail_at = -1 };
		struct diag d;
		int last = 0;
		struct progress p = { last_report, &last, "count" };

		diag_init(&d);
		assert_int_equal(
			parallel_run(threads[t], COUNT, count_job, &w, &p, &d),
			0);
		for (int i = 0; i < COUNT; i++) {
			assert_int_equal(w.times[i], 1);
			assert_true(w.worker_of[i] <
				    parallel_threads(threads[t], COUNT));
		}
		assert_int_equal(last, COUNT);
		diag_free(&d);
	}
}

static void test_a_failed_job_speaks_once(void **state)
{
	(void)state;
	for (int threads = 1; threads <= 4; threads++) {
		struct counted_work w = { .fail_at = 500 };
		struct diag d;

		diag_init(&d);
		diag_set_file(&d, "photos");
		assert_int_equal(
			parallel_run(threads, COUNT, count_job, &w, NULL, &d),
			-1);
		assert_int_equal(d.count, 1);
		assert_string_equal(d.entries[0].text,
				    "photos: item 500 is bad");
		diag_free(&d);
	}
}

static void test_nothing_to_do(void **state)
{
	struct diag d;

	(void)state;
	diag_init(&d);
	assert_int_equal(parallel_run(4, 0, count_job, NULL, NULL, &d), 0);
	assert_int_equal(d.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_job_runs_once),
		cmocka_unit_test(test_a_failed_job_speaks_once),
		cmocka_unit_test(test_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
