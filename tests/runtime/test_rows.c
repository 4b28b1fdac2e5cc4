/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The row functions of operators without weights, those of every instruction
 * set that this processor runs, against one element at a time: views of random
 * dims, orders and steps, the output in place of an input or not, the last
 * byte of every view the last one of a page, and nothing written beside the
 * output. Windows of pools likewise.
 *
 *	test_rows [SEED]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/kernels_portable.h"
#include "runtime/row_kernels.h"
#include "tests/support/page_end.h"
#include "tests/support/random_conv.h"

#define CALLS 400
#define MOST_ELEMENTS 1500

static uint32_t first_seed = 20265;

/* ---- Views ---- */

static struct setup {
	enum dbrt_row_kind kind;
	struct dbrt_view views[DBRT_WALK_VIEWS];
	uint32_t count;  /* of views */
	size_t bytes[4]; /* of their memory, at the end of region k */
	int in_place;    /* input that is where the output is; 0: none */
	union {
		struct dbp_add add;
		struct dbp_add_channels add_channels;
		struct dbp_mul mul;
	} params;
	struct dbrt_pair pair;
	int8_t table[256];
	const void *ctx;
} s;

/* One dim is long. */
static void pick_dims(uint32_t *dims)
{
	for (int d = 0; d < DBP_MAX_RANK; d++)
		dims[d] = conv_pick(0, 2) ? 1 : (uint32_t)conv_pick(1, 4);
	dims[conv_pick(0, DBP_MAX_RANK - 1)] = (uint32_t)conv_pick(1, 75);
	if (conv_pick(0, 1))
		dims[DBP_MAX_RANK - 1] = (uint32_t)conv_pick(1, 75);
}

/* Strides for the dims in an order, the innermost `step` elements apart, with
 * gaps; returns the elements that the view spans. */
static size_t pick_strides(struct dbrt_view *v, const int *order, int step)
{
	size_t stride = (size_t)step, span = 1;

	for (int i = DBP_MAX_RANK - 1; i >= 0; i--) {
		int d = order[i];

		v->stride[d] = v->dims[d] > 1 ? (int32_t)stride : 0;
		span += (v->dims[d] - 1) * (size_t)v->stride[d];
		stride *= v->dims[d];
		if (i == DBP_MAX_RANK - 1 && conv_pick(0, 1))
			stride += (size_t)conv_pick(0, 5);
	}
	return span;
}

static void pick_order(int *order, int is_moved)
{
	for (int d = 0; d < DBP_MAX_RANK; d++)
		order[d] = d;
	for (int d = DBP_MAX_RANK - 1; is_moved && d > 0; d--) {
		int other = conv_pick(0, d), kept = order[d];

		order[d] = order[other];
		order[other] = kept;
	}
}

static void place_view(int k, size_t elements)
{
	s.bytes[k] = elements * s.views[k].size;
	s.views[k].data = page_end(k, s.bytes[k]);
}

/* Some axes run backwards. */
static void flip_view(struct dbrt_view *v)
{
	for (int d = 0; d < DBP_MAX_RANK; d++)
		if (!conv_pick(0, 7)) {
			v->data += (ptrdiff_t)v->stride[d] *
				   (int32_t)(v->dims[d] - 1) * (int32_t)v->size;
			v->stride[d] = -v->stride[d];
		}
}

static void pick_view(int k, int may_move)
{
	int order[DBP_MAX_RANK], step = conv_pick(0, 3) ? 1 : conv_pick(2, 3);
	struct dbrt_view *v = &s.views[k];

	memcpy(v->dims, s.views[0].dims, sizeof(v->dims));
	for (int d = 0; may_move && d < DBP_MAX_RANK; d++)
		if (k && !conv_pick(0, 7))
			v->dims[d] = 1; /* broadcast */
	pick_order(order, may_move && k && conv_pick(0, 1));
	place_view(k, pick_strides(v, order, k ? step : 1));
	if (may_move && k)
		flip_view(v);
}

/* The last dim's pairs. */
static void pick_multiplier_view(void)
{
	struct dbrt_view *v = &s.views[3];
	uint32_t channels = s.views[0].dims[DBP_MAX_RANK - 1];

	for (int d = 0; d < DBP_MAX_RANK; d++) {
		v->dims[d] = 1;
		v->stride[d] = 0;
	}
	v->size = 4;
	v->dims[DBP_MAX_RANK - 1] = channels;
	v->stride[DBP_MAX_RANK - 1] = channels > 1;
	place_view(3, channels);
}

static size_t view_elements(const struct dbrt_view *v)
{
	size_t n = 1;

	for (int d = 0; d < DBP_MAX_RANK; d++)
		n *= v->dims[d];
	return n;
}

static void pick_views(void)
{
	static const uint32_t counts[DBRT_ROW_COUNT] = { 2, 2, 3, 4, 3 };
	uint32_t size = s.kind == DBRT_ROW_COPY && conv_pick(0, 1) ? 4 : 1;

	s.count = counts[s.kind];
	for (uint32_t k = 0; k < s.count; k++)
		s.views[k].size = size;
	do
		pick_dims(s.views[0].dims);
	while (view_elements(&s.views[0]) > MOST_ELEMENTS);
	for (uint32_t k = 0; k < s.count && k < 3; k++)
		pick_view((int)k, s.kind != DBRT_ROW_ADD_CHANNELS);
	if (s.count == 4)
		pick_multiplier_view();
	s.in_place = s.kind == DBRT_ROW_COPY ? 0 :
					       conv_pick(0, 3) % (int)s.count;
	if (s.in_place == 3)
		s.in_place = 0;
}

/* ---- Parameters ---- */

static int32_t pick_add_multiplier(void)
{
	static const int32_t ends[] = { 1 << 30, -(1 << 30), (1 << 30) - 1, 0 };
	int32_t m = conv_pick(0, 1 << 15) << 15 | conv_pick(0, 0x7fff);

	if (!conv_pick(0, 7))
		return ends[conv_pick(0, 3)];
	m >>= conv_pick(0, 3) ? 1 : conv_pick(0, 30);
	return conv_pick(0, 3) ? m : -m;
}

static void pick_params(void)
{
	int low = conv_pick(0, 1) ? -128 : conv_pick(-128, 127);
	int high = conv_pick(0, 1) ? 127 : conv_pick(low, 127);
	struct dbp_add *add = &s.params.add;
	struct dbp_mul *mul = &s.params.mul;
	struct dbp_add_channels *channels = &s.params.add_channels;

	s.pair = (struct dbrt_pair){ &s.params, conv_pick(-128, 127),
				     conv_pick(-128, 127),
				     conv_pick(-128, 127) };
	s.ctx = &s.pair;
	if (s.kind == DBRT_ROW_COPY) {
		s.ctx = &s.views[0].size;
	} else if (s.kind == DBRT_ROW_MAP) {
		s.ctx = s.table;
		for (int i = 0; i < 256; i++)
			s.table[i] = (int8_t)conv_pick(-128, 127);
	} else if (s.kind == DBRT_ROW_ADD) {
		add->multiplier_a = pick_add_multiplier();
		add->multiplier_b = pick_add_multiplier();
		add->shift = (uint8_t)(conv_pick(0, 3) ? conv_pick(20, 31) :
							 conv_pick(1, 62));
		add->clamp_min = (int8_t)low;
		add->clamp_max = (int8_t)high;
	} else if (s.kind == DBRT_ROW_ADD_CHANNELS) {
		channels->shift = (uint8_t)conv_pick(1, 24);
		channels->clamp_min = (int8_t)low;
		channels->clamp_max = (int8_t)high;
	} else {
		mul->multiplier =
			conv_pick(0, 9) ? (uint32_t)conv_pick(32768, 65535) : 0;
		mul->shift = (uint8_t)(conv_pick(0, 3) ? conv_pick(14, 24) :
							 conv_pick(1, 62));
		mul->clamp_min = (int8_t)low;
		mul->clamp_max = (int8_t)high;
	}
}

/* ---- What is expected ---- */

static int64_t clamped(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static int64_t rounded(int64_t v, int shift)
{
	return (v + ((int64_t)1 << (shift - 1))) >> shift;
}

static int8_t expected_code(const uint8_t *const at[4])
{
	int64_t a = (int8_t)*at[1], b = s.count > 2 ? (int8_t)*at[2] : 0;
	const struct dbp_add *add = &s.params.add;
	const struct dbp_mul *mul = &s.params.mul;
	const struct dbp_add_channels *channels = &s.params.add_channels;
	int16_t m[2];

	if (s.kind == DBRT_ROW_MAP)
		return s.table[a + 128];
	a -= s.pair.za;
	b -= s.pair.zb;
	if (s.kind == DBRT_ROW_ADD) {
		a = a * add->multiplier_a + b * add->multiplier_b;
		return (int8_t)clamped(rounded(a, add->shift) + s.pair.zo,
				       add->clamp_min, add->clamp_max);
	}
	if (s.kind == DBRT_ROW_MUL)
		return (int8_t)clamped(
			rounded(a * b * mul->multiplier, mul->shift) +
				s.pair.zo,
			mul->clamp_min, mul->clamp_max);
	memcpy(m, at[3], sizeof(m));
	a = rounded(a * m[0] + b * m[1], channels->shift) + s.pair.zo;
	return (int8_t)clamped(a, channels->clamp_min, channels->clamp_max);
}

/* Element `index` of all views, counted over the dims of the first one. */
static void find_element(size_t index, ptrdiff_t offset[4])
{
	memset(offset, 0, 4 * sizeof(*offset));
	for (int d = DBP_MAX_RANK - 1; d >= 0; d--) {
		uint32_t at = (uint32_t)(index % s.views[0].dims[d]);

		index /= s.views[0].dims[d];
		for (uint32_t k = 0; k < s.count; k++)
			offset[k] += s.views[k].dims[d] > 1 ?
					     (ptrdiff_t)s.views[k].stride[d] *
						     (ptrdiff_t)at *
						     s.views[k].size :
					     0;
	}
}

/* Into an image of the output's memory. */
static void expect(uint8_t *want)
{
	const struct dbrt_view *out = &s.views[0];
	size_t n = view_elements(out);
	const uint8_t *base = page_end(0, s.bytes[0]);

	for (size_t i = 0; i < n; i++) {
		const uint8_t *at[4] = { NULL };
		ptrdiff_t offset[4];
		uint8_t *to;

		find_element(i, offset);
		for (uint32_t k = 1; k < s.count; k++)
			at[k] = s.views[k].data + offset[k];
		to = want + (out->data - base) + offset[0];
		if (s.kind == DBRT_ROW_COPY)
			memcpy(to, at[1], out->size);
		else
			*(int8_t *)to = expected_code(at);
	}
}

/* ---- Runs ---- */

/* The library has its own choice in a file that this program does without. */
const struct dbrt_kernels *dbrt_kernels(void)
{
	return &dbrt_kernels_portable;
}

static dbrt_row *const portable[DBRT_ROW_COUNT] = {
	[DBRT_ROW_COPY] = dbrt_copy_row,
	[DBRT_ROW_MAP] = dbrt_map_row,
	[DBRT_ROW_ADD] = dbrt_add_row,
	[DBRT_ROW_ADD_CHANNELS] = dbrt_add_channels_row,
	[DBRT_ROW_MUL] = dbrt_mul_row,
};

static void fill(void)
{
	for (uint32_t k = 0; k < s.count; k++) {
		uint8_t *p = page_end((int)k, s.bytes[k]);

		for (size_t i = 0; i < s.bytes[k]; i++)
			p[i] = (uint8_t)conv_pick(0, 255);
	}
}

/* Runs on the same numbers again and again: an input in place of the output
 * is a copy. */
static void check_row(dbrt_row *row, const char *name)
{
	static uint8_t first[PAGE_END_BYTES], want[PAGE_END_BYTES];
	const struct dbrt_model m = { .workers = 1 };
	struct dbrt_view views[DBRT_WALK_VIEWS];
	uint8_t *out = page_end(0, s.bytes[0]);

	memcpy(first, out, s.bytes[0]);
	memcpy(want, out, s.bytes[0]);
	memcpy(views, s.views, sizeof(views));
	if (s.in_place) {
		views[s.in_place] = views[0];
		s.views[s.in_place] = views[0];
	}
	expect(want);
	dbrt_walk_rows(&m, views, s.count, 1, row, s.ctx);
	for (size_t i = 0; i < s.bytes[0]; i++)
		if (out[i] != want[i])
			fail_msg("%s, kind %d: byte %d is %u, expected %u",
				 name, s.kind, (int)i, out[i], want[i]);
	memcpy(out, first, s.bytes[0]);
}

static void test_walks(void **state)
{
	(void)state;
	for (int kind = 0; kind < DBRT_ROW_COUNT; kind++) {
		conv_seed(first_seed + (uint32_t)kind);
		for (int n = 0; n < CALLS; n++) {
			memset(&s, 0, sizeof(s));
			s.kind = (enum dbrt_row_kind)kind;
			pick_views();
			pick_params();
			fill();
			check_row(portable[kind], "portable");
#ifdef DBRT_NEON_ROWS
			check_row(dbrt_kernels_neon.rows->row[kind], "neon");
#endif
		}
	}
	print_message("seed %u: %u walks\n", first_seed,
		      CALLS * (uint32_t)DBRT_ROW_COUNT);
}

#ifdef DBRT_NEON_ROWS

/* ---- Windows ---- */

static int8_t expected_window(const struct dbrt_pool_window *w, const int8_t *x,
			      const struct dbrt_average *a)
{
	int64_t best = -128, sum = 0, d, q;

	for (uint32_t y = 0; y < w->rows; y++)
		for (uint32_t i = 0; i < w->columns; i++) {
			int8_t v = x[y * w->row_stride + i * w->column_stride];

			best = v > best ? v : best;
			sum += v - a->zero_in;
		}
	if (!a->divisor)
		return (int8_t)best;
	d = (int64_t)a->divisor << a->shift;
	sum = 2 * sum * a->multiplier + d;
	q = sum / (2 * d) - (sum % (2 * d) < 0);
	return (int8_t)clamped(q + a->zero_out, -128, 127);
}

static void pick_window(struct dbrt_pool_window *w, struct dbrt_average *a)
{
	int averages = conv_pick(0, 1), most = averages ? 11 : 14;
	size_t pitch, reach;

	w->rows = (uint32_t)conv_pick(1, most);
	w->columns = conv_pick(0, 1) ? 3 : (uint32_t)conv_pick(1, most);
	w->pixels = (uint32_t)conv_pick(1, 5);
	w->channels = (uint32_t)conv_pick(DBRT_WINDOW_CHANNELS, 50);
	pitch = w->channels + (size_t)conv_pick(0, 9);
	w->column_stride = pitch * (size_t)conv_pick(1, 2);
	w->row_stride = pitch * (size_t)conv_pick(1, 20);
	w->pixel_stride = pitch * (size_t)conv_pick(1, 2);
	w->out_stride = w->channels + (size_t)conv_pick(0, 9);
	reach = (w->rows - 1) * w->row_stride +
		(w->columns - 1) * w->column_stride +
		(w->pixels - 1) * w->pixel_stride + w->channels;
	s.bytes[1] = reach;
	w->in = (const int8_t *)page_end(1, reach);
	*a = (struct dbrt_average){ 0, 0, 0, conv_pick(-128, 127),
				    conv_pick(-128, 127) };
	if (averages) {
		a->divisor = (uint32_t)conv_pick((int)(w->rows * w->columns),
						 DBRT_AVERAGE_CELLS);
		a->multiplier = (uint32_t)conv_pick(32768, 65535);
		a->shift = (uint32_t)(conv_pick(0, 2) ? conv_pick(13, 18) :
							conv_pick(0, 40));
	}
	s.bytes[0] = w->out_stride * (w->pixels - 1) + w->channels;
}

static void check_window(const struct dbrt_pool_window *w,
			 const struct dbrt_average *a)
{
	static uint8_t want[PAGE_END_BYTES];
	const struct dbrt_rows *rows = dbrt_kernels_neon.rows;
	uint8_t *out = page_end(0, s.bytes[0]);

	memcpy(want, out, s.bytes[0]);
	for (uint32_t p = 0; p < w->pixels; p++)
		for (uint32_t c = 0; c < w->channels; c++)
			want[p * w->out_stride + c] = (uint8_t)expected_window(
				w, w->in + p * w->pixel_stride + c, a);
	if (a->divisor)
		rows->average_windows((int8_t *)out, w, a);
	else
		rows->max_windows((int8_t *)out, w);
	for (size_t i = 0; i < s.bytes[0]; i++)
		if (out[i] != want[i])
			fail_msg("window of %u x %u, divisor %u: byte %d is "
				 "%d, expected %d",
				 w->rows, w->columns, a->divisor, (int)i,
				 (int8_t)out[i], (int8_t)want[i]);
}

static void test_windows(void **state)
{
	struct dbrt_pool_window w;
	struct dbrt_average a;

	(void)state;
	conv_seed(first_seed);
	for (int n = 0; n < CALLS; n++) {
		int extreme = conv_pick(0, 9);

		s.count = 2;
		pick_window(&w, &a);
		fill();
		if (extreme < 2)
			memset(page_end(1, s.bytes[1]), extreme ? 127 : -128,
			       s.bytes[1]);
		check_window(&w, &a);
	}
}

#endif

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walks),
#ifdef DBRT_NEON_ROWS
		cmocka_unit_test(test_windows),
#endif
	};

	if (argc > 1)
		first_seed = (uint32_t)strtoul(argv[1], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
