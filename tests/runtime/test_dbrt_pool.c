/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of dbrt_pool: every job runs once, no worker runs two at a time,
 * through spins and sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/dbrt_pool.h"

#define MOST_JOBS 1000

struct counts {
	uint32_t ran[MOST_JOBS];
	uint32_t busy[DBRT_POOL_MAX];
	uint32_t clashes, workers;
};

static void count_job(void *arg, uint32_t i, uint32_t worker)
{
	struct counts *c = arg;

	if (worker >= c->workers ||
	    __atomic_fetch_add(&c->busy[worker], 1, __ATOMIC_ACQ_REL))
		__atomic_fetch_add(&c->clashes, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->ran[i], 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&c->busy[worker], 1, __ATOMIC_ACQ_REL);
}

static void check_turn(struct dbrt_pool *p, uint32_t workers, uint32_t jobs)
{
	struct counts c = { .workers = workers };

	dbrt_pool_for(p, jobs, count_job, &c);
	assert_int_equal(c.clashes, 0);
	for (uint32_t i = 0; i < MOST_JOBS; i++)
		assert_int_equal(c.ran[i], i < jobs);
}

static void test_every_job_once(void **state)
{
	(void)state;
	for (uint32_t workers = 1; workers <= 5; workers++) {
		struct dbrt_pool p;

		assert_int_equal(dbrt_pool_start(&p, workers), workers);
		for (uint32_t turn = 0; turn < 300; turn++)
			check_turn(&p, workers, turn * 37 % MOST_JOBS);
		dbrt_pool_stop(&p);
	}
}

static void test_sleep_between(void **state)
{
	const struct timespec pause = { 0, 3000000 };
	struct dbrt_pool p;

	(void)state;
	assert_int_equal(dbrt_pool_start(&p, 3), 3);
	for (uint32_t turn = 0; turn < 10; turn++) {
		nanosleep(&pause, NULL);
		check_turn(&p, 3, 100);
	}
	nanosleep(&pause, NULL);
	dbrt_pool_stop(&p);
	dbrt_pool_stop(&p);
}

static void test_limits(void **state)
{
	struct dbrt_pool p;

	(void)state;
	memset(&p, 0, sizeof(p));
	dbrt_pool_stop(&p);
	assert_int_equal(dbrt_pool_start(&p, 0), 1);
	check_turn(&p, 1, 10);
	dbrt_pool_stop(&p);
	assert_int_equal(dbrt_pool_start(&p, 1000), DBRT_POOL_MAX);
	check_turn(&p, DBRT_POOL_MAX, MOST_JOBS);
	dbrt_pool_stop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_job_once),
		cmocka_unit_test(test_sleep_between),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
