/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_VECTORS_256_H
#define DBRT_VECTORS_256_H

/* Vectors of 32 bytes, with AVX2: see vectors_128.h. */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define ROW __attribute__((target("avx2")))
#define VEC_BYTES 32

typedef __m256i vec;

static inline ROW vec vec_load(const void *p)
{
	return _mm256_loadu_si256(p);
}

static inline ROW void vec_store(void *p, vec v)
{
	_mm256_storeu_si256(p, v);
}

static inline ROW vec vec_repeat(__m128i v)
{
	return _mm256_broadcastsi128_si256(v);
}

static inline ROW vec vec_set16(int16_t x)
{
	return _mm256_set1_epi16(x);
}

static inline ROW vec vec_set8(int8_t x)
{
	return _mm256_set1_epi8(x);
}

static inline ROW vec vec_set32(int32_t x)
{
	return _mm256_set1_epi32(x);
}

static inline ROW vec vec_load_wide(const int8_t *p)
{
	return _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)p));
}

static inline ROW vec vec_widen_part(__m128i low, __m128i high, int i)
{
	return _mm256_cvtepi8_epi16(i ? high : low);
}

static inline ROW vec vec_and(vec a, vec b)
{
	return _mm256_and_si256(a, b);
}

static inline ROW vec vec_add32(vec a, vec b)
{
	return _mm256_add_epi32(a, b);
}

static inline ROW vec vec_add16(vec a, vec b)
{
	return _mm256_add_epi16(a, b);
}

static inline ROW vec vec_madd16(vec a, vec b)
{
	return _mm256_madd_epi16(a, b);
}

static inline ROW vec vec_maddubs(vec a, vec b)
{
	return _mm256_maddubs_epi16(a, b);
}

static inline ROW vec vec_mulhi_u16(vec a, vec b)
{
	return _mm256_mulhi_epu16(a, b);
}

static inline ROW vec vec_mul32(vec a, vec b)
{
	return _mm256_mullo_epi32(a, b);
}

static inline ROW vec vec_min32(vec a, vec b)
{
	return _mm256_min_epi32(a, b);
}

static inline ROW vec vec_max32(vec a, vec b)
{
	return _mm256_max_epi32(a, b);
}

static inline ROW vec vec_halve32(vec a)
{
	return _mm256_srai_epi32(a, 1);
}

static inline ROW vec vec_choose32(vec a, vec b, vec s)
{
	return _mm256_blendv_epi8(a, b, _mm256_srai_epi32(s, 31));
}

static inline ROW vec vec_shift_of(vec counts)
{
	return counts;
}

static inline ROW vec vec_shift_right32(vec a, vec shift)
{
	return _mm256_srav_epi32(a, shift);
}

static inline ROW vec vec_to_codes(vec a, vec b, vec c, vec d, vec zero)
{
	vec ab = _mm256_adds_epi16(_mm256_packs_epi32(a, b), zero);
	vec cd = _mm256_adds_epi16(_mm256_packs_epi32(c, d), zero);

	return _mm256_packs_epi16(ab, cd);
}

static inline ROW vec vec_clamp8(vec a, vec low, vec high)
{
	return _mm256_min_epi8(_mm256_max_epi8(a, low), high);
}

static inline ROW __m128i vec_sum_rows(const vec s[4])
{
	__m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(s[0], s[1]),
				      _mm256_hadd_epi32(s[2], s[3]));

	return _mm_add_epi32(_mm256_castsi256_si128(a),
			     _mm256_extracti128_si256(a, 1));
}

static inline ROW __m128i vec_sum_tile(const vec s[2])
{
	__m256i a = _mm256_hadd_epi32(s[0], s[1]);

	a = _mm256_hadd_epi32(a, a);
	return _mm_unpacklo_epi32(_mm256_castsi256_si128(a),
				  _mm256_extracti128_si256(a, 1));
}

static inline ROW void vec_store_parts(int8_t *out, size_t stride, vec v)
{
	_mm_storeu_si128((void *)out, _mm256_castsi256_si128(v));
	_mm_storeu_si128((void *)(out + stride),
			 _mm256_extracti128_si256(v, 1));
}

static inline ROW vec vec_transpose32(vec v)
{
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);

	return _mm256_permutevar8x32_epi32(v, order);
}

#define VEC_PART_OF_CELL 0

static inline ROW __m128i vec_load_cell(const int8_t *p, uint32_t bytes)
{
	(void)bytes;
	return _mm_loadu_si128((const void *)p);
}

#endif
