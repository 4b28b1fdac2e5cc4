/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling on the device against windows walked cell by cell. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dbp_run.h"

#define MAX_CELLS 4096

struct pool_setup {
	int kind; /* DBP_OP_MAX_POOL or DBP_OP_AVG_POOL */
	int dtype;
	uint32_t in[4], out[4];
	struct dbp_pool p;
	float scale_in, scale_out;
	int32_t zero_in, zero_out;
	uint32_t gap, workers;
};

static int open_pool(struct dbp_run *r, const struct pool_setup *s)
{
	int s8 = s->dtype == DBP_S8;
	struct dbp_builder b;
	uint32_t x, y;

	dbp_builder_init(&b);
	x = dbp_run_tensor(&b, s->dtype, 4, s->in, s8 ? s->scale_in : 0,
			   s8 ? s->zero_in : 0, s->gap);
	y = dbp_run_tensor(&b, s->dtype, 4, s->out, s8 ? s->scale_out : 0,
			   s8 ? s->zero_out : 0, s->gap);
	dbp_add_input(&b, x);
	dbp_add_output(&b, y);
	dbp_add_op(&b, s->kind, &x, 1, &y, 1, &s->p, sizeof(s->p), 0);
	return dbp_run_open(r, &b, s->workers ? s->workers : 1);
}

/* What one window gives, from real numbers held in `x`, N,H,W,C. */
static double window(const struct pool_setup *s, const double *x,
		     uint32_t image, uint32_t oy, uint32_t ox, uint32_t c)
{
	double sum = 0, top = -HUGE_VAL;
	int inside = 0, padded = 0;

	for (int ky = 0; ky < s->p.kernel_h; ky++)
		for (int kx = 0; kx < s->p.kernel_w; kx++) {
			int y = (int)oy * s->p.stride_h + ky * s->p.dilation_h -
				s->p.pad_top;
			int z = (int)ox * s->p.stride_w + kx * s->p.dilation_w -
				s->p.pad_left;
			int h = (int)s->in[1], w = (int)s->in[2];
			double v;

			padded += y < h + s->p.pad_bottom &&
				  z < w + s->p.pad_right;
			if (y < 0 || z < 0 || y >= h || z >= w)
				continue;
			v = x[((image * (size_t)h + (size_t)y) * (size_t)w +
			       (size_t)z) *
				      s->in[3] +
			      c];
			inside++;
			sum += v;
			top = v > top ? v : top;
		}
	if (s->kind == DBP_OP_MAX_POOL)
		return top;
	if (!s->p.count_include_pad)
		padded = inside;
	return padded ? sum / padded : 0;
}

/* The multiplier and shift for scale_in / scale_out. */
static void set_scale(struct pool_setup *s)
{
	double ratio = (double)s->scale_in / (double)s->scale_out;

	s->p.shift = 0;
	while (ratio * ldexp(1, (int)s->p.shift) < 32768)
		s->p.shift++;
	s->p.multiplier = (uint32_t)lrint(ratio * ldexp(1, (int)s->p.shift));
}

static uint32_t elements(const uint32_t *dims)
{
	return dims[0] * dims[1] * dims[2] * dims[3];
}

static void compare(const struct pool_setup *s, const struct dbp_run *r,
		    const double *x)
{
	static float got[MAX_CELLS];
	uint32_t n = elements(s->out), i;

	assert_int_equal(dbrt_output_f32(&r->model, 0, got, n), DBRT_OK);
	for (i = 0; i < n; i++) {
		uint32_t c = i % s->out[3], ox = i / s->out[3] % s->out[2];
		uint32_t oy = i / s->out[3] / s->out[2] % s->out[1];
		double want = window(
			s, x, i / s->out[3] / s->out[2] / s->out[1], oy, ox, c);
		double near = 1e-5;

		if (s->dtype == DBP_S8) {
			double low =
				(double)s->scale_out * (-128 - s->zero_out);
			double high =
				(double)s->scale_out * (127 - s->zero_out);

			want = fmin(fmax(want, low), high);
			near = s->kind == DBP_OP_MAX_POOL ?
				       1e-6 :
				       0.501 * (double)s->scale_out;
		}
		if (want == -HUGE_VAL)
			assert_true(got[i] == -INFINITY);
		else if (fabs((double)got[i] - want) > near)
			fail_msg("element %u is %g, expected %g", i,
				 (double)got[i], want);
	}
	assert_true(dbp_run_gaps_kept(r, 0));
}

static void check(struct pool_setup *s, uint32_t seed)
{
	static double x[MAX_CELLS];
	static float f[MAX_CELLS];
	static int8_t q[MAX_CELLS];
	uint32_t n = elements(s->in), i;
	struct dbp_run r;

	set_scale(s);
	if (s->kind == DBP_OP_MAX_POOL) {
		s->scale_out = s->scale_in;
		s->zero_out = s->zero_in;
	}
	assert_true(n <= MAX_CELLS && elements(s->out) <= MAX_CELLS);
	assert_int_equal(open_pool(&r, s), DBRT_OK);
	for (i = 0; i < n; i++) {
		f[i] = dbp_run_random_float(&seed);
		q[i] = (int8_t)dbp_run_random(&seed);
		x[i] = s->dtype == DBP_F32 ?
			       (double)f[i] :
			       (double)s->scale_in * (q[i] - s->zero_in);
	}
	assert_int_equal(s->dtype == DBP_F32 ?
				 dbrt_set_input(&r.model, 0, f, 4 * n) :
				 dbrt_set_input(&r.model, 0, q, n),
			 DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	compare(s, &r, x);
	dbp_run_close(&r);
}

static const struct pool_setup shapes[] = {
	/* YOLO's pyramid: 5x5, stride 1 */
	{ .in = { 1, 7, 6, 8 },
	  .out = { 1, 7, 6, 8 },
	  .p = { 5, 5, 1, 1, 1, 1, 2, 2, 0, 0, 2, 2, 0, 0, 0 } },
	/* ResNet's: 3x3, stride 2 */
	{ .in = { 2, 9, 8, 5 },
	  .out = { 2, 5, 4, 5 },
	  .p = { 3, 3, 2, 2, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0 } },
	/* ceil mode: the last windows reach past the input */
	{ .in = { 1, 6, 6, 33 },
	  .out = { 1, 3, 3, 33 },
	  .p = { 3, 3, 2, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ .in = { 1, 6, 6, 3 },
	  .out = { 1, 4, 4, 3 },
	  .p = { 3, 3, 2, 2, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0 } },
	/* global */
	{ .in = { 1, 5, 7, 40 },
	  .out = { 1, 1, 1, 40 },
	  .p = { 5, 7, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
	/* one side padded, flat kernel */
	{ .in = { 1, 4, 9, 2 },
	  .out = { 1, 4, 5, 2 },
	  .p = { 1, 4, 1, 2, 1, 1, 0, 3, 1, 0, 0, 0, 0, 0, 0 } },
	/* windows wholly in the padding */
	{ .in = { 1, 3, 3, 2 },
	  .out = { 1, 5, 5, 2 },
	  .p = { 2, 2, 2, 2, 1, 1, 4, 4, 0, 0, 4, 4, 0, 0, 0 } },
};

static void each_shape(int kind, int dtype, int dilation)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (uint32_t variant = 0; variant < 4; variant++) {
			struct pool_setup s = shapes[i];

			s.kind = kind;
			s.dtype = dtype;
			s.p.dilation_h = s.p.dilation_w = (uint16_t)dilation;
			s.scale_in = 0.02f;
			s.scale_out = 0.013f;
			s.zero_in = variant & 1 ? -128 : 17;
			s.zero_out = variant & 1 ? 127 : -30;
			s.gap = variant & 2 ? 3 : 0;
			s.workers = variant & 1 ? 3 : 1;
			/* no cell at all has no real number in codes */
			if (i == 6 && dtype == DBP_S8 &&
			    kind == DBP_OP_MAX_POOL)
				continue;
			check(&s, (uint32_t)i * 4 + variant);
		}
}

static void test_max(void **state)
{
	(void)state;
	for (int dilation = 1; dilation <= 3; dilation++) {
		each_shape(DBP_OP_MAX_POOL, DBP_S8, dilation);
		each_shape(DBP_OP_MAX_POOL, DBP_F32, dilation);
	}
}

static void test_average(void **state)
{
	(void)state;
	each_shape(DBP_OP_AVG_POOL, DBP_S8, 1);
	each_shape(DBP_OP_AVG_POOL, DBP_F32, 1);
}

/* 1, 2 and 4, 4 over 2 cells: ties of the average go up. */
static void test_rounding(void **state)
{
	struct pool_setup s = { .kind = DBP_OP_AVG_POOL,
				.dtype = DBP_S8,
				.in = { 1, 1, 2, 4 },
				.out = { 1, 1, 1, 4 },
				.p = { 1, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
				       32768, 15 },
				.scale_in = 1,
				.scale_out = 1 };
	const int8_t x[] = { 1, 4, -1, -4, 2, 4, -2, -5 };
	const int8_t want[] = { 2, 4, -1, -4 };
	struct dbrt_tensor y;
	struct dbp_run r;

	(void)state;
	assert_int_equal(open_pool(&r, &s), DBRT_OK);
	assert_int_equal(dbrt_set_input(&r.model, 0, x, sizeof(x)), DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_output(&r.model, 0, &y), DBRT_OK);
	assert_memory_equal(y.data, want, sizeof(want));
	dbp_run_close(&r);
}

/* The lowest code where a window has no cell; the largest sums there are. */
static void test_limits(void **state)
{
	struct pool_setup s = shapes[6];
	int8_t x[18] = { 0 }, *y;
	struct dbrt_tensor t;
	struct dbp_run r;

	(void)state;
	s.kind = DBP_OP_MAX_POOL;
	s.dtype = DBP_S8;
	s.scale_in = s.scale_out = 1;
	assert_int_equal(open_pool(&r, &s), DBRT_OK);
	assert_int_equal(dbrt_set_input(&r.model, 0, x, sizeof(x)), DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_output(&r.model, 0, &t), DBRT_OK);
	y = t.data;
	assert_int_equal(y[0], -128);
	assert_int_equal(y[2 * (2 * 5 + 2)], 0);
	dbp_run_close(&r);
}

static void test_nan(void **state)
{
	struct pool_setup s = { .kind = DBP_OP_MAX_POOL,
				.dtype = DBP_F32,
				.in = { 1, 1, 2, 2 },
				.out = { 1, 1, 1, 2 },
				.p = { 1, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0,
				       0 } };
	const float x[] = { NAN, 1, 2, NAN };
	float y[2];
	struct dbp_run r;

	(void)state;
	assert_int_equal(open_pool(&r, &s), DBRT_OK);
	assert_int_equal(dbrt_set_input(&r.model, 0, x, sizeof(x)), DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_output_f32(&r.model, 0, y, 2), DBRT_OK);
	assert_true(isnan(y[0]) && isnan(y[1]));
	dbp_run_close(&r);
}

static void refuse(const struct pool_setup *s)
{
	struct dbp_run r;

	assert_int_equal(open_pool(&r, s), DBRT_ERROR_FORMAT);
	dbp_run_close(&r);
}

static void test_bad(void **state)
{
	struct pool_setup good = shapes[1], s;
	struct dbp_run r;

	(void)state;
	good.kind = DBP_OP_AVG_POOL;
	good.dtype = DBP_S8;
	good.scale_in = good.scale_out = 1;
	set_scale(&good);
	assert_int_equal(open_pool(&r, &good), DBRT_OK);
	dbp_run_close(&r);
#define BAD(change) \
	s = good;   \
	change;     \
	refuse(&s)
	BAD(s.p.kernel_h = 0);
	BAD(s.p.kernel_w = 0);
	BAD(s.p.stride_h = 0);
	BAD(s.p.stride_w = 0);
	BAD(s.p.dilation_h = 0);
	BAD(s.p.dilation_w = 2);
	BAD(s.out[0] = 1);
	BAD(s.out[3] = 4);
	BAD(s.p.multiplier = 0x10000);
	BAD(s.p.multiplier = 5);
	BAD(s.p.shift = 41);
	BAD(s.dtype = DBP_I32);
	BAD(s.kind = DBP_OP_MAX_POOL; s.scale_out = 2);
	BAD(s.kind = DBP_OP_MAX_POOL; s.zero_out = 1);
	BAD(s.out[1] = 20000; s.p.stride_h = 65535);
	BAD(s.p.shift = 40; s.p.kernel_h = s.p.kernel_w = 65535);
#undef BAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_max),      cmocka_unit_test(test_average),
		cmocka_unit_test(test_rounding), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_nan),      cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
