/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of rows that are copied with other strides. Views that are not the
 * same are apart, so a last vector may write again what the one before wrote.
 */
#include "runtime/neon/rows_neon.h"

#ifdef DBRT_NEON_ROWS

#include <arm_neon.h>
#include <string.h>

/* ---- Every second code ---- */

/* No byte behind the last code is read: the second half is at odd places. */
static inline void copy_second_16(uint8_t *to, const uint8_t *from,
				  uint8x16_t places)
{
	uint8x16x2_t v = { { vld1q_u8(from), vld1q_u8(from + 15) } };

	vst1q_u8(to, vqtbl2q_u8(v, places));
}

static inline void copy_second_8(uint8_t *to, const uint8_t *from,
				 uint8x8_t places)
{
	uint8x16_t v = vcombine_u8(vld1_u8(from), vld1_u8(from + 7));

	vst1_u8(to, vqtbl1_u8(v, places));
}

static void copy_second_codes(uint8_t *to, const uint8_t *from, uint32_t n)
{
	static const uint8_t places_16[16] = { 0,  2,  4,  6,  8,  10, 12, 14,
					       17, 19, 21, 23, 25, 27, 29, 31 };
	const uint8x16_t places = vld1q_u8(places_16);
	const uint8x8_t places_8 = vcreate_u8(0x0f0d0b0906040200);
	uint32_t i = 0;

	for (; i + 16 <= n; i += 16)
		copy_second_16(to + i, from + 2 * i, places);
	if (i + 8 <= n) {
		copy_second_8(to + i, from + 2 * i, places_8);
		i += 8;
	}
	if (i < n)
		copy_second_8(to + n - 8, from + 2 * (n - 8), places_8);
}

/* ---- Codes from several rows in turn ---- */

static inline void weave(uint8_t *to, const uint8_t *from, ptrdiff_t apart,
			 uint32_t ways)
{
	uint8x16_t a = vld1q_u8(from), b = vld1q_u8(from + apart);
	uint8x16x4_t four = { { a, b } };
	uint8x16x3_t three = { { a, b } };

	if (ways == 2) {
		vst1q_u8(to, vzip1q_u8(a, b));
		vst1q_u8(to + 16, vzip2q_u8(a, b));
	} else if (ways == 3) {
		three.val[2] = vld1q_u8(from + 2 * apart);
		vst3q_u8(to, three);
	} else {
		four.val[2] = vld1q_u8(from + 2 * apart);
		four.val[3] = vld1q_u8(from + 3 * apart);
		vst4q_u8(to, four);
	}
}

static void weave_codes(uint8_t *to, const uint8_t *from, ptrdiff_t apart,
			uint32_t ways, uint32_t n)
{
	uint32_t i = 0;

	for (; i + 16 <= n; i += 16)
		weave(to + i * ways, from + i, apart, ways);
	if (i < n)
		weave(to + (n - 16) * ways, from + n - 16, apart, ways);
}

/* ---- Transposed words ---- */

static inline void transpose_4x4(uint8_t *to, ptrdiff_t to_step,
				 const uint8_t *from, ptrdiff_t from_step)
{
	uint32x4_t r[4], t[4];

	for (int i = 0; i < 4; i++)
		r[i] = vreinterpretq_u32_u8(vld1q_u8(from + i * from_step));
	for (int i = 0; i < 4; i += 2) {
		t[i] = vtrn1q_u32(r[i], r[i + 1]);
		t[i + 1] = vtrn2q_u32(r[i], r[i + 1]);
	}
	for (int i = 0; i < 2; i++) {
		uint64x2_t a = vreinterpretq_u64_u32(t[i]);
		uint64x2_t b = vreinterpretq_u64_u32(t[i + 2]);

		vst1q_u8(to + i * to_step,
			 vreinterpretq_u8_u64(vtrn1q_u64(a, b)));
		vst1q_u8(to + (i + 2) * to_step,
			 vreinterpretq_u8_u64(vtrn2q_u64(a, b)));
	}
}

/* The i-th four of n >= 4 begin here; the last ones may be some of those
 * before. */
static inline ptrdiff_t four(uint32_t i, uint32_t n)
{
	return (ptrdiff_t)(i + 4 <= n ? i : n - 4);
}

/* Rows of the input are n words, `from_step` bytes apart; they become the
 * columns of the output. Sixteen of its rows at a time, a line of the cache of
 * each input row. */
static void transpose_words(uint8_t *to, ptrdiff_t to_step, const uint8_t *from,
			    ptrdiff_t from_step, uint32_t rows, uint32_t n)
{
	for (uint32_t band = 0; band < n; band += 16)
		for (uint32_t r = 0; r < rows; r += 4)
			for (uint32_t c = band; c < band + 16 && c < n; c += 4)
				transpose_4x4(to + four(c, n) * to_step +
						      4 * four(r, rows),
					      to_step,
					      from + four(r, rows) * from_step +
						      4 * four(c, n),
					      from_step);
}

/* ---- Blocks of two levels ---- */

/* Elements of a row of the output, which are `from_step` bytes apart in the
 * input, and rows; steps in bytes. */
struct block {
	uint8_t *to;
	const uint8_t *from;
	uint32_t n, rows;
	ptrdiff_t from_step, to_row, from_row;
};

/* 0: elements are next to each other in the output along neither level. */
static int find_block(struct block *b, const struct dbrt_walk *w, int32_t size)
{
	ptrdiff_t from_step = w->inner[1] * size, to_step = w->inner[0] * size;
	uint32_t rows = dbrt_walk_inner_rows(w);
	int is_row = to_step == size;

	if (!is_row && (!w->rank || w->step[0][0] != size))
		return 0;
	b->to = w->at[0];
	b->from = w->at[1];
	b->n = is_row ? w->n : rows;
	b->rows = is_row ? rows : w->n;
	b->from_step = is_row ? from_step : w->step[1][0];
	b->from_row = is_row ? w->step[1][0] : from_step;
	b->to_row = is_row ? w->step[0][0] : to_step;
	return 1;
}

/* The first bytes of a run, then the last ones. */
#define COPY_RUNS(name, type)                                         \
	static void name(const struct block *k, ptrdiff_t last)       \
	{                                                             \
		ptrdiff_t to_row = k->to_row, from_row = k->from_row; \
		const uint8_t *from = k->from;                        \
		uint8_t *to = k->to;                                  \
                                                                      \
		for (uint32_t i = k->rows; i; i--) {                  \
			type a, b;                                    \
                                                                      \
			memcpy(&a, from, sizeof(a));                  \
			memcpy(&b, from + last, sizeof(b));           \
			memcpy(to, &a, sizeof(a));                    \
			memcpy(to + last, &b, sizeof(b));             \
			to += to_row;                                 \
			from += from_row;                             \
		}                                                     \
	}
COPY_RUNS(copy_runs_2, uint16_t)
COPY_RUNS(copy_runs_4, uint32_t)
COPY_RUNS(copy_runs_8, uint64_t)
COPY_RUNS(copy_runs_16, uint8x16_t)
#undef COPY_RUNS

static int copy_runs(const struct block *b, uint32_t bytes)
{
	if (bytes < 2 || bytes > 32)
		return 0;
	if (bytes < 4)
		copy_runs_2(b, bytes - 2);
	else if (bytes < 8)
		copy_runs_4(b, bytes - 4);
	else if (bytes < 16)
		copy_runs_8(b, bytes - 8);
	else
		copy_runs_16(b, bytes - 16);
	return 1;
}

/* Each: 0 if it is not such a block. */
static int copy_codes(const struct block *b)
{
	if (b->from_step == 2 && b->n >= 8) {
		for (uint32_t i = 0; i < b->rows; i++)
			copy_second_codes(b->to + i * b->to_row,
					  b->from + i * b->from_row, b->n);
		return 1;
	}
	if (b->n < 2 || b->n > 4 || b->rows < 16 || b->from_row != 1 ||
	    b->to_row != (ptrdiff_t)b->n)
		return 0;
	weave_codes(b->to, b->from, b->from_step, b->n, b->rows);
	return 1;
}

static int copy_words(const struct block *b)
{
	if (b->n < 4 || b->rows < 4 || b->from_row != 4)
		return 0;
	transpose_words(b->to, b->to_row, b->from, b->from_step, b->n, b->rows);
	return 1;
}

void dbrt_copy_row_neon(const void *ctx, struct dbrt_walk *w)
{
	uint32_t size = *(const uint32_t *)ctx;
	struct block b;

	if (w->at[0] != w->at[1] && find_block(&b, w, (int32_t)size) &&
	    (b.from_step == (ptrdiff_t)size ? copy_runs(&b, b.n * size) :
	     size == 1                      ? copy_codes(&b) :
					      copy_words(&b)))
		dbrt_walk_to_last(w);
	else
		dbrt_copy_row(ctx, w);
}

#endif
