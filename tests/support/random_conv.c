/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/random_conv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint32_t conv_cells(const uint32_t *dims)
{
	return dims[0] * dims[1] * dims[2] * dims[3];
}

uint32_t conv_window(const struct conv_setup *s)
{
	return (uint32_t)s->p.kernel_h * s->p.kernel_w * s->in[3] / s->p.groups;
}

/* ---- The specification ---- */

static int32_t number(const struct conv_setup *s, uint32_t o, uint32_t k)
{
	int8_t code = s->codes[o * conv_window(s) + k];
	uint32_t mask = (1u << s->p.weight_bits) - 1;

	if (s->p.grid == DBP_GRID_HALF)
		return 2 * code + 1;
	if (s->p.grid == DBP_GRID_LEVELS)
		return s->levels[o * (mask + 1) + ((uint32_t)code & mask)];
	return code;
}

/* Where a tap reads from on one axis; -1: padding. */
static int64_t source(const struct conv_setup *s, int64_t at, int64_t tap,
		      int64_t stride, int64_t dilation, int64_t pad,
		      int64_t size)
{
	int64_t from;

	if (s->kind == DBP_OP_CONV) {
		from = at * stride + tap * dilation - pad;
	} else {
		from = at + pad - tap * dilation;
		if (from % stride)
			return -1;
		from /= stride;
	}
	return from >= 0 && from < size ? from : -1;
}

static int64_t accumulate(const struct conv_setup *s, uint32_t n, uint32_t oy,
			  uint32_t ox, uint32_t o)
{
	uint32_t cin = s->in[3] / s->p.groups, k = 0;
	uint32_t g = o / (s->out[3] / s->p.groups);
	int64_t sum = s->bias[o];

	for (uint32_t ky = 0; ky < s->p.kernel_h; ky++)
		for (uint32_t kx = 0; kx < s->p.kernel_w; kx++) {
			int64_t y = source(s, oy, ky, s->p.stride_h,
					   s->p.dilation_h, s->p.pad_top,
					   s->in[1]);
			int64_t x = source(s, ox, kx, s->p.stride_w,
					   s->p.dilation_w, s->p.pad_left,
					   s->in[2]);
			int64_t at =
				((n * s->in[1] + y) * s->in[2] + x) * s->in[3] +
				g * cin;

			for (uint32_t c = 0; c < cin; c++, k++)
				sum += (y < 0 || x < 0 ? s->zero_in :
							 s->x[at + c]) *
				       (int64_t)number(s, o, k);
		}
	return sum;
}

static int64_t requantized(int64_t v, int64_t m, int shift, int64_t zero,
			   int64_t low, int64_t high)
{
	int64_t unit = (int64_t)1 << shift, x = v * m + unit / 2;
	int64_t q = x / unit - (x % unit < 0) + zero;

	return q < low ? low : q > high ? high : q;
}

static bool has_table(const struct conv_setup *s)
{
	return s->p.post == DBP_POST_TABLE || s->p.post == DBP_POST_TABLES;
}

static double expected(const struct conv_setup *s, uint32_t n, uint32_t oy,
		       uint32_t ox, uint32_t o)
{
	int64_t acc = accumulate(s, n, oy, ox, o);
	bool second = s->p.post == DBP_POST_LEAKY && acc < 0;
	uint16_t m = second ? s->multiplier2[o] : s->multiplier[o];
	uint8_t shift = second ? s->shift2[o] : s->shift[o];

	if (s->p.post == DBP_POST_FLOAT)
		return (double)((float)acc * s->scale[o]);
	if (has_table(s)) {
		int unit = 1 << s->p.inner_extra, size = 256 * unit;
		int64_t at = requantized(acc, m, shift,
					 s->p.inner_zero_point * unit,
					 -size / 2, size / 2 - 1);

		at += s->p.post == DBP_POST_TABLES ? size * (int64_t)o : 0;
		return s->table[at + size / 2];
	}
	return (double)requantized(acc, m, shift, s->zero_out, s->p.clamp_min,
				   s->p.clamp_max);
}

/* ---- One model ---- */

static void add_arrays(struct dbp_builder *b, struct conv_setup *s)
{
	uint32_t outputs = s->out[3], taps = s->p.kernel_h * s->p.kernel_w;
	uint32_t table_bytes = dbp_conv_table_size(&s->p);
	size_t bytes;
	uint8_t *weights =
		s->p.depthwise ?
			dbp_pack_depthwise_weights(s->codes, outputs, taps,
						   s->p.weight_bits, &bytes) :
			dbp_pack_conv_weights(
				s->codes, s->p.groups, outputs / s->p.groups,
				conv_window(s), s->p.weight_bits, &bytes);

	s->p.weights = dbp_add_data(b, weights, bytes);
	s->p.weights_bytes = (uint32_t)bytes;
	free(weights);
	s->p.levels = DBP_NONE;
	if (s->p.grid == DBP_GRID_LEVELS)
		s->p.levels = dbp_add_data(b, s->levels,
					   (size_t)outputs << s->p.weight_bits);
	s->p.bias = dbp_add_data(b, s->bias, 4 * outputs);
	s->p.multiplier = dbp_add_data(b, s->multiplier, 2 * outputs);
	s->p.shift = dbp_add_data(b, s->shift, outputs);
	s->p.multiplier2 = s->p.multiplier;
	if (!(s->merged & CONV_MERGED_MULTIPLIERS))
		s->p.multiplier2 = dbp_add_data(b, s->multiplier2, 2 * outputs);
	s->p.shift2 = s->p.shift;
	if (!(s->merged & CONV_MERGED_SHIFTS))
		s->p.shift2 = dbp_add_data(b, s->shift2, outputs);
	s->p.float_scale = dbp_add_data(b, s->scale, 4 * outputs);
	if (s->p.post == DBP_POST_TABLES)
		table_bytes *= outputs;
	s->p.table = dbp_add_data(b, s->table, table_bytes - s->missing);
}

int conv_open(struct dbp_run *r, struct conv_setup *s)
{
	int f32 = s->p.post == DBP_POST_FLOAT;
	struct dbp_builder b;
	uint32_t x, y;

	dbp_builder_init(&b);
	x = dbp_run_tensor(&b, DBP_S8, 4, s->in, 0.5f, s->zero_in, s->gap);
	y = dbp_run_tensor(&b, f32 ? DBP_F32 : DBP_S8, 4, s->out, f32 ? 0 : 1,
			   f32 ? 0 : s->zero_out, s->gap);
	dbp_add_input(&b, x);
	dbp_add_output(&b, y);
	add_arrays(&b, s);
	dbp_add_op(&b, s->kind, &x, 1, &y, 1, &s->p, sizeof(s->p),
		   dbp_conv_scratch_bytes(&s->p, dbp_tensor_of(&b, x),
					  dbp_tensor_of(&b, y)));
	return dbp_run_open(r, &b, s->workers);
}

static void describe(const struct conv_setup *s)
{
	print_message("kind %d in %ux%ux%ux%u out %ux%ux%u kernel %ux%u "
		      "stride %ux%u dilation %ux%u pad %u,%u groups %u "
		      "bits %d grid %d post %d depthwise %d merged %d\n",
		      s->kind, s->in[0], s->in[1], s->in[2], s->in[3],
		      s->out[1], s->out[2], s->out[3], s->p.kernel_h,
		      s->p.kernel_w, s->p.stride_h, s->p.stride_w,
		      s->p.dilation_h, s->p.dilation_w, s->p.pad_top,
		      s->p.pad_left, s->p.groups, s->p.weight_bits, s->p.grid,
		      s->p.post, s->p.depthwise, s->merged);
}

static void compare(const struct conv_setup *s, const struct dbp_run *r)
{
	static float got[MAX_CELLS];
	uint32_t n = conv_cells(s->out), zero;

	zero = s->p.post == DBP_POST_FLOAT ? 0 : (uint32_t)s->zero_out;
	assert_int_equal(dbrt_output_f32(&r->model, 0, got, n), DBRT_OK);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t o = i % s->out[3], ox = i / s->out[3] % s->out[2];
		uint32_t oy = i / s->out[3] / s->out[2] % s->out[1];
		uint32_t image = i / s->out[3] / s->out[2] / s->out[1];
		double want = expected(s, image, oy, ox, o) - (int32_t)zero;

		if (want != (double)got[i]) {
			describe(s);
			fail_msg("element %u is %g, expected %g", i,
				 (double)got[i], want);
		}
	}
	assert_true(dbp_run_gaps_kept(r, 0));
}

void conv_check(struct conv_setup *s)
{
	struct dbp_run r;
	int status = conv_open(&r, s);

	if (status != DBRT_OK)
		describe(s);
	assert_int_equal(status, DBRT_OK);
	assert_int_equal(dbrt_set_input(&r.model, 0, s->x, conv_cells(s->in)),
			 DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	compare(s, &r);
	dbp_run_close(&r);
}

/* ---- Random ones ---- */

static uint32_t seed_now;

void conv_seed(uint32_t seed)
{
	seed_now = seed;
}

/* low to high, both possible */
int conv_pick(int low, int high)
{
	return low +
	       (int)(dbp_run_random(&seed_now) % (uint32_t)(high - low + 1));
}

/* Multipliers that bring sums of about `spread` to codes. */
static void pick_scaling(uint16_t *m, uint8_t *shift, uint32_t spread)
{
	int bits = 0;

	while (spread >> bits > 64)
		bits++;
	*m = (uint16_t)conv_pick(32768, 65535);
	*shift = (uint8_t)(15 + bits + conv_pick(0, 2));
}

void conv_pick_arrays(struct conv_setup *s)
{
	uint32_t k = conv_window(s), outputs = s->out[3];
	int half = 1 << (s->p.weight_bits - 1), low = -half, high = half - 1;

	assert_true(outputs <= MAX_CHANNELS && outputs * k <= MAX_WEIGHTS);
	assert_true(conv_cells(s->in) <= MAX_CELLS &&
		    conv_cells(s->out) <= MAX_CELLS);
	/* kernels differ by the largest number that they find */
	if (conv_pick(0, 2)) {
		high >>= conv_pick(0, s->p.weight_bits - 2);
		low = -high;
	}
	for (uint32_t i = 0; i < outputs * k; i++)
		s->codes[i] = (int8_t)conv_pick(low, high);
	for (uint32_t i = 0; i < outputs * 16; i++)
		s->levels[i] = (int8_t)conv_pick(-128, 127);
	for (uint32_t i = 0; i < 1024 * outputs; i++)
		s->table[i] = (int8_t)conv_pick(-128, 127);
	for (uint32_t o = 0; o < outputs; o++) {
		uint32_t spread = 64 * (uint32_t)half + k * (uint32_t)half;

		s->bias[o] = conv_pick(-20 * half, 20 * half);
		pick_scaling(&s->multiplier[o], &s->shift[o], spread);
		pick_scaling(&s->multiplier2[o], &s->shift2[o], 4 * spread);
		s->scale[o] = 0.01f * (float)conv_pick(1, 100);
	}
	s->merged = conv_pick(0, 3);
	if (s->merged & CONV_MERGED_MULTIPLIERS)
		memcpy(s->multiplier2, s->multiplier, sizeof(s->multiplier));
	if (s->merged & CONV_MERGED_SHIFTS)
		memcpy(s->shift2, s->shift, sizeof(s->shift));
	for (uint32_t i = 0; i < conv_cells(s->in); i++)
		s->x[i] = (int8_t)conv_pick(-128, 127);
}

/* Output dims and pads that belong together. */
static void pick_geometry(struct conv_setup *s)
{
	const uint16_t kernel[2] = { s->p.kernel_h, s->p.kernel_w };
	const uint16_t stride[2] = { s->p.stride_h, s->p.stride_w };
	const uint16_t dilation[2] = { s->p.dilation_h, s->p.dilation_w };
	uint16_t pad[2];

	for (int i = 0; i < 2; i++) {
		int reach = (kernel[i] - 1) * dilation[i] + 1, in, out;
		int before = conv_pick(0, reach - 1),
		    behind = conv_pick(0, reach - 1);

		in = (int)s->in[1 + i];
		if (s->kind == DBP_OP_CONV) {
			out = (in + before + behind - reach) / stride[i] + 1;
			if (in + before + behind < reach)
				out = 1;
		} else {
			out = (in - 1) * stride[i] + reach - before - behind +
			      conv_pick(0, stride[i] - 1);
			out = out < 1 ? 1 : out;
		}
		s->out[1 + i] = (uint32_t)out;
		pad[i] = (uint16_t)before;
	}
	s->p.pad_top = pad[0];
	s->p.pad_left = pad[1];
}

void conv_pick_setup(struct conv_setup *s, int kind)
{
	static const uint8_t channels[] = { 1, 2, 3, 4, 5, 8, 16, 17, 24, 33 };
	static const uint8_t widths[] = { 2, 4, 8, 3 };
	int depthwise = kind == DBP_OP_CONV && conv_pick(0, 3) == 0;
	uint32_t per_in, per_out;

	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->p.groups = depthwise       ? channels[conv_pick(0, 9)] :
		      conv_pick(0, 2) ? 1 :
					(uint32_t)conv_pick(2, 3);
	per_in = depthwise ? 1 :
			     channels[conv_pick(0, s->p.groups > 1 ? 5 : 9)];
	per_out = depthwise ? 1 :
			      channels[conv_pick(0, s->p.groups > 1 ? 7 : 9)];
	s->p.depthwise = (uint8_t)depthwise;
	s->p.kernel_h = (uint16_t)conv_pick(1, 4);
	s->p.kernel_w = (uint16_t)conv_pick(1, conv_pick(0, 4) ? 4 : 7);
	if (!depthwise && conv_pick(0, 3) == 0)
		s->p.kernel_h = s->p.kernel_w = 1;
	s->p.stride_h = (uint16_t)conv_pick(1, conv_pick(0, 1) ? 1 : 3);
	s->p.stride_w = (uint16_t)conv_pick(1, conv_pick(0, 1) ? 1 : 3);
	s->p.dilation_h = (uint16_t)conv_pick(1, conv_pick(0, 2) ? 1 : 3);
	s->p.dilation_w = (uint16_t)conv_pick(1, conv_pick(0, 2) ? 1 : 3);
	s->p.weight_bits = widths[conv_pick(0, depthwise ? 2 : 3)];
	s->p.grid = s->p.weight_bits == 8 ? DBP_GRID_UNIFORM :
					    (uint8_t)conv_pick(0, 2);
	s->p.post = (uint8_t)conv_pick(0, 4);
	s->p.clamp_min = (int8_t)conv_pick(-128, 0);
	s->p.clamp_max = (int8_t)conv_pick(0, 127);
	s->p.inner_zero_point = (int8_t)conv_pick(-128, 127);
	s->p.inner_extra = has_table(s) ? (uint8_t)conv_pick(0, 2) : 0;
	s->zero_in = conv_pick(-128, 127);
	s->zero_out = conv_pick(-128, 127);
	s->gap = conv_pick(0, 2) ? 0 : (uint32_t)conv_pick(1, 5);
	s->workers = (uint32_t)conv_pick(1, 3);
	s->in[0] = conv_pick(0, 4) ? 1 : 2;
	s->in[1] = (uint32_t)conv_pick(1, 9);
	s->in[2] = (uint32_t)conv_pick(1, 12);
	s->in[3] = s->p.groups * per_in;
	s->out[0] = s->in[0];
	s->out[3] = s->p.groups * per_out;
	pick_geometry(s);
	if (conv_cells(s->out) > MAX_CELLS)
		conv_pick_setup(s, kind);
	else
		conv_pick_arrays(s);
}
