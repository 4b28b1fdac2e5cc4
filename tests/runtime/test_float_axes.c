/* SPDX-License-Identifier: Apache-2.0 */
/* Float operators along axes, on the device against references in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/float_op.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct float_array x, y, y2;

/* ---- Softmax, arg max, top-k: along one axis ---- */

static const struct {
	uint32_t rank, dims[4], axis;
} axes[] = {
	{ 2, { 9, 21 }, 1 },      { 2, { 9, 21 }, 0 },
	{ 3, { 2, 40, 7 }, 1 },   { 4, { 1, 4, 16, 5 }, 2 },
	{ 4, { 3, 2, 2, 2 }, 3 }, { 1, { 100 }, 0 },
	{ 3, { 4, 1, 6 }, 1 },
};

/* Elements between neighbours along an axis. */
static uint32_t step_of(const struct float_array *a, uint32_t axis)
{
	uint32_t n = 1;

	for (uint32_t d = axis + 1; d < a->rank; d++)
		n *= a->dims[d];
	return n;
}

static void check_softmax(const struct dbp_softmax *p)
{
	uint32_t step = step_of(&x, p->axis), n = x.dims[p->axis];

	for (uint32_t i = 0; i < float_elements(&x); i++) {
		uint32_t first = i - float_index(&x, i, p->axis) * step;
		double sum = 0, v = (double)x.data[i];

		for (uint32_t k = 0; k < n; k++)
			sum += exp((double)x.data[first + k * step] - v);
		float_near(y.data[i], p->flags ? -log(sum) : 1 / sum, 2e-6,
			   "softmax");
	}
}

static void test_softmax(void **state)
{
	struct dbp_softmax p;
	struct float_work w = { .kind = DBP_OP_SOFTMAX,
				.params = &p,
				.params_bytes = sizeof(p),
				.in = { &x },
				.out = { &y } };
	uint32_t seed = 7;

	(void)state;
	for (uint32_t s = 0; s < 2 * COUNT(axes); s++) {
		p.axis = axes[s / 2].axis;
		p.flags = s & 1;
		float_shape(&x, axes[s / 2].rank, axes[s / 2].dims);
		float_shape(&y, axes[s / 2].rank, axes[s / 2].dims);
		float_randomize(&x, 6, &seed);
		float_run(&w);
		check_softmax(&p);
	}
	/* large numbers do not overflow; NaN fills its line, no other */
	float_shape(&x, 2, (uint32_t[]){ 3, 2 });
	float_shape(&y, 2, (uint32_t[]){ 3, 2 });
	p.axis = 1;
	p.flags = 0;
	memcpy(x.data, (float[]){ 1e30f, 1e30f, NAN, 0, 1, -INFINITY }, 24);
	float_run(&w);
	assert_true(y.data[0] == 0.5f && y.data[1] == 0.5f);
	assert_true(isnan(y.data[2]) && isnan(y.data[3]));
	assert_true(y.data[4] == 1 && y.data[5] == 0);
}

/* The place of element k among its line: how many come before it. */
static uint32_t rank_of(uint32_t first, uint32_t step, uint32_t n, uint32_t k,
			int smallest)
{
	float v = x.data[first + k * step];
	uint32_t before = 0;

	for (uint32_t j = 0; j < n; j++) {
		float u = x.data[first + j * step];

		if (u == v || (isnan(u) && isnan(v)))
			before += j < k;
		else if (isnan(u) || isnan(v))
			before += isnan(v);
		else
			before += smallest ? u < v : u > v;
	}
	return before;
}

static void check_order(const struct dbp_softmax *p, uint32_t count,
			int arg_max)
{
	uint32_t n = x.dims[p->axis], step = step_of(&x, p->axis);

	for (uint32_t i = 0; i < float_elements(&x); i++) {
		uint32_t k = float_index(&x, i, p->axis);
		uint32_t first = i - k * step;
		uint32_t place = rank_of(first, step, n, k, (int)p->flags);
		/* the line's first element in the output */
		uint32_t line =
			first / (n * step) * (count * step) + first % step;

		if (place >= count)
			continue;
		if (arg_max) {
			assert_true(y.data[line] == (float)k);
			continue;
		}
		assert_true(y2.data[line + place * step] == (float)k);
		assert_memory_equal(&y.data[line + place * step], &x.data[i],
				    4);
	}
}

static void set_order(uint32_t s, uint32_t count, uint32_t *seed)
{
	uint32_t dims[4];

	memcpy(dims, axes[s].dims, sizeof(dims));
	float_shape(&x, axes[s].rank, dims);
	dims[axes[s].axis] = count;
	float_shape(&y, axes[s].rank, dims);
	float_shape(&y2, axes[s].rank, dims);
	y2.dtype = DBP_I32;
	/* few values: many ties */
	for (uint32_t i = 0; i < float_elements(&x); i++)
		x.data[i] = dbp_run_random(seed) % 10 ?
				    (float)(dbp_run_random(seed) % 12) :
				    NAN;
}

static void test_order(void **state)
{
	struct dbp_softmax p;
	struct float_work w = { .params = &p,
				.params_bytes = sizeof(p),
				.in = { &x } };
	uint32_t seed = 9;

	(void)state;
	for (uint32_t s = 0; s < 8 * COUNT(axes); s++) {
		uint32_t n = axes[s / 8].dims[axes[s / 8].axis];

		p.axis = axes[s / 8].axis;
		p.flags = s & 1;
		set_order(s / 8, 1, &seed);
		y.dtype = DBP_I32;
		w.kind = DBP_OP_ARG_MAX;
		w.out[0] = &y;
		w.out[1] = NULL;
		float_run(&w);
		check_order(&p, 1, 1);
		n = s & 4 ? n : 1 + dbp_run_random(&seed) % n;
		set_order(s / 8, n, &seed);
		w.kind = DBP_OP_TOP_K;
		w.out[1] = &y2;
		float_run(&w);
		check_order(&p, n, 0);
	}
}

static void test_axis_bad(void **state)
{
	const uint32_t dims[] = { 4, 5 }, one[] = { 4, 1 }, two[] = { 4, 2 };
	const uint32_t six[] = { 4, 6 }, other[] = { 3, 2 };
	struct dbp_softmax p = { 1, 0 };
	struct float_work w = { .kind = DBP_OP_SOFTMAX,
				.params = &p,
				.params_bytes = sizeof(p),
				.in = { &x },
				.out = { &y } };

	(void)state;
	float_shape(&x, 2, dims);
	float_shape(&y, 2, one);
	float_refuse(&w);
	float_shape(&y, 2, dims);
	p.axis = 2;
	float_refuse(&w);
	p = (struct dbp_softmax){ 0, 2 };
	float_refuse(&w);
	p = (struct dbp_softmax){ 1, 0 };
	w.kind = DBP_OP_ARG_MAX;
	float_refuse(&w);
	y.dtype = DBP_I32;
	float_refuse(&w);
	float_shape(&y, 2, one);
	float_refuse(&w);
	w.kind = DBP_OP_TOP_K;
	float_refuse(&w);
	w.out[1] = &y2;
	float_shape(&y, 2, two);
	float_shape(&y2, 2, two);
	float_refuse(&w);
	y2.dtype = DBP_I32;
	p.axis = 7;
	float_refuse(&w);
	p.axis = 0;
	float_refuse(&w);
	p.axis = 1;
	float_shape(&y2, 2, other);
	y2.dtype = DBP_I32;
	float_refuse(&w);
	float_shape(&y, 2, six);
	float_shape(&y2, 2, six);
	y2.dtype = DBP_I32;
	float_refuse(&w);
}

/* ---- Reduce ---- */

static double reduce_start(uint32_t kind)
{
	return kind == DBP_R_MAX ? -HUGE_VAL :
	       kind == DBP_R_MIN ? HUGE_VAL :
				   kind == DBP_R_PROD;
}

static double reduce_step(uint32_t kind, double sum, double v)
{
	switch (kind) {
	case DBP_R_MAX:
		return fmax(sum, v);
	case DBP_R_MIN:
		return fmin(sum, v);
	case DBP_R_PROD:
		return sum * v;
	case DBP_R_L1:
		return sum + fabs(v);
	case DBP_R_L2:
	case DBP_R_SUM_SQUARE:
		return sum + v * v;
	default:
		return sum + v;
	}
}

static void check_reduce(const struct dbp_reduce *p)
{
	static double sums[FLOAT_MAX_ELEMENTS];
	uint32_t n = float_elements(&y);

	for (uint32_t i = 0; i < n; i++)
		sums[i] = reduce_start(p->kind);
	for (uint32_t i = 0; i < float_elements(&x); i++) {
		uint32_t at = 0;

		for (uint32_t d = 0; d < x.rank; d++)
			at = at * y.dims[d] +
			     (p->axes >> d & 1 ? 0 : float_index(&x, i, d));
		sums[at] = reduce_step(p->kind, sums[at], (double)x.data[i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (p->kind == DBP_R_MEAN)
			sums[i] /= float_elements(&x) / n;
		if (p->kind == DBP_R_L2)
			sums[i] = sqrt(sums[i]);
		float_near(y.data[i], sums[i], 1e-5, "reduce");
	}
}

static void test_reduce(void **state)
{
	static const uint32_t dims[] = { 2, 3, 4, 5 };
	struct dbp_reduce p;
	struct float_work w = { .kind = DBP_OP_REDUCE,
				.params = &p,
				.params_bytes = sizeof(p),
				.in = { &x },
				.out = { &y } };
	uint32_t seed = 11, out[4];

	(void)state;
	for (p.kind = 1; p.kind < DBP_R_COUNT; p.kind++)
		for (p.axes = 0; p.axes < 16; p.axes++) {
			for (uint32_t d = 0; d < 4; d++)
				out[d] = p.axes >> d & 1 ? 1 : dims[d];
			float_shape(&x, 4, dims);
			float_shape(&y, 4, out);
			float_randomize(&x, 2, &seed);
			float_run(&w);
			check_reduce(&p);
		}
}

static void test_reduce_bad(void **state)
{
	const uint32_t dims[] = { 2, 3 }, kept[] = { 1, 3 }, flat[] = { 3 };
	struct dbp_reduce p = { DBP_R_SUM, 1 };
	struct float_work w = { .kind = DBP_OP_REDUCE,
				.params = &p,
				.params_bytes = sizeof(p),
				.in = { &x },
				.out = { &y } };

	(void)state;
	float_shape(&x, 2, dims);
	float_shape(&y, 1, flat);
	float_refuse(&w);
	float_shape(&y, 2, dims);
	float_refuse(&w);
	float_shape(&y, 2, kept);
	p.axes = 2;
	float_refuse(&w);
	p.axes = 1 | 4;
	float_refuse(&w);
	p.axes = 1 | 1u << 31;
	float_refuse(&w);
	p = (struct dbp_reduce){ 0, 1 };
	float_refuse(&w);
	p.kind = DBP_R_COUNT;
	float_refuse(&w);
	p.kind = DBP_R_SUM;
	x.dtype = DBP_I32;
	float_refuse(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_softmax),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_axis_bad),
		cmocka_unit_test(test_reduce),
		cmocka_unit_test(test_reduce_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
