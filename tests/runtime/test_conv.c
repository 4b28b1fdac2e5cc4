/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions of the device against the sums that schemas/dbp.md writes
 * down, tap by tap, and the kernels of each instruction set against the
 * portable ones: exactly equal, over seeded random shapes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/kernels_portable.h"
#include "tests/support/dbp_run.h"

#define MAX_CELLS 20000
#define MAX_CHANNELS 64
#define MAX_WEIGHTS 40000

struct conv_setup {
	int kind;
	uint32_t in[4], out[4];
	struct dbp_conv p;
	int32_t zero_in, zero_out;
	uint32_t gap, workers;
	uint32_t missing; /* last bytes of the tables */
	/* arrays by output channel */
	int8_t codes[MAX_WEIGHTS], levels[MAX_CHANNELS * 16];
	int8_t table[MAX_CHANNELS * 1024];
	int32_t bias[MAX_CHANNELS];
	uint16_t multiplier[MAX_CHANNELS], multiplier2[MAX_CHANNELS];
	uint8_t shift[MAX_CHANNELS], shift2[MAX_CHANNELS];
	float scale[MAX_CHANNELS];
	int8_t x[MAX_CELLS];
};

static uint32_t cells(const uint32_t *dims)
{
	return dims[0] * dims[1] * dims[2] * dims[3];
}

static uint32_t window_size(const struct conv_setup *s)
{
	return (uint32_t)s->p.kernel_h * s->p.kernel_w * s->in[3] / s->p.groups;
}

/* ---- The specification ---- */

static int32_t number(const struct conv_setup *s, uint32_t o, uint32_t k)
{
	int8_t code = s->codes[o * window_size(s) + k];
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
				window_size(s), s->p.weight_bits, &bytes);

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
	s->p.multiplier2 = dbp_add_data(b, s->multiplier2, 2 * outputs);
	s->p.shift2 = dbp_add_data(b, s->shift2, outputs);
	s->p.float_scale = dbp_add_data(b, s->scale, 4 * outputs);
	if (s->p.post == DBP_POST_TABLES)
		table_bytes *= outputs;
	s->p.table = dbp_add_data(b, s->table, table_bytes - s->missing);
}

static int open_conv(struct dbp_run *r, struct conv_setup *s)
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
		      "bits %d grid %d post %d depthwise %d\n",
		      s->kind, s->in[0], s->in[1], s->in[2], s->in[3],
		      s->out[1], s->out[2], s->out[3], s->p.kernel_h,
		      s->p.kernel_w, s->p.stride_h, s->p.stride_w,
		      s->p.dilation_h, s->p.dilation_w, s->p.pad_top,
		      s->p.pad_left, s->p.groups, s->p.weight_bits, s->p.grid,
		      s->p.post, s->p.depthwise);
}

static void compare(const struct conv_setup *s, const struct dbp_run *r)
{
	static float got[MAX_CELLS];
	uint32_t n = cells(s->out), zero;

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

static void check(struct conv_setup *s)
{
	struct dbp_run r;
	int status = open_conv(&r, s);

	if (status != DBRT_OK)
		describe(s);
	assert_int_equal(status, DBRT_OK);
	assert_int_equal(dbrt_set_input(&r.model, 0, s->x, cells(s->in)),
			 DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	compare(s, &r);
	dbp_run_close(&r);
}

/* ---- Random ones ---- */

static uint32_t seed_now;

/* low to high, both possible */
static int pick(int low, int high)
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
	*m = (uint16_t)pick(32768, 65535);
	*shift = (uint8_t)(15 + bits + pick(0, 2));
}

static void pick_arrays(struct conv_setup *s)
{
	uint32_t k = window_size(s), outputs = s->out[3];
	int half = 1 << (s->p.weight_bits - 1);

	assert_true(outputs <= MAX_CHANNELS && outputs * k <= MAX_WEIGHTS);
	assert_true(cells(s->in) <= MAX_CELLS && cells(s->out) <= MAX_CELLS);
	for (uint32_t i = 0; i < outputs * k; i++)
		s->codes[i] = (int8_t)pick(-half, half - 1);
	for (uint32_t i = 0; i < outputs * 16; i++)
		s->levels[i] = (int8_t)pick(-128, 127);
	for (uint32_t i = 0; i < 1024 * outputs; i++)
		s->table[i] = (int8_t)pick(-128, 127);
	for (uint32_t o = 0; o < outputs; o++) {
		uint32_t spread = 64 * (uint32_t)half + k * (uint32_t)half;

		s->bias[o] = pick(-20 * half, 20 * half);
		pick_scaling(&s->multiplier[o], &s->shift[o], spread);
		pick_scaling(&s->multiplier2[o], &s->shift2[o], 4 * spread);
		s->scale[o] = 0.01f * (float)pick(1, 100);
	}
	for (uint32_t i = 0; i < cells(s->in); i++)
		s->x[i] = (int8_t)pick(-128, 127);
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
		int before = pick(0, reach - 1), behind = pick(0, reach - 1);

		in = (int)s->in[1 + i];
		if (s->kind == DBP_OP_CONV) {
			out = (in + before + behind - reach) / stride[i] + 1;
			if (in + before + behind < reach)
				out = 1;
		} else {
			out = (in - 1) * stride[i] + reach - before - behind +
			      pick(0, stride[i] - 1);
			out = out < 1 ? 1 : out;
		}
		s->out[1 + i] = (uint32_t)out;
		pad[i] = (uint16_t)before;
	}
	s->p.pad_top = pad[0];
	s->p.pad_left = pad[1];
}

static void pick_setup(struct conv_setup *s, int kind)
{
	static const uint8_t channels[] = { 1, 2, 3, 4, 5, 8, 16, 17, 24, 33 };
	static const uint8_t widths[] = { 2, 4, 8, 3 };
	int depthwise = kind == DBP_OP_CONV && pick(0, 3) == 0;
	uint32_t per_in, per_out;

	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->p.groups = depthwise  ? channels[pick(0, 9)] :
		      pick(0, 2) ? 1 :
				   (uint32_t)pick(2, 3);
	per_in = depthwise ? 1 : channels[pick(0, s->p.groups > 1 ? 5 : 9)];
	per_out = depthwise ? 1 : channels[pick(0, s->p.groups > 1 ? 7 : 9)];
	s->p.depthwise = (uint8_t)depthwise;
	s->p.kernel_h = (uint16_t)pick(1, 4);
	s->p.kernel_w = (uint16_t)pick(1, pick(0, 4) ? 4 : 7);
	if (!depthwise && pick(0, 3) == 0)
		s->p.kernel_h = s->p.kernel_w = 1;
	s->p.stride_h = (uint16_t)pick(1, pick(0, 1) ? 1 : 3);
	s->p.stride_w = (uint16_t)pick(1, pick(0, 1) ? 1 : 3);
	s->p.dilation_h = (uint16_t)pick(1, pick(0, 2) ? 1 : 3);
	s->p.dilation_w = (uint16_t)pick(1, pick(0, 2) ? 1 : 3);
	s->p.weight_bits = widths[pick(0, depthwise ? 2 : 3)];
	s->p.grid = s->p.weight_bits == 8 ? DBP_GRID_UNIFORM :
					    (uint8_t)pick(0, 2);
	s->p.post = (uint8_t)pick(0, 4);
	s->p.clamp_min = (int8_t)pick(-128, 0);
	s->p.clamp_max = (int8_t)pick(0, 127);
	s->p.inner_zero_point = (int8_t)pick(-128, 127);
	s->p.inner_extra = has_table(s) ? (uint8_t)pick(0, 2) : 0;
	s->zero_in = pick(-128, 127);
	s->zero_out = pick(-128, 127);
	s->gap = pick(0, 2) ? 0 : (uint32_t)pick(1, 5);
	s->workers = (uint32_t)pick(1, 3);
	s->in[0] = pick(0, 4) ? 1 : 2;
	s->in[1] = (uint32_t)pick(1, 9);
	s->in[2] = (uint32_t)pick(1, 12);
	s->in[3] = s->p.groups * per_in;
	s->out[0] = s->in[0];
	s->out[3] = s->p.groups * per_out;
	pick_geometry(s);
	pick_arrays(s);
}

static void run_random(int kind, int count, uint32_t seed)
{
	struct conv_setup *s = malloc(sizeof(*s));

	assert_non_null(s);
	seed_now = seed;
	for (int i = 0; i < count; i++) {
		pick_setup(s, kind);
		check(s);
	}
	free(s);
}

static void test_conv(void **state)
{
	(void)state;
	run_random(DBP_OP_CONV, 600, 20261);
}

static void test_conv_transpose(void **state)
{
	(void)state;
	run_random(DBP_OP_CONV_TRANSPOSE, 300, 20262);
}

/* 1x1 over whole tiles of channels, which reads the input in place. */
static void test_direct(void **state)
{
	struct conv_setup *s = malloc(sizeof(*s));

	(void)state;
	assert_non_null(s);
	seed_now = 20263;
	for (int i = 0; i < 60; i++) {
		do
			pick_setup(s, DBP_OP_CONV);
		while (s->p.depthwise);
		s->p.kernel_h = s->p.kernel_w = 1;
		s->p.stride_h = s->p.stride_w = 1;
		s->p.pad_top = s->p.pad_left = 0;
		s->p.groups = 1;
		s->in[3] = 16 * (uint32_t)pick(1, 4);
		s->out[1] = s->in[1];
		s->out[2] = s->in[2];
		s->out[3] = (uint32_t)pick(1, 20);
		pick_arrays(s);
		check(s);
	}
	free(s);
}

/* The largest sums there are: every code at its end. */
static void test_largest_sums(void **state)
{
	struct conv_setup *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	for (int i = 0; i < 4; i++) {
		int8_t code = i & 1 ? -128 : 127, x = i & 2 ? -128 : 127;

		*s = (struct conv_setup){ .kind = DBP_OP_CONV,
					  .in = { 1, 3, 3, 1088 },
					  .out = { 1, 1, 1, 4 },
					  .workers = 1 };
		s->p = (struct dbp_conv){ .kernel_h = 3,
					  .kernel_w = 3,
					  .stride_h = 1,
					  .stride_w = 1,
					  .dilation_h = 1,
					  .dilation_w = 1,
					  .groups = 1,
					  .weight_bits = 8,
					  .post = DBP_POST_FLOAT };
		memset(s->codes, code, 4 * window_size(s));
		memset(s->x, x, cells(s->in));
		for (int o = 0; o < 4; o++) {
			s->bias[o] = o & 1 ? -(1 << 30) : 1 << 30;
			s->scale[o] = 1;
		}
		check(s);
	}
	free(s);
}

/* ---- What is refused ---- */

static int status_of(struct conv_setup *s)
{
	struct dbp_run r;
	int status = open_conv(&r, s);

	dbp_run_close(&r);
	return status;
}

static void test_refused(void **state)
{
	struct conv_setup *s = malloc(sizeof(*s));
	struct dbp_conv kept;

	(void)state;
	assert_non_null(s);
	seed_now = 20264;
	for (int i = 0; i < 40; i++) {
		do
			pick_setup(s, DBP_OP_CONV);
		while (s->p.post != (i % 2 ? DBP_POST_TABLE : DBP_POST_TABLES));
		kept = s->p;
		assert_int_equal(status_of(s), DBRT_OK);
		s->missing = 16;
		assert_int_equal(status_of(s), DBRT_ERROR_FORMAT);
		s->missing = 0;
		s->p.inner_extra = 3;
		assert_int_equal(status_of(s), DBRT_ERROR_FORMAT);
		s->p.inner_extra = 1;
		s->p.post = DBP_POST_CLAMP;
		assert_int_equal(status_of(s), DBRT_ERROR_FORMAT);
		s->p = kept;
		s->p.post = DBP_POST_TABLES + 1;
		assert_int_equal(status_of(s), DBRT_ERROR_FORMAT);
	}
	free(s);
}

/* ---- Kernels of each instruction set ---- */

typedef void dot_fn(int32_t (*acc)[4], const int8_t *w, const int8_t *x,
		    size_t stride, uint32_t blocks, uint32_t pixels);

/* Against the plain one too: any weights, codes of 4 bits, and blocks enough
 * for all that is added up in 16 bits. */
static void compare_dot_w8a4(dot_fn *dot_w8a4)
{
	uint32_t blocks = (uint32_t)pick(1, 70), pixels = (uint32_t)pick(1, 4);
	size_t stride = 16 * (size_t)blocks + (size_t)pick(0, 3);
	static int8_t w[70 * 64], x[4 * (70 * 16 + 3)];
	int32_t a[4][4], b[4][4];
	bool worst = !pick(0, 3);

	for (size_t i = 0; i < sizeof(w); i++)
		w[i] = (int8_t)(worst ? -128 : pick(-128, 127));
	for (size_t i = 0; i < sizeof(x); i++)
		x[i] = (int8_t)pick(-8, 7);
	if (worst)
		memset(x, pick(0, 1) ? 7 : -8, sizeof(x));
	dbrt_kernels_portable.dot_w8a8(a, w, x, stride, blocks, pixels);
	dot_w8a4(b, w, x, stride, blocks, pixels);
	assert_memory_equal(a, b, pixels * sizeof(a[0]));
}

#ifdef DBRT_X86
static void fill(void *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((uint8_t *)p)[i] = (uint8_t)pick(0, 255);
}

static void compare_dot(const struct dbrt_kernels *k)
{
	uint32_t blocks = (uint32_t)pick(1, 9), pixels = (uint32_t)pick(1, 16);
	size_t stride = 16 * (size_t)blocks + (size_t)pick(0, 3);
	static int8_t w[9 * 64], x[16 * 160];
	int32_t a[16][4], b[16][4];

	fill(w, sizeof(w));
	fill(x, sizeof(x));
	dbrt_kernels_portable.dot_w8a8(a, w, x, stride, blocks, pixels);
	k->dot_w8a8(b, w, x, stride, blocks, pixels);
	assert_memory_equal(a, b, pixels * sizeof(a[0]));
}

static void compare_decode(const struct dbrt_kernels *k)
{
	uint32_t blocks = (uint32_t)pick(1, 9), bits = (uint32_t)pick(2, 4);
	static uint8_t packed[9 * 32];
	static int8_t a[9 * 64], b[9 * 64];
	int8_t values[4][16];

	fill(packed, sizeof(packed));
	fill(values, sizeof(values));
	dbrt_kernels_portable.decode_weights(a, packed, values, blocks, bits);
	k->decode_weights(b, packed, values, blocks, bits);
	assert_memory_equal(a, b, (size_t)blocks * 64);
}

static void compare_requantize(const struct dbrt_kernels *k)
{
	static int32_t acc[16 * 16], bias[32];
	static uint16_t m[32], m2[32];
	static uint8_t s[32], s2[32];
	static int8_t table[32 * 1024], a[16 * 40], b[16 * 40];
	uint32_t lanes = pick(0, 1) ? 4 : 16, pixels = (uint32_t)pick(1, 16);
	uint32_t channel = (uint32_t)pick(0, 16);
	uint32_t count = (uint32_t)pick(1, (int)lanes);
	bool leaky = pick(0, 1);
	struct dbrt_post p = { bias,
			       m,
			       leaky ? m2 : m,
			       s,
			       leaky ? s2 : s,
			       NULL,
			       0,
			       pick(-128, 127),
			       pick(-128, 0),
			       pick(0, 127) };

	if (!pick(0, 2)) {
		int size = 256 << pick(0, 2);

		p.table = table;
		p.table_step = pick(0, 1) ? (uint32_t)size : 0;
		p.zero_point *= size / 256;
		p.low = -size / 2;
		p.high = size / 2 - 1;
	}
	for (int i = 0; i < 256; i++)
		acc[i] = pick(-(1 << 29), 1 << 29) >> pick(0, 25);
	for (int i = 0; i < 32; i++) {
		bias[i] = pick(-(1 << 29), 1 << 29) >> pick(0, 25);
		m[i] = pick(0, 9) ? (uint16_t)pick(32768, 65535) : 0;
		m2[i] = (uint16_t)pick(32768, 65535);
		s[i] = (uint8_t)pick(1, pick(0, 3) ? 40 : 62);
		s2[i] = (uint8_t)pick(1, 62);
	}
	fill(table, sizeof(table));
	fill(a, sizeof(a));
	memcpy(b, a, sizeof(b));
	dbrt_kernels_portable.requantize(a, 40, acc, lanes, pixels, &p, channel,
					 count);
	k->requantize(b, 40, acc, lanes, pixels, &p, channel, count);
	assert_memory_equal(a, b, sizeof(a));
}

static void compare_depthwise(const struct dbrt_kernels *k)
{
	static int16_t w[7 * 7 * 16];
	static int8_t x[7 * 400 + 16 * 64 + 64];
	int32_t base[16], a[16][16], b[16][16];
	struct dbrt_depthwise_window d = {
		w,
		x,
		(size_t)pick(64, 300),
		(size_t)pick(16, 40),
		(size_t)pick(16, 48),
		(uint32_t)pick(1, 7),
		(uint32_t)pick(1, 7),
		(uint32_t)pick(1, 16),
		(uint32_t)pick(1, 16),
	};

	for (size_t i = 0; i < sizeof(w) / sizeof(*w); i++)
		w[i] = (int16_t)pick(-128, 127);
	for (int i = 0; i < 16; i++)
		base[i] = pick(-(1 << 20), 1 << 20);
	fill(x, sizeof(x));
	dbrt_kernels_portable.depthwise_w16a8(a, base, &d);
	k->depthwise_w16a8(b, base, &d);
	for (uint32_t i = 0; i < d.pixels; i++)
		assert_memory_equal(a[i], b[i], 4 * d.channels);
}

static void test_kernels(void **state)
{
	int rows = 0;

	(void)state;
	seed_now = 20264;
	for (int i = 0; dbrt_kernels_x86[i]; i++) {
		const struct dbrt_kernels *k = dbrt_kernels_x86[i];

		if (!dbrt_kernels_x86_runs(k)) {
			print_message("not on this processor: %s\n", k->name);
			continue;
		}
		rows++;
		for (int n = 0; n < 2000; n++) {
			compare_dot(k);
			compare_dot_w8a4(k->dot_w8a4);
			compare_decode(k);
			compare_requantize(k);
			compare_depthwise(k);
		}
	}
	if (!rows)
		skip();
}
#endif

static void test_portable_dot_w8a4(void **state)
{
	(void)state;
	seed_now = 77;
	for (int n = 0; n < 500; n++)
		compare_dot_w8a4(dbrt_kernels_portable.dot_w8a4);
	for (int n = 0; n < 500; n++)
		compare_dot_w8a4(dbrt_dot_w8a4_lanes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_portable_dot_w8a4),
		cmocka_unit_test(test_conv),
		cmocka_unit_test(test_conv_transpose),
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_largest_sums),
		cmocka_unit_test(test_refused),
#ifdef DBRT_X86
		cmocka_unit_test(test_kernels),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
