/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/op_times.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "converter/pack/op_kernel.h"

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* A run under way. */
struct op_clock {
	struct op_times *times;
	double last;
	double own_us; /* what reading the clock takes */
};

/* Where a clock is a system call, it takes as long as a small operator. */
static double own_time(void)
{
	double least = 1e6;

	for (int i = 0; i < 20; i++) {
		double start = now_us(), end = now_us();

		least = end - start < least ? end - start : least;
	}
	return least;
}

static void note_op(void *ctx, const struct dbrt_model *m, uint32_t op)
{
	struct op_clock *c = ctx;
	struct op_time *o = &c->times->ops[op];
	double us = now_us() - c->last - c->own_us;

	(void)m;
	us = us > 0 ? us : 0;
	if (o->us < 0 || us < o->us)
		o->us = us;
	c->last = now_us(); /* without the time of this function */
}

static void describe_output(const struct dbrt_tensor *t, struct op_time *o)
{
	size_t at = 0;

	o->outputs = 1;
	for (uint32_t k = 0; k < t->rank && at < sizeof(o->shape); k++) {
		o->outputs *= t->dims[k];
		at += (size_t)snprintf(o->shape + at, sizeof(o->shape) - at,
				       "%s%u", k ? "x" : "", t->dims[k]);
	}
}

static int describe(const struct dbrt_model *m, uint32_t i, struct op_time *o)
{
	struct dbrt_tensor t;
	uint32_t id;
	int status;

	o->name = dbrt_op_name(m, i);
	o->op = dbrt_op_kind(m, i);
	o->us = -1;
	o->window_rows = op_window_rows(m, i);
	status = dbrt_op_outputs(m, i, &id, 1);
	if (status > 0)
		status = dbrt_tensor_at(m, id, &t);
	if (status != DBRT_OK)
		return status;
	describe_output(&t, o);
	status = op_kernel_name(m, i, o->kernel, sizeof(o->kernel));
	return status == DBRT_OK ? dbrt_op_work(m, i, &o->work) : status;
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int run_all(struct dbrt_model *m, struct op_times *t, double *whole)
{
	struct op_clock c = { t, 0, own_time() };
	double clocks = 2 * t->count * c.own_us;
	int status = DBRT_OK;

	dbrt_set_trace(m, note_op, &c);
	for (int i = 0; i < t->runs && status == DBRT_OK; i++) {
		double start = now_us();

		c.last = start;
		status = dbrt_run(m);
		whole[i] = now_us() - start - clocks;
	}
	dbrt_set_trace(m, NULL, NULL);
	return status;
}

int op_times_prepare(const struct dbrt_model *m, struct op_times *t)
{
	int status = DBRT_OK;

	*t = (struct op_times){ .count = dbrt_op_count(m) };
	t->ops = calloc(t->count + 1u, sizeof(*t->ops));
	if (!t->ops)
		return DBRT_ERROR_ARENA;
	for (uint32_t i = 0; i < t->count && status == DBRT_OK; i++)
		status = describe(m, i, &t->ops[i]);
	return status;
}

int op_times_measure(struct dbrt_model *m, int runs, struct op_times *t)
{
	double *whole = calloc((size_t)runs, sizeof(*whole));
	int status = DBRT_ERROR_ARENA;

	t->runs = runs;
	if (whole)
		status = run_all(m, t, whole);
	if (status == DBRT_OK) {
		qsort(whole, (size_t)runs, sizeof(*whole), by_time);
		t->best_us = whole[0];
		t->median_us = whole[runs / 2];
	}
	free(whole);
	return status;
}

void op_times_free(struct op_times *t)
{
	free(t->ops);
	*t = (struct op_times){ .count = 0 };
}
