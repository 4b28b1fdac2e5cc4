/* SPDX-License-Identifier: Apache-2.0 */
/* The float tail on the device against references written over flat arrays
 * and the host's libm in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dbp_run.h"

#define MAX_ELEMENTS 4096
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct array {
	int dtype; /* 0: DBP_F32 */
	uint32_t rank, dims[DBP_MAX_RANK];
	float data[MAX_ELEMENTS];
};

/* An operator at work; in and out are static arrays of the tests. */
struct work {
	int kind;
	const void *params;
	size_t params_bytes;
	const struct array *in[2];
	struct array *out[2];
	uint32_t gap, workers;
};

static uint32_t elements(const struct array *a)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < a->rank; i++)
		n *= a->dims[i];
	return n;
}

static uint32_t add_tensor(struct dbp_builder *b, const struct array *a,
			   uint32_t gap)
{
	int dtype = a->dtype ? a->dtype : DBP_F32;

	return dbp_run_tensor(b, dtype, a->rank, a->dims,
			      dtype == DBP_S8 ? 1 : 0, 0, gap);
}

static int open_work(struct dbp_run *r, const struct work *w)
{
	uint32_t in[2], out[2], inputs = w->in[1] ? 2 : 1;
	uint32_t outputs = w->out[1] ? 2 : 1;
	struct dbp_builder b;

	dbp_builder_init(&b);
	for (uint32_t i = 0; i < inputs; i++) {
		in[i] = add_tensor(&b, w->in[i], w->gap);
		dbp_add_input(&b, in[i]);
	}
	for (uint32_t i = 0; i < outputs; i++) {
		out[i] = add_tensor(&b, w->out[i], w->gap);
		dbp_add_output(&b, out[i]);
	}
	dbp_add_op(&b, w->kind, in, inputs, out, outputs, w->params,
		   w->params_bytes, 0);
	return dbp_run_open(r, &b, w->workers ? w->workers : 1);
}

static void run_once(const struct work *w)
{
	struct dbp_run r;

	assert_int_equal(open_work(&r, w), DBRT_OK);
	for (uint32_t i = 0; i < 2 && w->in[i]; i++)
		assert_int_equal(dbrt_set_input_f32(&r.model, i, w->in[i]->data,
						    elements(w->in[i])),
				 DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	for (uint32_t i = 0; i < 2 && w->out[i]; i++) {
		assert_int_equal(dbrt_output_f32(&r.model, i, w->out[i]->data,
						 elements(w->out[i])),
				 DBRT_OK);
		assert_true(dbp_run_gaps_kept(&r, i));
	}
	dbp_run_close(&r);
}

/* Dense on one thread, then with gaps on three: the same bits. */
static void run(struct work *w)
{
	static float first[2][MAX_ELEMENTS];

	w->gap = 0;
	w->workers = 1;
	run_once(w);
	for (uint32_t i = 0; i < 2 && w->out[i]; i++)
		memcpy(first[i], w->out[i]->data, 4 * elements(w->out[i]));
	w->gap = 3;
	w->workers = 3;
	run_once(w);
	for (uint32_t i = 0; i < 2 && w->out[i]; i++)
		assert_memory_equal(first[i], w->out[i]->data,
				    4 * elements(w->out[i]));
}

static void refuse(const struct work *w)
{
	struct dbp_run r;

	assert_int_equal(open_work(&r, w), DBRT_ERROR_FORMAT);
	dbp_run_close(&r);
}

static void shape(struct array *a, uint32_t rank, const uint32_t *dims)
{
	a->dtype = DBP_F32;
	a->rank = rank;
	memcpy(a->dims, dims, rank * sizeof(*dims));
	assert_true(elements(a) <= MAX_ELEMENTS);
}

static void randomize(struct array *a, float size, uint32_t *seed)
{
	for (uint32_t i = 0; i < elements(a); i++)
		a->data[i] = size * dbp_run_random_float(seed);
}

/* Element `i`'s index along dim `d`. */
static uint32_t index_of(const struct array *a, uint32_t i, uint32_t d)
{
	for (uint32_t k = a->rank; --k > d;)
		i /= a->dims[k];
	return i % a->dims[d];
}

/* Where `a`, broadcast, is read for element `i` of `y`. */
static uint32_t broadcast(const struct array *a, const struct array *y,
			  uint32_t i)
{
	uint32_t at = 0;

	for (uint32_t d = 0; d < a->rank; d++) {
		uint32_t k = index_of(y, i, d + y->rank - a->rank);

		at = at * a->dims[d] + (a->dims[d] == 1 ? 0 : k);
	}
	return at;
}

static void near(float got, double want, double tolerance, const char *what)
{
	if (isnan(want) && isnan(got))
		return;
	if ((double)got == want || (float)want == got)
		return;
	if (!(fabs((double)got - want) <= tolerance * (1 + fabs(want))))
		fail_msg("%s gives %a, expected %a", what, (double)got, want);
}

static struct array x, x2, y, y2;

/* ---- Unary ---- */

static double f_clip(double v, double a, double b)
{
	return v < a ? a : v > b ? b : v;
}

static double softplus(double v)
{
	return v > 40 ? v : log1p(exp(v));
}

static double unary(const struct dbp_unary_params *p, double v)
{
	double a = (double)p->a, b = (double)p->b;

	switch (p->kind) {
	case DBP_U_NEG:
		return -v;
	case DBP_U_ABS:
		return fabs(v);
	case DBP_U_EXP:
		return exp(v);
	case DBP_U_LOG:
		return log(v);
	case DBP_U_SQRT:
		return sqrt(v);
	case DBP_U_SIGMOID:
		return 1 / (1 + exp(-v));
	case DBP_U_TANH:
		return tanh(v);
	case DBP_U_ERF:
		return erf(v);
	case DBP_U_FLOOR:
		return floor(v);
	case DBP_U_CEIL:
		return ceil(v);
	case DBP_U_ROUND:
		return rint(v);
	case DBP_U_RECIPROCAL:
		return 1 / v;
	case DBP_U_CLIP:
		return f_clip(v, a, b);
	case DBP_U_LEAKY:
		return v < 0 ? a * v : v;
	case DBP_U_HARD_SIGMOID:
		return f_clip(a * v + b, 0, 1);
	case DBP_U_SILU:
		return v / (1 + exp(-v));
	case DBP_U_HARD_SWISH:
		return v * f_clip(v / 6 + 0.5, 0, 1);
	case DBP_U_GELU:
		return 0.5 * v * (1 + erf(v / sqrt(2)));
	case DBP_U_MISH:
		return v * tanh(softplus(v));
	case DBP_U_ELU:
		return v < 0 ? a * (exp(v) - 1) : v;
	case DBP_U_SOFTPLUS:
		return softplus(v);
	case DBP_U_SIGN:
		return v > 0 ? 1 : v < 0 ? -1 : v;
	case DBP_U_NOT:
		return v == 0;
	default:
		return pow(v, a);
	}
}

static void test_unary(void **state)
{
	static const float special[] = { 0,    -0.0f,    1,         -1,
					 NAN,  INFINITY, -INFINITY, 0.5f,
					 2.5f, -3.5f,    88,        -88 };
	static const float powers[] = { 2, 0.5f, -1.5f, 3 };
	const uint32_t dims[] = { 2, 7, 37 };
	struct dbp_unary_params p = { .b = 0.7f };
	struct work w = { .kind = DBP_OP_UNARY,
			  .params = &p,
			  .params_bytes = sizeof(p),
			  .in = { &x },
			  .out = { &y } };
	uint32_t seed = 3;
	char what[64];

	(void)state;
	shape(&x, 3, dims);
	shape(&y, 3, dims);
	for (uint32_t k = 0; k < 4 * (DBP_U_COUNT - 1); k++) {
		p.kind = 1 + k / 4;
		p.a = p.kind == DBP_U_POW ? powers[k % 4] : 0.125f;
		randomize(&x, k & 1 ? 9 : 1, &seed);
		if (k % 4 < 2)
			memcpy(x.data, special, sizeof(special));
		run(&w);
		for (uint32_t i = 0; i < elements(&x); i++) {
			/* these two make inf * 0 of minus infinity */
			if (x.data[i] == -INFINITY &&
			    (p.kind == DBP_U_SILU || p.kind == DBP_U_MISH ||
			     p.kind == DBP_U_GELU ||
			     p.kind == DBP_U_HARD_SWISH))
				continue;
			snprintf(what, sizeof(what), "unary %u of %a", p.kind,
				 (double)x.data[i]);
			near(y.data[i], unary(&p, (double)x.data[i]), 1e-6,
			     what);
		}
	}
}

static void test_unary_bad(void **state)
{
	const uint32_t dims[] = { 2, 3 }, other[] = { 3, 2 }, flat[] = { 6 };
	struct dbp_unary_params p = { .kind = DBP_U_EXP };
	struct work w = { .kind = DBP_OP_UNARY,
			  .params = &p,
			  .params_bytes = sizeof(p),
			  .in = { &x },
			  .out = { &y } };

	(void)state;
	shape(&x, 2, dims);
	shape(&y, 2, other);
	refuse(&w);
	shape(&y, 1, flat);
	refuse(&w);
	shape(&y, 2, dims);
	p.kind = 0;
	refuse(&w);
	p.kind = DBP_U_COUNT;
	refuse(&w);
	p.kind = DBP_U_EXP;
	w.params_bytes = 8;
	refuse(&w);
	w.params_bytes = sizeof(p);
	x.dtype = DBP_S8;
	refuse(&w);
	x.dtype = DBP_F32;
	y.dtype = DBP_I32;
	refuse(&w);
}

/* ---- Binary ---- */

static double binary(uint32_t kind, double a, double b)
{
	switch (kind) {
	case DBP_B_ADD:
		return a + b;
	case DBP_B_SUB:
		return a - b;
	case DBP_B_MUL:
		return a * b;
	case DBP_B_DIV:
		return a / b;
	case DBP_B_MIN:
		return isnan(a) || isnan(b) ? (double)NAN : fmin(a, b);
	case DBP_B_MAX:
		return isnan(a) || isnan(b) ? (double)NAN : fmax(a, b);
	case DBP_B_POW:
		return pow(a, b);
	case DBP_B_MOD:
		return a - b * floor(a / b);
	case DBP_B_LESS:
		return a < b;
	case DBP_B_LESS_EQUAL:
		return a <= b;
	case DBP_B_GREATER:
		return a > b;
	case DBP_B_GREATER_EQUAL:
		return a >= b;
	case DBP_B_EQUAL:
		return a == b;
	case DBP_B_AND:
		return a != 0 && b != 0;
	case DBP_B_OR:
		return a != 0 || b != 0;
	default:
		return a < 0 ? a * b : a;
	}
}

static const struct {
	uint32_t rank, dims[4], rank_a, a[4], rank_b, b[4];
} broadcasts[] = {
	{ 2, { 5, 33 }, 2, { 5, 33 }, 2, { 5, 33 } },
	{ 3, { 2, 3, 20 }, 1, { 20 }, 3, { 2, 3, 1 } },
	{ 4, { 2, 3, 4, 5 }, 4, { 2, 1, 4, 1 }, 3, { 3, 1, 5 } },
	{ 3, { 4, 1, 6 }, 1, { 1 }, 3, { 4, 1, 6 } },
	{ 2, { 3, 4 }, 1, { 1 }, 2, { 1, 1 } },
};

static void check_binary(uint32_t kind, uint32_t *seed)
{
	struct dbp_binary_params p = { kind };
	struct work w = { .kind = DBP_OP_BINARY,
			  .params = &p,
			  .params_bytes = sizeof(p),
			  .in = { &x, &x2 },
			  .out = { &y } };
	char what[64];

	randomize(&x, 3, seed);
	randomize(&x2, 3, seed);
	for (uint32_t i = 0; i < elements(&x); i++)
		if (i % 3 == 0)
			x.data[i] = (float)(int)x.data[i];
	for (uint32_t i = 0; i < elements(&x2); i++)
		if (i % 2 == 0)
			x2.data[i] = (float)(int)x2.data[i];
	if (elements(&x) > 40)
		x.data[7] = x2.data[elements(&x2) - 1] = NAN;
	run(&w);
	for (uint32_t i = 0; i < elements(&y); i++) {
		double a = (double)x.data[broadcast(&x, &y, i)];
		double b = (double)x2.data[broadcast(&x2, &y, i)];

		/* a quotient near an integer may round either way */
		if (kind == DBP_B_MOD && fabs(a / b - rint(a / b)) < 1e-5 &&
		    a != 0)
			continue;
		snprintf(what, sizeof(what), "binary %u of %g, %g", kind, a, b);
		near(y.data[i], binary(kind, a, b), 2e-6, what);
	}
}

static void test_binary(void **state)
{
	uint32_t seed = 5;

	(void)state;
	for (uint32_t s = 0; s < COUNT(broadcasts); s++) {
		shape(&y, broadcasts[s].rank, broadcasts[s].dims);
		shape(&x, broadcasts[s].rank_a, broadcasts[s].a);
		shape(&x2, broadcasts[s].rank_b, broadcasts[s].b);
		for (uint32_t kind = 1; kind < DBP_B_COUNT; kind++)
			check_binary(kind, &seed);
	}
}

static void test_binary_bad(void **state)
{
	const uint32_t dims[] = { 2, 3, 4 }, two[] = { 2 },
		       more[] = { 1, 2, 3, 4 };
	struct dbp_binary_params p = { DBP_B_ADD };
	struct work w = { .kind = DBP_OP_BINARY,
			  .params = &p,
			  .params_bytes = sizeof(p),
			  .in = { &x, &x2 },
			  .out = { &y } };

	(void)state;
	shape(&x, 3, dims);
	shape(&y, 3, dims);
	shape(&x2, 1, two);
	refuse(&w);
	shape(&x2, 4, more);
	refuse(&w);
	shape(&x2, 3, dims);
	p.kind = 0;
	refuse(&w);
	p.kind = DBP_B_COUNT;
	refuse(&w);
	p.kind = DBP_B_ADD;
	x2.dtype = DBP_I32;
	refuse(&w);
	x2.dtype = DBP_F32;
	w.in[1] = NULL;
	refuse(&w);
}

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
static uint32_t step_of(const struct array *a, uint32_t axis)
{
	uint32_t n = 1;

	for (uint32_t d = axis + 1; d < a->rank; d++)
		n *= a->dims[d];
	return n;
}

static void check_softmax(const struct dbp_softmax *p)
{
	uint32_t step = step_of(&x, p->axis), n = x.dims[p->axis];

	for (uint32_t i = 0; i < elements(&x); i++) {
		uint32_t first = i - index_of(&x, i, p->axis) * step;
		double sum = 0, v = (double)x.data[i];

		for (uint32_t k = 0; k < n; k++)
			sum += exp((double)x.data[first + k * step] - v);
		near(y.data[i], p->flags ? -log(sum) : 1 / sum, 2e-6,
		     "softmax");
	}
}

static void test_softmax(void **state)
{
	struct dbp_softmax p;
	struct work w = { .kind = DBP_OP_SOFTMAX,
			  .params = &p,
			  .params_bytes = sizeof(p),
			  .in = { &x },
			  .out = { &y } };
	uint32_t seed = 7;

	(void)state;
	for (uint32_t s = 0; s < 2 * COUNT(axes); s++) {
		p.axis = axes[s / 2].axis;
		p.flags = s & 1;
		shape(&x, axes[s / 2].rank, axes[s / 2].dims);
		shape(&y, axes[s / 2].rank, axes[s / 2].dims);
		randomize(&x, 6, &seed);
		run(&w);
		check_softmax(&p);
	}
	/* large numbers do not overflow; NaN fills its line, no other */
	shape(&x, 2, (uint32_t[]){ 3, 2 });
	shape(&y, 2, (uint32_t[]){ 3, 2 });
	p.axis = 1;
	p.flags = 0;
	memcpy(x.data, (float[]){ 1e30f, 1e30f, NAN, 0, 1, -INFINITY }, 24);
	run(&w);
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

	for (uint32_t i = 0; i < elements(&x); i++) {
		uint32_t k = index_of(&x, i, p->axis);
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
	shape(&x, axes[s].rank, dims);
	dims[axes[s].axis] = count;
	shape(&y, axes[s].rank, dims);
	shape(&y2, axes[s].rank, dims);
	y2.dtype = DBP_I32;
	/* few values: many ties */
	for (uint32_t i = 0; i < elements(&x); i++)
		x.data[i] = dbp_run_random(seed) % 10 ?
				    (float)(dbp_run_random(seed) % 12) :
				    NAN;
}

static void test_order(void **state)
{
	struct dbp_softmax p;
	struct work w = { .params = &p,
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
		run(&w);
		check_order(&p, 1, 1);
		n = s & 4 ? n : 1 + dbp_run_random(&seed) % n;
		set_order(s / 8, n, &seed);
		w.kind = DBP_OP_TOP_K;
		w.out[1] = &y2;
		run(&w);
		check_order(&p, n, 0);
	}
}

static void test_axis_bad(void **state)
{
	const uint32_t dims[] = { 4, 5 }, one[] = { 4, 1 }, two[] = { 4, 2 };
	const uint32_t six[] = { 4, 6 }, other[] = { 3, 2 };
	struct dbp_softmax p = { 1, 0 };
	struct work w = { .kind = DBP_OP_SOFTMAX,
			  .params = &p,
			  .params_bytes = sizeof(p),
			  .in = { &x },
			  .out = { &y } };

	(void)state;
	shape(&x, 2, dims);
	shape(&y, 2, one);
	refuse(&w);
	shape(&y, 2, dims);
	p.axis = 2;
	refuse(&w);
	p = (struct dbp_softmax){ 0, 2 };
	refuse(&w);
	p = (struct dbp_softmax){ 1, 0 };
	w.kind = DBP_OP_ARG_MAX;
	refuse(&w);
	y.dtype = DBP_I32;
	refuse(&w);
	shape(&y, 2, one);
	refuse(&w);
	w.kind = DBP_OP_TOP_K;
	refuse(&w);
	w.out[1] = &y2;
	shape(&y, 2, two);
	shape(&y2, 2, two);
	refuse(&w);
	y2.dtype = DBP_I32;
	p.axis = 7;
	refuse(&w);
	p.axis = 0;
	refuse(&w);
	p.axis = 1;
	shape(&y2, 2, other);
	y2.dtype = DBP_I32;
	refuse(&w);
	shape(&y, 2, six);
	shape(&y2, 2, six);
	y2.dtype = DBP_I32;
	refuse(&w);
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
	static double sums[MAX_ELEMENTS];
	uint32_t n = elements(&y);

	for (uint32_t i = 0; i < n; i++)
		sums[i] = reduce_start(p->kind);
	for (uint32_t i = 0; i < elements(&x); i++) {
		uint32_t at = 0;

		for (uint32_t d = 0; d < x.rank; d++)
			at = at * y.dims[d] +
			     (p->axes >> d & 1 ? 0 : index_of(&x, i, d));
		sums[at] = reduce_step(p->kind, sums[at], (double)x.data[i]);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (p->kind == DBP_R_MEAN)
			sums[i] /= elements(&x) / n;
		if (p->kind == DBP_R_L2)
			sums[i] = sqrt(sums[i]);
		near(y.data[i], sums[i], 1e-5, "reduce");
	}
}

static void test_reduce(void **state)
{
	static const uint32_t dims[] = { 2, 3, 4, 5 };
	struct dbp_reduce p;
	struct work w = { .kind = DBP_OP_REDUCE,
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
			shape(&x, 4, dims);
			shape(&y, 4, out);
			randomize(&x, 2, &seed);
			run(&w);
			check_reduce(&p);
		}
}

static void test_reduce_bad(void **state)
{
	const uint32_t dims[] = { 2, 3 }, kept[] = { 1, 3 }, flat[] = { 3 };
	struct dbp_reduce p = { DBP_R_SUM, 1 };
	struct work w = { .kind = DBP_OP_REDUCE,
			  .params = &p,
			  .params_bytes = sizeof(p),
			  .in = { &x },
			  .out = { &y } };

	(void)state;
	shape(&x, 2, dims);
	shape(&y, 1, flat);
	refuse(&w);
	shape(&y, 2, dims);
	refuse(&w);
	shape(&y, 2, kept);
	p.axes = 2;
	refuse(&w);
	p.axes = 1 | 4;
	refuse(&w);
	p.axes = 1 | 1u << 31;
	refuse(&w);
	p = (struct dbp_reduce){ 0, 1 };
	refuse(&w);
	p.kind = DBP_R_COUNT;
	refuse(&w);
	p.kind = DBP_R_SUM;
	x.dtype = DBP_I32;
	refuse(&w);
}

/* ---- Products of matrices ---- */

static const struct {
	uint32_t rank_a, a[4], rank_b, b[4], rank, y[4];
} products[] = {
	{ 2, { 5, 7 }, 2, { 7, 40 }, 2, { 5, 40 } },
	{ 2, { 1, 64 }, 2, { 64, 1 }, 2, { 1, 1 } },
	{ 3, { 3, 4, 5 }, 2, { 5, 6 }, 3, { 3, 4, 6 } },
	{ 2, { 4, 5 }, 3, { 3, 5, 17 }, 3, { 3, 4, 17 } },
	{ 4, { 2, 1, 3, 4 }, 4, { 1, 3, 4, 16 }, 4, { 2, 3, 3, 16 } },
	{ 4, { 2, 3, 1, 9 }, 4, { 2, 3, 9, 2 }, 4, { 2, 3, 1, 2 } },
	{ 3, { 2, 3, 1 }, 3, { 2, 1, 33 }, 3, { 2, 3, 33 } },
};

/* Element `i` of y: row, column and the matrices before them. */
static double product_at(uint32_t i)
{
	uint32_t k = x.dims[x.rank - 1], n = y.dims[y.rank - 1];
	struct array a = x, b = x2;
	uint32_t at_a, at_b;
	double sum = 0;

	/* as if the inner dims were of size 1 */
	a.dims[a.rank - 1] = 1;
	b.dims[b.rank - 1] = 1;
	b.dims[b.rank - 2] = 1;
	at_a = broadcast(&a, &y, i) * k;
	at_b = broadcast(&b, &y, i) * k * n + i % n;
	for (uint32_t j = 0; j < k; j++)
		sum += (double)x.data[at_a + j] * (double)x2.data[at_b + j * n];
	return sum;
}

static void test_matmul(void **state)
{
	struct work w = { .kind = DBP_OP_MATMUL,
			  .in = { &x, &x2 },
			  .out = { &y } };
	uint32_t seed = 13;

	(void)state;
	for (uint32_t s = 0; s < COUNT(products); s++) {
		shape(&x, products[s].rank_a, products[s].a);
		shape(&x2, products[s].rank_b, products[s].b);
		shape(&y, products[s].rank, products[s].y);
		randomize(&x, 1, &seed);
		randomize(&x2, 1, &seed);
		run(&w);
		for (uint32_t i = 0; i < elements(&y); i++)
			near(y.data[i], product_at(i), 1e-5, "product");
	}
}

static void test_matmul_bad(void **state)
{
	static const struct {
		uint32_t rank_a, a[3], rank_b, b[3], rank, y[3];
	} bad[] = {
		{ 2, { 2, 3 }, 2, { 4, 5 }, 2, { 2, 5 } },
		{ 2, { 2, 3 }, 2, { 3, 5 }, 2, { 3, 5 } },
		{ 2, { 2, 3 }, 2, { 3, 5 }, 2, { 2, 4 } },
		{ 1, { 3 }, 2, { 3, 5 }, 2, { 1, 5 } },
		{ 2, { 2, 3 }, 1, { 3 }, 2, { 2, 1 } },
		{ 2, { 2, 3 }, 2, { 3, 1 }, 1, { 2 } },
		{ 3, { 2, 2, 3 }, 2, { 3, 5 }, 2, { 2, 5 } },
		{ 3, { 2, 2, 3 }, 2, { 3, 5 }, 3, { 1, 2, 5 } },
		{ 3, { 2, 2, 3 }, 3, { 3, 3, 5 }, 3, { 2, 2, 5 } },
	};
	struct work w = { .kind = DBP_OP_MATMUL,
			  .in = { &x, &x2 },
			  .out = { &y } };

	(void)state;
	for (uint32_t s = 0; s < COUNT(bad); s++) {
		shape(&x, bad[s].rank_a, bad[s].a);
		shape(&x2, bad[s].rank_b, bad[s].b);
		shape(&y, bad[s].rank, bad[s].y);
		refuse(&w);
	}
	shape(&x, 2, (uint32_t[]){ 2, 3 });
	shape(&x2, 2, (uint32_t[]){ 3, 5 });
	shape(&y, 2, (uint32_t[]){ 2, 5 });
	x2.dtype = DBP_S8;
	refuse(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unary),
		cmocka_unit_test(test_unary_bad),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_binary_bad),
		cmocka_unit_test(test_softmax),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_axis_bad),
		cmocka_unit_test(test_reduce),
		cmocka_unit_test(test_reduce_bad),
		cmocka_unit_test(test_matmul),
		cmocka_unit_test(test_matmul_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
