/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_VECTORS_512_H
#define DBRT_VECTORS_512_H

/* Vectors of 64 bytes, with AVX-512 and its dot products (VNNI): see
 * vectors_128.h. */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define ROW __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define VEC_BYTES 64

typedef __m512i vec;

static inline ROW vec vec_load(const void *p)
{
	return _mm512_loadu_si512(p);
}

static inline ROW void vec_store(void *p, vec v)
{
	_mm512_storeu_si512(p, v);
}

static inline ROW vec vec_repeat(__m128i v)
{
	return _mm512_broadcast_i32x4(v);
}

static inline ROW vec vec_set16(int16_t x)
{
	return _mm512_set1_epi16(x);
}

static inline ROW vec vec_set8(int8_t x)
{
	return _mm512_set1_epi8(x);
}

static inline ROW vec vec_set32(int32_t x)
{
	return _mm512_set1_epi32(x);
}

static inline ROW vec vec_widen_part(__m128i low, __m128i high, int i)
{
	__m256i v =
		_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);

	(void)i;
	return _mm512_cvtepi8_epi16(v);
}

static inline ROW vec vec_and(vec a, vec b)
{
	return _mm512_and_si512(a, b);
}

static inline ROW vec vec_add32(vec a, vec b)
{
	return _mm512_add_epi32(a, b);
}

static inline ROW vec vec_madd16(vec a, vec b)
{
	return _mm512_madd_epi16(a, b);
}

static inline ROW vec vec_mulhi_u16(vec a, vec b)
{
	return _mm512_mulhi_epu16(a, b);
}

static inline ROW vec vec_mul32(vec a, vec b)
{
	return _mm512_mullo_epi32(a, b);
}

static inline ROW vec vec_min32(vec a, vec b)
{
	return _mm512_min_epi32(a, b);
}

static inline ROW vec vec_max32(vec a, vec b)
{
	return _mm512_max_epi32(a, b);
}

static inline ROW vec vec_halve32(vec a)
{
	return _mm512_srai_epi32(a, 1);
}

static inline ROW vec vec_choose32(vec a, vec b, vec s)
{
	return _mm512_mask_blend_epi32(
		_mm512_cmplt_epi32_mask(s, _mm512_setzero_si512()), a, b);
}

static inline ROW vec vec_shift_of(vec counts)
{
	return counts;
}

static inline ROW vec vec_shift_right32(vec a, vec shift)
{
	return _mm512_srav_epi32(a, shift);
}

static inline ROW vec vec_to_codes(vec a, vec b, vec c, vec d, vec zero)
{
	vec ab = _mm512_adds_epi16(_mm512_packs_epi32(a, b), zero);
	vec cd = _mm512_adds_epi16(_mm512_packs_epi32(c, d), zero);

	return _mm512_packs_epi16(ab, cd);
}

static inline ROW vec vec_clamp8(vec a, vec low, vec high)
{
	return _mm512_min_epi8(_mm512_max_epi8(a, low), high);
}

static inline ROW void vec_store_parts(int8_t *out, size_t stride, vec v)
{
	_mm_storeu_si128((void *)out, _mm512_castsi512_si128(v));
	_mm_storeu_si128((void *)(out + stride),
			 _mm512_extracti32x4_epi32(v, 1));
	_mm_storeu_si128((void *)(out + 2 * stride),
			 _mm512_extracti32x4_epi32(v, 2));
	_mm_storeu_si128((void *)(out + 3 * stride),
			 _mm512_extracti32x4_epi32(v, 3));
}

static inline ROW vec vec_transpose32(vec v)
{
	const vec order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10,
					    14, 3, 7, 11, 15);

	return _mm512_permutexvar_epi32(order, v);
}

#define VEC_PART_OF_CELL 1

static inline ROW __m128i vec_load_cell(const int8_t *p, uint32_t bytes)
{
	return _mm_maskz_loadu_epi8((__mmask16)((1u << bytes) - 1), p);
}

#endif
