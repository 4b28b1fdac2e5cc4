/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every entry of every row of kernels that this processor runs, against the
 * portable row: the same bytes for random arguments, nothing written besides
 * the result, and nothing read behind an argument, whose last byte is the last
 * one of a page. Then whole convolutions with each row.
 *
 *	test_kernels [SEED]
 *
 * An entry of `entries` picks the arguments of a call and makes it; what else
 * is to be done with calls, such as timing them, needs no more than these two
 * functions.
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
#ifdef DBRT_NEON
#include "runtime/neon/dot_tile.h"
#endif
#include "tests/support/page_end.h"
#include "tests/support/random_conv.h"

#define CALLS 3000
#define CONVS 150
#define MOST_PIXELS 16
#define OUT_BYTES 4096
#define GUARD 64 /* bytes around the result that must stay */

static uint32_t first_seed = 20264;

/* ---- Arguments ---- */

/* `bytes` random bytes at the end of a region. */
static void *random_bytes(int region, size_t bytes)
{
	uint8_t *p = page_end(region, bytes);

	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)conv_pick(0, 255);
	return p;
}

/* ---- Calls ---- */

/* The arguments of a call; each entry uses what it needs. */
struct call {
	const void *w, *x;
	size_t stride;
	uint32_t blocks, pixels, bits;
	/* requantize */
	struct dbrt_post post;
	uint32_t lanes, channel, count;
	/* depthwise */
	struct dbrt_depthwise_window window;
#ifdef DBRT_NEON
	dbrt_dot_tile_kernel *kernel;
	struct dbrt_dot_tile tile;
#endif
};

/* Weights and windows; extreme: all products as large as they get. */
static void pick_dot(struct call *c, uint32_t blocks, int low, int high)
{
	int extreme = conv_pick(0, 7);
	int8_t *w, *x;
	size_t bytes;

	c->blocks = (uint32_t)conv_pick(1, (int)blocks);
	c->pixels = (uint32_t)conv_pick(1, MOST_PIXELS);
	c->stride = 16 * (size_t)c->blocks + (size_t)conv_pick(0, 19);
	bytes = (c->pixels - 1) * c->stride + 16 * (size_t)c->blocks;
	w = random_bytes(0, 64 * (size_t)c->blocks);
	x = random_bytes(1, bytes);
	for (size_t i = 0; i < bytes; i++)
		x[i] = (int8_t)(low == -128 ? x[i] : conv_pick(low, high));
	if (extreme < 4) {
		memset(w, extreme & 1 ? -128 : 127, 64 * (size_t)c->blocks);
		memset(x, extreme & 2 ? low : high, bytes);
	}
	c->w = w;
	c->x = x;
}

static void pick_w8a8(struct call *c)
{
	pick_dot(c, conv_pick(0, 15) ? 12 : 300, -128, 127);
}

static void run_w8a8(const struct dbrt_kernels *k, const struct call *c,
		     void *out)
{
	k->dot_w8a8(out, c->w, c->x, c->stride, c->blocks, c->pixels);
}

/* More blocks than are summed in 16 bits at a time. */
static void pick_w8a4(struct call *c)
{
	pick_dot(c, conv_pick(0, 3) ? 20 : 100, -8, 7);
}

static void run_w8a4(const struct dbrt_kernels *k, const struct call *c,
		     void *out)
{
	k->dot_w8a4(out, c->w, c->x, c->stride, c->blocks, c->pixels);
}

static void pick_decode(struct call *c)
{
	c->blocks = (uint32_t)conv_pick(1, 30);
	c->bits = (uint32_t)conv_pick(2, 4);
	c->w = random_bytes(0, 8 * (size_t)c->bits * c->blocks);
	c->x = random_bytes(1, 4 * 16); /* the numbers of the codes */
}

static void run_decode(const struct dbrt_kernels *k, const struct call *c,
		       void *out)
{
	k->decode_weights(out, c->w, c->x, c->blocks, c->bits);
}

static void pick_multipliers(uint16_t *m, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		m[i] = conv_pick(0, 9) ? (uint16_t)conv_pick(32768, 65535) : 0;
}

/* 1 to 62, often at one end. */
static void pick_shifts(uint8_t *s, uint32_t n)
{
	int form = conv_pick(0, 3);

	for (uint32_t i = 0; i < n; i++)
		s[i] = (uint8_t)(form == 0 ? conv_pick(1, 62) :
				 form == 1 ? (conv_pick(0, 1) ? 1 : 62) :
					     conv_pick(14, 40));
}

/* Small sums, sums as large as they get, and their bounds. */
static int32_t pick_sum(void)
{
	static const int32_t bounds[] = { 0, 1, -1, INT32_MAX, INT32_MIN };

	if (!conv_pick(0, 19))
		return bounds[conv_pick(0, 4)];
	return (int32_t)((uint32_t)conv_pick(0, 65535) << 16 |
			 (uint32_t)conv_pick(0, 65535)) >>
	       conv_pick(0, 31);
}

/* The second slope: others, or wholly or in part the same arrays, or equal
 * ones in another place. */
static void pick_second_slope(struct dbrt_post *p, uint32_t n)
{
	uint16_t *m = random_bytes(4, 2 * n);
	uint8_t *s = random_bytes(5, n);
	int same = conv_pick(0, 7);

	pick_multipliers(m, n);
	pick_shifts(s, n);
	if (same & 1)
		memcpy(m, p->multiplier, 2 * n);
	if (same & 2)
		memcpy(s, p->shift, n);
	p->multiplier2 = same & 1 && same & 4 ? p->multiplier : m;
	p->shift2 = same & 2 && same & 4 ? p->shift : s;
	/* now and then one channel alone differs */
	if (same == 3)
		s[conv_pick(0, (int)n - 1)] = (uint8_t)conv_pick(1, 62);
}

static void pick_table(struct dbrt_post *p, uint32_t n)
{
	int size = 256 << conv_pick(0, 2);

	p->table_step = conv_pick(0, 1) ? (uint32_t)size : 0;
	p->table = random_bytes(6, p->table_step ? n * (size_t)size :
						   (size_t)size);
	p->zero_point = conv_pick(-128, 127) * (size / 256);
	p->low = -size / 2;
	p->high = size / 2 - 1;
}

static void pick_requantize(struct call *c)
{
	struct dbrt_post *p = &c->post;
	uint32_t n;
	int32_t *acc, *bias;
	uint16_t *m;
	uint8_t *s;

	c->lanes = conv_pick(0, 1) ? 4 : 16;
	c->count = (uint32_t)conv_pick(1, (int)c->lanes);
	c->channel = (uint32_t)conv_pick(0, 16);
	c->pixels = (uint32_t)conv_pick(1, MOST_PIXELS);
	c->stride = c->count + (size_t)conv_pick(0, 24);
	n = c->channel + c->count;
	acc = random_bytes(0, 4 * (size_t)c->pixels * c->lanes);
	bias = random_bytes(1, 4 * n);
	m = random_bytes(2, 2 * n);
	s = random_bytes(3, n);
	for (uint32_t i = 0; i < c->pixels * c->lanes; i++)
		acc[i] = pick_sum();
	for (uint32_t i = 0; i < n; i++)
		bias[i] = pick_sum() / 2;
	pick_multipliers(m, n);
	pick_shifts(s, n);
	*p = (struct dbrt_post){ .bias = bias, .multiplier = m, .shift = s };
	pick_second_slope(p, n);
	p->zero_point = conv_pick(-128, 127);
	p->low = conv_pick(-128, 127);
	p->high = conv_pick(p->low, 127);
	if (conv_pick(0, 2) == 0)
		pick_table(p, n);
	c->x = acc;
}

static void run_requantize(const struct dbrt_kernels *k, const struct call *c,
			   void *out)
{
	k->requantize(out, c->stride, c->x, c->lanes, c->pixels, &c->post,
		      c->channel, c->count);
}

/* Strides may be shorter than the 16 channels: rows of a narrow tensor, and
 * windows that share cells. */
static void pick_depthwise(struct call *c)
{
	uint32_t pitch, reach;
	int16_t *w;
	int32_t *base;

	c->window = (struct dbrt_depthwise_window){
		.rows = (uint32_t)conv_pick(0, 7),
		.columns = (uint32_t)conv_pick(1, 7),
		.pixels = (uint32_t)conv_pick(1, MOST_PIXELS),
		.channels = conv_pick(0, 1) ? 16 : (uint32_t)conv_pick(1, 16),
	};
	pitch = c->window.channels + (uint32_t)conv_pick(0, 33);
	c->window.column_stride = pitch * (size_t)conv_pick(1, 3);
	c->window.pixel_stride = pitch * (size_t)conv_pick(1, 3);
	c->window.row_stride = pitch * (size_t)conv_pick(1, 40);
	reach = (uint32_t)((c->window.pixels - 1) * c->window.pixel_stride +
			   (c->window.columns - 1) * c->window.column_stride +
			   (c->window.rows ? c->window.rows - 1 : 0) *
				   c->window.row_stride +
			   c->window.channels);
	w = random_bytes(0, 32 * (size_t)(c->window.rows * c->window.columns));
	for (uint32_t i = 0; i < 16 * c->window.rows * c->window.columns; i++)
		w[i] = (int16_t)conv_pick(-128, 127);
	base = random_bytes(2, 64);
	for (int i = 0; i < 16; i++)
		base[i] = conv_pick(-(1 << 28), 1 << 28);
	c->window.weights = w;
	c->window.x = random_bytes(1, reach);
	c->x = base;
}

/* Entries of channels that the window does not have are undefined. */
static void run_depthwise(const struct dbrt_kernels *k, const struct call *c,
			  void *out)
{
	int32_t(*acc)[16] = out;

	k->depthwise_w16a8(acc, c->x, &c->window);
	for (uint32_t p = 0; p < c->window.pixels; p++)
		for (uint32_t i = c->window.channels; i < 16; i++)
			acc[p][i] = 0;
}

#ifdef DBRT_NEON

static const struct {
	dbrt_dot_tile_kernel *kernel;
	int w, x;        /* largest numbers */
	uint32_t blocks; /* at most, of a window */
} tile_kernels[] = {
	{ dbrt_dot_w8a8_neon_4x3, 127, 128, 60 },
	{ dbrt_dot_w4a8_neon_4x3, 127, 32, 60 },
	{ dbrt_dot_w4a8_neon_4x3, 8, 128, 60 },
	{ dbrt_dot_w4a8_neon_4x3, 1, 128, 60 },
	{ dbrt_dot_w4a8_neon_4x3, 7, 8, 60 },
#ifdef __aarch64__
	{ dbrt_dot_w4a4_neon_4x3, 7, 8, 60 },
	{ dbrt_dot_w4a4_neon_4x3, 2, 8, 60 },
	{ dbrt_dot_w4a4_neon_4x3, 1, 8, 60 },
#endif
};

#define TILE_KERNELS (int)(sizeof(tile_kernels) / sizeof(*tile_kernels))

/* Windows in pieces, in any order, in memory that ends with the last one. */
static void pick_tile(struct call *c)
{
	int which = conv_pick(0, TILE_KERNELS - 1), w = tile_kernels[which].w;
	int x = tile_kernels[which].x, extreme = conv_pick(0, 5);
	struct dbrt_dot_tile *t = &c->tile;
	static struct dbrt_window windows[MOST_PIXELS + 2];
	int8_t *weights, *from;
	size_t bytes, piece;

	c->kernel = tile_kernels[which].kernel;
	t->groups = (uint32_t)conv_pick(1, 5);
	t->pieces = (uint32_t)conv_pick(1, 4);
	t->blocks = (uint32_t)conv_pick(
		1, (int)(tile_kernels[which].blocks / t->pieces));
	t->widen = (uint32_t)(32767 / (2 * w * x));
#ifdef __aarch64__
	if (c->kernel == dbrt_dot_w4a4_neon_4x3)
		t->widen = (uint32_t)(127 / (w * x));
#endif
	t->widen = (uint32_t)conv_pick(1, (int)t->widen);
	piece = 16 * (size_t)t->blocks;
	bytes = 64 * (size_t)t->pieces * t->blocks;
	weights = random_bytes(0, bytes);
	for (size_t i = 0; i < bytes; i++)
		weights[i] = (int8_t)(extreme == 0 ? -w :
				      extreme == 1 ? w :
						     conv_pick(-w, w));
	bytes = 6 * t->pieces * piece;
	from = random_bytes(1, bytes);
	for (size_t i = 0; i < bytes; i++)
		from[i] = (int8_t)(extreme < 2 ? -x : conv_pick(-x, x - 1));
	for (uint32_t p = 0; p < 3 * t->groups; p++) {
		size_t skip = piece * (size_t)conv_pick(0, 1);
		size_t reach = piece + (t->pieces - 1) * (piece + skip);

		windows[p].skip = skip;
		windows[p].at = from + conv_pick(0, (int)(bytes - reach));
	}
	t->w = weights;
	t->x = windows;
}

static void run_tile(const struct dbrt_kernels *k, const struct call *c,
		     void *out)
{
	struct dbrt_dot_tile t = c->tile;
	static int8_t gathered[64 * 16];
	size_t piece = 16 * (size_t)t.blocks;

	t.acc = out;
	if (k->conv) {
		c->kernel(&t);
		return;
	}
	for (uint32_t p = 0; p < 3 * t.groups; p++) {
		const int8_t *from = t.x[p].at;

		for (uint32_t i = 0; i < t.pieces; i++) {
			memcpy(gathered + i * piece, from, piece);
			from += piece + t.x[p].skip;
		}
		k->dot_w8a8(t.acc + p, t.w, gathered, 0, t.pieces * t.blocks,
			    1);
	}
}

#endif

static const struct entry {
	const char *name;
	void (*pick)(struct call *c);
	void (*run)(const struct dbrt_kernels *k, const struct call *c,
		    void *out);
} entries[] = {
	{ "dot_w8a8", pick_w8a8, run_w8a8 },
	{ "dot_w8a4", pick_w8a4, run_w8a4 },
	{ "decode_weights", pick_decode, run_decode },
	{ "requantize", pick_requantize, run_requantize },
	{ "depthwise_w16a8", pick_depthwise, run_depthwise },
#ifdef DBRT_NEON
	{ "dot_tile", pick_tile, run_tile },
#endif
};

#define ENTRIES (sizeof(entries) / sizeof(*entries))

/* ---- Rows ---- */

/* Rows that this processor runs, the portable one first. The second one is
 * what the portable row is where 16-bit sums are faster. */
#define MOST_ROWS 8

static uint32_t list_rows(struct dbrt_kernels rows[MOST_ROWS])
{
	uint32_t n = 2;

	rows[0] = rows[1] = dbrt_kernels_portable;
	rows[1].name = "portable, 16-bit sums";
	rows[1].dot_w8a4 = dbrt_dot_w8a4_lanes;
#ifdef DBRT_NEON
	rows[n++] = dbrt_kernels_neon;
#endif
#ifdef DBRT_X86
	for (int i = 0; dbrt_kernels_x86[i] && n < MOST_ROWS; i++) {
		if (dbrt_kernels_x86_runs(dbrt_kernels_x86[i]))
			rows[n++] = *dbrt_kernels_x86[i];
		else
			print_message("not on this processor: %s\n",
				      dbrt_kernels_x86[i]->name);
	}
#endif
	return n;
}

/* The row under test: the library has its own choice in a file that this
 * program does without. */
static const struct dbrt_kernels *row_now;

const struct dbrt_kernels *dbrt_kernels(void)
{
	return row_now ? row_now : &dbrt_kernels_portable;
}

static void compare_call(const struct dbrt_kernels *k, const struct entry *e,
			 const struct call *c)
{
	static _Alignas(16) uint8_t want[OUT_BYTES + 2 * GUARD];
	static _Alignas(16) uint8_t got[sizeof(want)];

	memset(want, conv_pick(0, 255), sizeof(want));
	memcpy(got, want, sizeof(want));
	e->run(&dbrt_kernels_portable, c, want + GUARD);
	e->run(k, c, got + GUARD);
	for (size_t i = 0; i < sizeof(want); i++)
		if (want[i] != got[i])
			fail_msg("%s of %s: byte %d is %u, expected %u",
				 e->name, k->name, (int)i - GUARD, got[i],
				 want[i]);
}

static void test_entries(void **state)
{
	struct dbrt_kernels rows[MOST_ROWS];
	uint32_t count = list_rows(rows);

	(void)state;
	for (uint32_t e = 0; e < ENTRIES; e++) {
		conv_seed(first_seed + e);
		for (int n = 0; n < CALLS; n++) {
			struct call c = { 0 };

			entries[e].pick(&c);
			for (uint32_t r = 1; r < count; r++)
				compare_call(&rows[r], &entries[e], &c);
		}
	}
	print_message("seed %u: %u rows, %u calls\n", first_seed, count,
		      (uint32_t)ENTRIES * CALLS);
}

static void test_convolutions(void **state)
{
	struct dbrt_kernels rows[MOST_ROWS];
	uint32_t count = list_rows(rows);
	struct conv_setup *s = malloc(sizeof(*s));

	(void)state;
	assert_non_null(s);
	conv_seed(first_seed);
	for (int n = 0; n < CONVS; n++) {
		conv_pick_setup(s, n % 4 ? DBP_OP_CONV : DBP_OP_CONV_TRANSPOSE);
		for (uint32_t r = 0; r < count; r++) {
			row_now = &rows[r];
			conv_check(s);
		}
	}
	row_now = NULL;
	free(s);
}

/* Depthwise 3x3, for which rows may have kernels of their own: every stride,
 * channels in and over 16, most with a clamp. */
static void test_depthwise(void **state)
{
	static const uint8_t channels[] = { 3, 8, 16, 17, 24, 32, 40 };
	struct dbrt_kernels rows[MOST_ROWS];
	uint32_t count = list_rows(rows);
	struct conv_setup *s = malloc(sizeof(*s));

	(void)state;
	assert_non_null(s);
	conv_seed(first_seed);
	for (int n = 0; n < CONVS; n++) {
		do
			conv_pick_setup(s, DBP_OP_CONV);
		while (!s->p.depthwise);
		s->p.kernel_h = s->p.kernel_w = 3;
		s->p.dilation_h = s->p.dilation_w = 1;
		s->p.stride_h = (uint16_t)conv_pick(1, 2);
		s->p.stride_w = (uint16_t)conv_pick(1, 2);
		s->p.pad_top = s->p.pad_left = 1;
		s->p.groups = s->in[3] = s->out[3] = channels[conv_pick(0, 6)];
		s->in[2] += (uint32_t)conv_pick(0, 40);
		if (conv_cells(s->in) > MAX_CELLS)
			s->in[0] = s->out[0] = 1;
		s->out[1] = (s->in[1] - 1) / s->p.stride_h + 1;
		s->out[2] = (s->in[2] - 1) / s->p.stride_w + 1;
		if (n % 4) {
			s->p.post = DBP_POST_CLAMP;
			s->p.inner_extra = 0;
		}
		conv_pick_arrays(s);
		for (uint32_t r = 0; r < count; r++) {
			row_now = &rows[r];
			conv_check(s);
		}
	}
	row_now = NULL;
	free(s);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_convolutions),
		cmocka_unit_test(test_depthwise),
	};

	if (argc > 1)
		first_seed = (uint32_t)strtoul(argv[1], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
