/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of elementwise operators, 16 codes at a time: the same bits as the
 * portable ones. The last codes go through buffers of 16. The output may lie
 * where an input does.
 */
#include "runtime/neon/rows_neon.h"

#ifdef DBRT_NEON_ROWS

#include <arm_neon.h>
#include <string.h>

/* Codes of a row, one for each element or one for all. */
struct codes {
	const int8_t *at;
	int32_t step;
};

static inline int8x16_t load_codes(const struct codes *c, uint32_t i)
{
	return c->step ? vld1q_s8(c->at + i) : vld1q_dup_s8(c->at);
}

/* What 16 results are made of. */
struct terms {
	int8x8_t za, zb;
	int16x4_t high, low; /* of multipliers; [0] of a, [1] of b */
	int32x4_t multiplier, left, shift;
	int16x8_t zero;
	int8x16_t least, most;
};

typedef int8x16_t combine_codes(const struct terms *t, int8x16_t a,
				int8x16_t b);

static void start_terms(struct terms *t, const struct dbrt_pair *p, int32_t low,
			int32_t high)
{
	t->za = vdup_n_s8((int8_t)p->za);
	t->zb = vdup_n_s8((int8_t)p->zb);
	t->zero = vdupq_n_s16((int16_t)p->zo);
	t->least = vdupq_n_s8((int8_t)low);
	t->most = vdupq_n_s8((int8_t)high);
}

/* Four vectors of results without the zero point. */
static inline int8x16_t clamp_codes(const struct terms *t, const int32x4_t q[4])
{
	int16x8_t a = vqmovn_high_s32(vqmovn_s32(q[0]), q[1]);
	int16x8_t b = vqmovn_high_s32(vqmovn_s32(q[2]), q[3]);
	int8x16_t c;

	a = vqaddq_s16(a, t->zero);
	b = vqaddq_s16(b, t->zero);
	c = vqmovn_high_s16(vqmovn_s16(a), b);
	return vminq_s8(vmaxq_s8(c, t->least), t->most);
}

static inline void less_zero(int16x8_t out[2], int8x16_t codes, int8x8_t zero)
{
	out[0] = vsubl_s8(vget_low_s8(codes), zero);
	out[1] = vsubl_high_s8(codes, vcombine_s8(zero, zero));
}

static inline __attribute__((always_inline)) void
pair_row(const struct dbrt_walk *w, const struct terms *t,
	 combine_codes *combine)
{
	const struct codes a = { (const int8_t *)w->at[1], w->inner[1] };
	const struct codes b = { (const int8_t *)w->at[2], w->inner[2] };
	int8_t *out = (int8_t *)w->at[0], last[3][16] = { { 0 } };
	const struct codes la = { last[0], a.step }, lb = { last[1], b.step };
	uint32_t i = 0, n;

	for (; i + 16 <= w->n; i += 16)
		vst1q_s8(out + i,
			 combine(t, load_codes(&a, i), load_codes(&b, i)));
	n = w->n - i;
	if (!n)
		return;
	memcpy(last[0], a.at + (a.step ? i : 0), a.step ? n : 1);
	memcpy(last[1], b.at + (b.step ? i : 0), b.step ? n : 1);
	vst1q_s8(last[2], combine(t, load_codes(&la, 0), load_codes(&lb, 0)));
	memcpy(out + i, last[2], n);
}

static inline __attribute__((always_inline)) void
pair_rows(struct dbrt_walk *w, const struct terms *t, combine_codes *combine)
{
	uint32_t rows = dbrt_walk_inner_rows(w);

	for (;; dbrt_walk_next(w)) {
		pair_row(w, t, combine);
		if (--rows == 0)
			return;
	}
}

/* The output is contiguous, and each input too or the same code. */
static int is_pair_row(const struct dbrt_walk *w)
{
	return w->inner[0] == 1 && (uint32_t)w->inner[1] < 2 &&
	       (uint32_t)w->inner[2] < 2;
}

/* ---- Add ---- */

/*
 * With multipliers m = h 2^15 + l, a sum of products is H 2^15 + L in two
 * sums of 32 bits, and for s > 15
 *
 *	floor((H 2^15 + L + 2^(s-1)) / 2^s)
 *	= floor((H + floor(L / 2^15) + 2^(s-16)) / 2^(s-15)).
 */
static inline int8x16_t add_codes(const struct terms *t, int8x16_t a,
				  int8x16_t b)
{
	int16x8_t x[2], y[2];
	int32x4_t q[4];

	less_zero(x, a, t->za);
	less_zero(y, b, t->zb);
	for (int i = 0; i < 4; i++) {
		int16x4_t u = i % 2 ? vget_high_s16(x[i / 2]) :
				      vget_low_s16(x[i / 2]);
		int16x4_t v = i % 2 ? vget_high_s16(y[i / 2]) :
				      vget_low_s16(y[i / 2]);
		int32x4_t low = vmull_lane_s16(u, t->low, 0);

		low = vmlal_lane_s16(low, v, t->low, 1);
		q[i] = vmull_lane_s16(u, t->high, 0);
		q[i] = vmlal_lane_s16(q[i], v, t->high, 1);
		q[i] = vrshlq_s32(vsraq_n_s32(q[i], low, 15), t->shift);
	}
	return clamp_codes(t, q);
}

static int16x4_t pair_of(int32_t a, int32_t b)
{
	return vcreate_s16((uint64_t)(uint16_t)a | (uint64_t)(uint16_t)b << 16);
}

void dbrt_add_row_neon(const void *ctx, struct dbrt_walk *w)
{
	const struct dbrt_pair *p = ctx;
	const struct dbp_add *k = p->params;
	int32_t a = k->multiplier_a >> 15, b = k->multiplier_b >> 15;
	struct terms t;

	if (!is_pair_row(w) || k->shift < 16 || a > INT16_MAX ||
	    b > INT16_MAX) {
		dbrt_add_row(ctx, w);
		return;
	}
	start_terms(&t, p, k->clamp_min, k->clamp_max);
	t.high = pair_of(a, b);
	t.low = pair_of(k->multiplier_a & 0x7fff, k->multiplier_b & 0x7fff);
	t.shift = vdupq_n_s32(15 - k->shift);
	pair_rows(w, &t, add_codes);
}

static inline int8x16_t add_channels_codes(const struct terms *t, int8x16_t a,
					   int8x16_t b, const int16_t *m)
{
	int16x8x2_t k[2] = { vld2q_s16(m), vld2q_s16(m + 16) };
	int16x8_t x[2], y[2];
	int32x4_t q[4];

	less_zero(x, a, t->za);
	less_zero(y, b, t->zb);
	for (int i = 0; i < 2; i++) {
		q[2 * i] = vmull_s16(vget_low_s16(x[i]),
				     vget_low_s16(k[i].val[0]));
		q[2 * i] = vmlal_s16(q[2 * i], vget_low_s16(y[i]),
				     vget_low_s16(k[i].val[1]));
		q[2 * i + 1] = vmull_high_s16(x[i], k[i].val[0]);
		q[2 * i + 1] = vmlal_high_s16(q[2 * i + 1], y[i], k[i].val[1]);
	}
	for (int i = 0; i < 4; i++)
		q[i] = vrshlq_s32(q[i], t->shift);
	return clamp_codes(t, q);
}

static void add_channels_row(const struct dbrt_walk *w, const struct terms *t)
{
	const int8_t *a = (const int8_t *)w->at[1];
	const int8_t *b = (const int8_t *)w->at[2];
	const int16_t *m = (const void *)w->at[3];
	int8_t *out = (int8_t *)w->at[0], last[3][16] = { { 0 } };
	int16_t last_m[32] = { 0 };
	uint32_t i = 0, n;

	for (; i + 16 <= w->n; i += 16)
		vst1q_s8(out + i,
			 add_channels_codes(t, vld1q_s8(a + i), vld1q_s8(b + i),
					    m + 2 * (size_t)i));
	n = w->n - i;
	if (!n)
		return;
	memcpy(last[0], a + i, n);
	memcpy(last[1], b + i, n);
	memcpy(last_m, m + 2 * (size_t)i, 4 * (size_t)n);
	vst1q_s8(last[2], add_channels_codes(t, vld1q_s8(last[0]),
					     vld1q_s8(last[1]), last_m));
	memcpy(out + i, last[2], n);
}

void dbrt_add_channels_row_neon(const void *ctx, struct dbrt_walk *w)
{
	const struct dbrt_pair *p = ctx;
	const struct dbp_add_channels *k = p->params;
	uint32_t rows = dbrt_walk_inner_rows(w);
	struct terms t;

	if (w->inner[0] != 1 || w->inner[1] != 1 || w->inner[2] != 1 ||
	    w->inner[3] != 1) {
		dbrt_add_channels_row(ctx, w);
		return;
	}
	start_terms(&t, p, k->clamp_min, k->clamp_max);
	t.shift = vdupq_n_s32(-k->shift);
	for (;; dbrt_walk_next(w)) {
		add_channels_row(w, &t);
		if (--rows == 0)
			return;
	}
}

/* ---- Multiply ---- */

/* As requantize_neon.c scales a sum, here of 17 bits. */
static inline int8x16_t mul_codes(const struct terms *t, int8x16_t a,
				  int8x16_t b)
{
	int16x8_t x[2], y[2];
	int32x4_t q[4];

	less_zero(x, a, t->za);
	less_zero(y, b, t->zb);
	for (int i = 0; i < 2; i++) {
		q[2 * i] = vmull_s16(vget_low_s16(x[i]), vget_low_s16(y[i]));
		q[2 * i + 1] = vmull_high_s16(x[i], y[i]);
	}
	for (int i = 0; i < 4; i++) {
		q[i] = vqdmulhq_s32(vqshlq_s32(q[i], t->left), t->multiplier);
		q[i] = vrshlq_s32(q[i], t->shift);
	}
	return clamp_codes(t, q);
}

void dbrt_mul_row_neon(const void *ctx, struct dbrt_walk *w)
{
	const struct dbrt_pair *p = ctx;
	const struct dbp_mul *k = p->params;
	int32_t shift = k->shift < 17 ? 17 : k->shift;
	struct terms t;

	if (!is_pair_row(w)) {
		dbrt_mul_row(ctx, w);
		return;
	}
	start_terms(&t, p, k->clamp_min, k->clamp_max);
	t.multiplier = vdupq_n_s32((int32_t)(k->multiplier << 15));
	t.left = vdupq_n_s32(shift - k->shift);
	t.shift = vdupq_n_s32(16 - shift);
	pair_rows(w, &t, mul_codes);
}

/* ---- Tables ---- */

/* A quarter of a table a time: places behind a quarter give 0. */
static inline int8x16_t look_up(const int8x16x4_t table[4], int8x16_t codes)
{
	uint8x16_t at = veorq_u8(vreinterpretq_u8_s8(codes), vdupq_n_u8(0x80));
	int8x16_t v = vqtbl4q_s8(table[0], at);

	for (int i = 1; i < 4; i++) {
		at = vsubq_u8(at, vdupq_n_u8(64));
		v = vqtbx4q_s8(v, table[i], at);
	}
	return v;
}

static void map_rows(const int8x16x4_t quarters[4], const int8_t *table,
		     struct dbrt_walk *w)
{
	for (uint32_t rows = dbrt_walk_inner_rows(w);;) {
		const int8_t *in = (const int8_t *)w->at[1];
		int8_t *out = (int8_t *)w->at[0];
		uint32_t i = 0;

		for (; i + 16 <= w->n; i += 16)
			vst1q_s8(out + i, look_up(quarters, vld1q_s8(in + i)));
		for (; i < w->n; i++)
			out[i] = table[in[i] + 128];
		if (--rows == 0)
			return;
		dbrt_walk_next(w);
	}
}

void dbrt_map_row_neon(const void *ctx, struct dbrt_walk *w)
{
	const int8_t *table = ctx;
	int8x16x4_t quarters[4];

	if (w->inner[0] != 1 || w->inner[1] != 1 || w->n < 16) {
		dbrt_map_row(ctx, w);
		return;
	}
	for (int k = 0; k < 4; k++)
		for (int v = 0; v < 4; v++)
			quarters[k].val[v] = vld1q_s8(table + 64 * k + 16 * v);
	map_rows(quarters, table, w);
}

const struct dbrt_rows dbrt_rows_neon = {
	.row = {
		[DBRT_ROW_COPY] = dbrt_copy_row_neon,
		[DBRT_ROW_MAP] = dbrt_map_row_neon,
		[DBRT_ROW_ADD] = dbrt_add_row_neon,
		[DBRT_ROW_ADD_CHANNELS] = dbrt_add_channels_row_neon,
		[DBRT_ROW_MUL] = dbrt_mul_row_neon,
	},
	.max_windows = dbrt_max_windows_neon,
	.average_windows = dbrt_average_windows_neon,
};

#endif
