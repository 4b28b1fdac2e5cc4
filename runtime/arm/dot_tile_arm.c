/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of dot_tile.h for 32-bit Arm, which has 16 vectors: two rows of weights
 * at a time, with three windows. So their sums, what they are multiplied with
 * and sums of products stay in registers.
 */
#include "runtime/kernels.h"

#if defined(DBRT_NEON) && !defined(__aarch64__)

#include "runtime/neon/dot_tile.h"
#include "runtime/neon/intrinsics.h"

#define WINDOWS 3

/* Where a block is read from. */
struct place {
	const int8_t *w; /* two of four rows */
	const int8_t *x[WINDOWS];
};

struct block {
	int8x16_t w[2], x[WINDOWS];
};

static inline struct block next_block(struct place *at)
{
	struct block b;

	b.w[0] = vld1q_s8(at->w);
	b.w[1] = vld1q_s8(at->w + 16);
	at->w += 64;
	for (int p = 0; p < WINDOWS; p++) {
		b.x[p] = vld1q_s8(at->x[p]);
		at->x[p] += 16;
	}
	return b;
}

static inline struct place begin(const struct dbrt_dot_tile *t, uint32_t group,
				 uint32_t row)
{
	struct place at = { .w = t->w + 16 * (size_t)row };

	for (int p = 0; p < WINDOWS; p++)
		at.x[p] = t->x[group * WINDOWS + (uint32_t)p].at;
	return at;
}

/* From the end of a piece of the windows to the next one. */
static inline void next_piece(struct place *at, const struct dbrt_window *x)
{
	for (int p = 0; p < WINDOWS; p++)
		at->x[p] += x[p].skip;
}

/* The sums of the lanes of two rows. */
static inline void store_sums(const struct dbrt_dot_tile *t, uint32_t group,
			      uint32_t row, int32x4_t s[2][WINDOWS])
{
	for (int p = 0; p < WINDOWS; p++) {
		int32x2_t a = vpadd_s32(vget_low_s32(s[0][p]),
					vget_high_s32(s[0][p]));
		int32x2_t b = vpadd_s32(vget_low_s32(s[1][p]),
					vget_high_s32(s[1][p]));

		vst1_s32(t->acc[group * WINDOWS + (uint32_t)p] + row,
			 vpadd_s32(a, b));
	}
}

/* The two products of a lane, in 16 bits. */
static inline int16x8_t products(int8x16_t w, int8x16_t x)
{
	return vmlal_high_s8(vmull_s8(vget_low_s8(w), vget_low_s8(x)), w, x);
}

static inline void dot_rows_w8a8(const struct dbrt_dot_tile *t, uint32_t group,
				 uint32_t row)
{
	struct place at = begin(t, group, row);
	int32x4_t s[2][WINDOWS];

	for (int r = 0; r < 2; r++)
		for (int p = 0; p < WINDOWS; p++)
			s[r][p] = vdupq_n_s32(0);
	for (uint32_t i = t->pieces; i; i--) {
		for (uint32_t b = t->blocks; b; b--) {
			struct block k = next_block(&at);

			for (int r = 0; r < 2; r++)
				for (int p = 0; p < WINDOWS; p++)
					s[r][p] = vpadalq_s16(
						s[r][p],
						products(k.w[r], k.x[p]));
		}
		next_piece(&at, t->x + group * WINDOWS);
	}
	store_sums(t, group, row, s);
}

void dbrt_dot_w8a8_neon_4x3(const struct dbrt_dot_tile *t)
{
	for (uint32_t g = 0; g < t->groups; g++)
		for (uint32_t row = 0; row < 4; row += 2)
			dot_rows_w8a8(t, g, row);
}

/* ---- Sums in 16 bits ---- */

struct short_sums {
	int16x8_t v[2][WINDOWS];
};

static inline struct short_sums no_sums(void)
{
	struct short_sums s;

	for (int r = 0; r < 2; r++)
		for (int p = 0; p < WINDOWS; p++)
			s.v[r][p] = vdupq_n_s16(0);
	return s;
}

static inline void add_blocks(struct short_sums *s, struct place *at,
			      uint32_t n)
{
	for (; n; n--) {
		struct block k = next_block(at);

		for (int r = 0; r < 2; r++)
			for (int p = 0; p < WINDOWS; p++)
				s->v[r][p] = vmlal_s8(s->v[r][p],
						      vget_low_s8(k.w[r]),
						      vget_low_s8(k.x[p]));
		for (int r = 0; r < 2; r++)
			for (int p = 0; p < WINDOWS; p++)
				s->v[r][p] = vmlal_high_s8(s->v[r][p], k.w[r],
							   k.x[p]);
	}
}

/* Windows whose sums fit 16 bits. */
static inline void dot_rows_short(const struct dbrt_dot_tile *t, uint32_t group,
				  uint32_t row)
{
	struct place at = begin(t, group, row);
	struct short_sums v = no_sums();
	int32x4_t s[2][WINDOWS];

	for (uint32_t i = t->pieces; i; i--) {
		add_blocks(&v, &at, t->blocks);
		next_piece(&at, t->x + group * WINDOWS);
	}
	for (int r = 0; r < 2; r++)
		for (int p = 0; p < WINDOWS; p++)
			s[r][p] = vpaddlq_s16(v.v[r][p]);
	store_sums(t, group, row, s);
}

/* To sums in 32 bits, which are in memory: the registers are taken. */
static inline void widen(int32_t wide[2][WINDOWS][4], struct short_sums *v)
{
	for (int r = 0; r < 2; r++)
		for (int p = 0; p < WINDOWS; p++)
			vst1q_s32(wide[r][p], vpadalq_s16(vld1q_s32(wide[r][p]),
							  v->v[r][p]));
	*v = no_sums();
}

/* Windows of any length: sums are widened every t->widen blocks. */
static inline void dot_rows_long(const struct dbrt_dot_tile *t, uint32_t group,
				 uint32_t row)
{
	struct place at = begin(t, group, row);
	struct short_sums v = no_sums();
	int32_t wide[2][WINDOWS][4];
	int32x4_t s[2][WINDOWS];
	uint32_t room = t->widen;

	for (int r = 0; r < 2; r++)
		for (int p = 0; p < WINDOWS; p++)
			vst1q_s32(wide[r][p], vdupq_n_s32(0));
	for (uint32_t i = t->pieces; i; i--) {
		uint32_t left = t->blocks;

		for (; left >= room; left -= room, room = t->widen) {
			add_blocks(&v, &at, room);
			widen(wide, &v);
		}
		add_blocks(&v, &at, left);
		room -= left;
		next_piece(&at, t->x + group * WINDOWS);
	}
	widen(wide, &v);
	for (int r = 0; r < 2; r++)
		for (int p = 0; p < WINDOWS; p++)
			s[r][p] = vld1q_s32(wide[r][p]);
	store_sums(t, group, row, s);
}

static void dot_short(const struct dbrt_dot_tile *t)
{
	for (uint32_t g = 0; g < t->groups; g++)
		for (uint32_t row = 0; row < 4; row += 2)
			dot_rows_short(t, g, row);
}

static void dot_long(const struct dbrt_dot_tile *t)
{
	for (uint32_t g = 0; g < t->groups; g++)
		for (uint32_t row = 0; row < 4; row += 2)
			dot_rows_long(t, g, row);
}

void dbrt_dot_w4a8_neon_4x3(const struct dbrt_dot_tile *t)
{
	if (t->pieces * t->blocks <= t->widen)
		dot_short(t);
	else
		dot_long(t);
}

#endif
