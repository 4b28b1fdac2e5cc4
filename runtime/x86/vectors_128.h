/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_VECTORS_128_H
#define DBRT_VECTORS_128_H

/* Vectors of 16 bytes, with SSE4.1: what kernels_x86.inc is written in. */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define ROW __attribute__((target("sse4.1")))
#define VEC_BYTES 16

typedef __m128i vec;

static inline ROW vec vec_load(const void *p)
{
	return _mm_loadu_si128(p);
}

static inline ROW void vec_store(void *p, vec v)
{
	_mm_storeu_si128(p, v);
}

/* The same 16 bytes in every 128 bits. */
static inline ROW vec vec_repeat(__m128i v)
{
	return v;
}

static inline ROW vec vec_set16(int16_t x)
{
	return _mm_set1_epi16(x);
}

static inline ROW vec vec_set8(int8_t x)
{
	return _mm_set1_epi8(x);
}

static inline ROW vec vec_set32(int32_t x)
{
	return _mm_set1_epi32(x);
}

/* VEC_BYTES / 2 numbers of 8 bits, in 16. */
static inline ROW vec vec_load_wide(const int8_t *p)
{
	return _mm_cvtepi8_epi16(_mm_loadl_epi64((const void *)p));
}

/* Part i of the 32 numbers in `low` and `high`, in 16 bits. */
static inline ROW vec vec_widen_part(__m128i low, __m128i high, int i)
{
	__m128i v = i < 2 ? low : high;

	return _mm_cvtepi8_epi16(i % 2 ? _mm_srli_si128(v, 8) : v);
}

static inline ROW vec vec_and(vec a, vec b)
{
	return _mm_and_si128(a, b);
}

static inline ROW vec vec_add32(vec a, vec b)
{
	return _mm_add_epi32(a, b);
}

static inline ROW vec vec_add16(vec a, vec b)
{
	return _mm_add_epi16(a, b);
}

static inline ROW vec vec_madd16(vec a, vec b)
{
	return _mm_madd_epi16(a, b);
}

static inline ROW vec vec_maddubs(vec a, vec b)
{
	return _mm_maddubs_epi16(a, b);
}

static inline ROW vec vec_mulhi_u16(vec a, vec b)
{
	return _mm_mulhi_epu16(a, b);
}

static inline ROW vec vec_mul32(vec a, vec b)
{
	return _mm_mullo_epi32(a, b);
}

static inline ROW vec vec_min32(vec a, vec b)
{
	return _mm_min_epi32(a, b);
}

static inline ROW vec vec_max32(vec a, vec b)
{
	return _mm_max_epi32(a, b);
}

static inline ROW vec vec_halve32(vec a)
{
	return _mm_srai_epi32(a, 1);
}

/* b where s is negative, a elsewhere. */
static inline ROW vec vec_choose32(vec a, vec b, vec s)
{
	return _mm_blendv_epi8(a, b, _mm_srai_epi32(s, 31));
}

/* Shifts of each lane by its own count, 1 to 31: the upper half of a product
 * with a power of two, in 64 bits. */
static inline ROW vec vec_shift_of(vec counts)
{
	int32_t n[4];

	_mm_storeu_si128((void *)n, counts);
	for (int i = 0; i < 4; i++)
		n[i] = (int32_t)(1u << (31 - n[i]));
	return _mm_loadu_si128((const void *)n);
}

static inline ROW vec vec_shift_right32(vec a, vec shift)
{
	__m128i even = _mm_mul_epi32(a, shift);
	__m128i odd =
		_mm_mul_epi32(_mm_srli_epi64(a, 32), _mm_srli_epi64(shift, 32));

	return _mm_blend_epi16(_mm_srli_epi64(even, 31), _mm_slli_epi64(odd, 1),
			       0xcc);
}

/* Numbers of 32 bits to 8 bits, which saturate after `zero` is added: each 128
 * bits have the next four of a, b, c and d. */
static inline ROW vec vec_to_codes(vec a, vec b, vec c, vec d, vec zero)
{
	vec ab = _mm_adds_epi16(_mm_packs_epi32(a, b), zero);
	vec cd = _mm_adds_epi16(_mm_packs_epi32(c, d), zero);

	return _mm_packs_epi16(ab, cd);
}

static inline ROW vec vec_clamp8(vec a, vec low, vec high)
{
	return _mm_min_epi8(_mm_max_epi8(a, low), high);
}

/* The sums of the lanes of four vectors. */
static inline ROW __m128i vec_sum_rows(const vec s[4])
{
	return _mm_hadd_epi32(_mm_hadd_epi32(s[0], s[1]),
			      _mm_hadd_epi32(s[2], s[3]));
}

/* The sums of each 128 bits of the four of a tile. */
static inline ROW __m128i vec_sum_tile(const vec s[4])
{
	return vec_sum_rows(s);
}

/* Each 128 bits, `stride` bytes apart. */
static inline ROW void vec_store_parts(int8_t *out, size_t stride, vec v)
{
	(void)stride;
	_mm_storeu_si128((void *)out, v);
}

/* 4 x VEC_BYTES / 16 numbers of 32 bits, transposed. */
static inline ROW vec vec_transpose32(vec v)
{
	return v;
}

/* Cells of fewer than 16 bytes can be loaded. */
#define VEC_PART_OF_CELL 0

static inline ROW __m128i vec_load_cell(const int8_t *p, uint32_t bytes)
{
	(void)bytes;
	return _mm_loadu_si128((const void *)p);
}

#endif
