/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing on the device by tables of source cells. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dbp_run.h"

#define MAX_CELLS 4096
#define MAX_SIDE 32

struct resize_setup {
	int dtype;
	uint32_t in[4], out[4];
	struct dbp_resize_tap rows[MAX_SIDE], columns[MAX_SIDE];
	float scale_out;
	uint32_t gap, workers;
	uint32_t row_offset; /* 0: where the rows really are */
};

static int open_resize(struct dbp_run *r, const struct resize_setup *s)
{
	float scale = s->dtype == DBP_S8 ? 1 : 0;
	struct dbp_builder b;
	struct dbp_resize p;
	uint32_t x, y;

	dbp_builder_init(&b);
	x = dbp_run_tensor(&b, s->dtype, 4, s->in, scale, 0, s->gap);
	y = dbp_run_tensor(&b, s->dtype, 4, s->out,
			   s->scale_out != 0 ? s->scale_out : scale, 0, s->gap);
	p.columns = dbp_add_data(&b, s->columns, s->out[2] * 8);
	p.rows = dbp_add_data(&b, s->rows, s->out[1] * 8);
	p.rows = s->row_offset ? s->row_offset : p.rows;
	dbp_add_input(&b, x);
	dbp_add_output(&b, y);
	dbp_add_op(&b, DBP_OP_RESIZE, &x, 1, &y, 1, &p, sizeof(p), 0);
	return dbp_run_open(r, &b, s->workers ? s->workers : 1);
}

/* Bilinear, centres on centres. */
static void make_taps(struct dbp_resize_tap *taps, uint32_t in, uint32_t out,
		      int nearest)
{
	for (uint32_t i = 0; i < out; i++) {
		double at = (i + 0.5) * in / out - 0.5;
		double low = floor(at < 0 ? 0 : at);

		taps[i].first = (uint16_t)(nearest ? (uint32_t)i * in / out :
						     (uint32_t)low);
		taps[i].second = taps[i].first;
		taps[i].weight = taps[i].reserved = 0;
		if (nearest || at < 0 || taps[i].first + 1u >= in)
			continue;
		taps[i].second++;
		taps[i].weight = (uint16_t)lrint((at - low) * 2048);
	}
}

static double cell(const struct resize_setup *s, const float *x, uint32_t n,
		   uint32_t row, uint32_t column, uint32_t c)
{
	return (double)
		x[((n * s->in[1] + row) * s->in[2] + column) * s->in[3] + c];
}

static double expected(const struct resize_setup *s, const float *x, uint32_t i)
{
	uint32_t c = i % s->out[3], column = i / s->out[3] % s->out[2];
	uint32_t row = i / s->out[3] / s->out[2] % s->out[1];
	uint32_t n = i / s->out[3] / s->out[2] / s->out[1];
	struct dbp_resize_tap v = s->rows[row], h = s->columns[column];
	double wy = v.weight / 2048.0, wx = h.weight / 2048.0;

	return (cell(s, x, n, v.first, h.first, c) * (1 - wx) +
		cell(s, x, n, v.first, h.second, c) * wx) *
		       (1 - wy) +
	       (cell(s, x, n, v.second, h.first, c) * (1 - wx) +
		cell(s, x, n, v.second, h.second, c) * wx) *
		       wy;
}

static void check(struct resize_setup *s, uint32_t seed)
{
	static float x[MAX_CELLS], y[MAX_CELLS];
	uint32_t in = s->in[0] * s->in[1] * s->in[2] * s->in[3], i;
	uint32_t out = s->out[0] * s->out[1] * s->out[2] * s->out[3];
	struct dbp_run r;

	assert_true(in <= MAX_CELLS && out <= MAX_CELLS);
	for (i = 0; i < in; i++)
		x[i] = s->dtype == DBP_S8 ?
			       (float)(int8_t)dbp_run_random(&seed) :
			       dbp_run_random_float(&seed);
	assert_int_equal(open_resize(&r, s), DBRT_OK);
	assert_int_equal(dbrt_set_input_f32(&r.model, 0, x, in), DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_output_f32(&r.model, 0, y, out), DBRT_OK);
	for (i = 0; i < out; i++) {
		double want = expected(s, x, i);

		if (s->dtype == DBP_S8)
			assert_true((double)y[i] == floor(want + 0.5));
		else
			assert_true(fabs((double)y[i] - want) < 1e-6);
	}
	assert_true(dbp_run_gaps_kept(&r, 0));
	dbp_run_close(&r);
}

static void test_shapes(void **state)
{
	static const struct resize_setup shapes[] = {
		{ .in = { 1, 4, 5, 8 }, .out = { 1, 8, 10, 8 } },
		{ .in = { 2, 7, 3, 3 }, .out = { 2, 5, 9, 3 } },
		{ .in = { 1, 1, 1, 4 }, .out = { 1, 3, 4, 4 } },
		{ .in = { 1, 8, 8, 17 }, .out = { 1, 1, 1, 17 } },
		{ .in = { 1, 5, 6, 1 }, .out = { 1, 5, 6, 1 } },
	};

	(void)state;
	for (uint32_t i = 0; i < 5 * 8; i++) {
		struct resize_setup s = shapes[i / 8];

		make_taps(s.rows, s.in[1], s.out[1], i & 1);
		make_taps(s.columns, s.in[2], s.out[2], i & 1);
		s.dtype = i & 2 ? DBP_S8 : DBP_F32;
		s.gap = i & 4 ? 5 : 0;
		s.workers = i & 4 ? 2 : 1;
		check(&s, i);
	}
}

/* Worked by hand: halves round up, also below zero. */
static void test_rounding(void **state)
{
	struct resize_setup s = { .dtype = DBP_S8,
				  .in = { 1, 2, 2, 1 },
				  .out = { 1, 1, 4, 1 },
				  .rows = { { 0, 1, 1024, 0 } },
				  .columns = { { 0, 0, 0, 0 },
					       { 0, 1, 2048, 0 },
					       { 0, 1, 1024, 0 },
					       { 1, 1, 7, 0 } } };
	const int8_t x[] = { -3, 127, -2, 126 };
	/* -2.5, 126.5, (-2.5 + 126.5) / 2, 126.5 */
	const int8_t want[] = { -2, 127, 62, 127 };
	struct dbrt_tensor y;
	struct dbp_run r;

	(void)state;
	assert_int_equal(open_resize(&r, &s), DBRT_OK);
	assert_int_equal(dbrt_set_input(&r.model, 0, x, 4), DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_output(&r.model, 0, &y), DBRT_OK);
	assert_memory_equal(y.data, want, 4);
	dbp_run_close(&r);
}

static void test_bad(void **state)
{
	struct resize_setup good = { .dtype = DBP_S8,
				     .in = { 1, 2, 3, 2 },
				     .out = { 1, 4, 6, 2 } },
			    s;
	struct dbp_run r;

	(void)state;
	make_taps(good.rows, 2, 4, 0);
	make_taps(good.columns, 3, 6, 0);
	assert_int_equal(open_resize(&r, &good), DBRT_OK);
	dbp_run_close(&r);
#define BAD(change)                                               \
	s = good;                                                 \
	change;                                                   \
	assert_int_equal(open_resize(&r, &s), DBRT_ERROR_FORMAT); \
	dbp_run_close(&r)
	BAD(s.rows[3].first = 2);
	BAD(s.rows[0].second = 2);
	BAD(s.rows[1].weight = 2049);
	BAD(s.columns[5].second = 3);
	BAD(s.columns[0].first = 65535);
	BAD(s.columns[2].weight = 65535);
	BAD(s.row_offset = 3);
	BAD(s.row_offset = 1 << 20);
	BAD(s.row_offset = 64);
	BAD(s.dtype = DBP_I32);
	BAD(s.scale_out = 2);
	BAD(s.out[0] = 2);
	BAD(s.out[3] = 1);
#undef BAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
