/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for x86-64 with AVX-512 and VNNI: the same bits as the portable ones.
 */
#include "runtime/kernels.h"

#ifdef DBRT_X86

#include "runtime/x86/kernels_x86.h"
#include "runtime/x86/vectors_512.h"

#include "runtime/x86/post_x86.inc"

/*
 * A block of a tile is one vector, each row a quarter of it. The instruction
 * multiplies bytes without sign by bytes with one: 128 is added to x, and 128
 * times the sum of the weights subtracted at the end.
 */
#define WINDOWS 8

static inline ROW vec load_window(const int8_t *x)
{
	__m128i v = _mm_loadu_si128((const void *)x);

	return vec_repeat(_mm_xor_si128(v, _mm_set1_epi8(-128)));
}

/* acc[p][r] of four windows, from quarters with the sums of four lanes each. */
static inline ROW vec sum_quarters(vec a, vec b, vec c, vec d)
{
	vec ab = vec_add32(_mm512_unpacklo_epi32(a, b),
			   _mm512_unpackhi_epi32(a, b));
	vec cd = vec_add32(_mm512_unpacklo_epi32(c, d),
			   _mm512_unpackhi_epi32(c, d));

	return vec_transpose32(vec_add32(_mm512_unpacklo_epi64(ab, cd),
					 _mm512_unpackhi_epi64(ab, cd)));
}

/* 128 times the sums of the rows, for four windows. */
static ROW vec bias_of(const int8_t *w, uint32_t blocks)
{
	vec s = vec_set32(0);

	for (uint32_t b = 0; b < blocks; b++, w += 64)
		s = _mm512_dpbusd_epi32(s, vec_set8(1), vec_load(w));
	return _mm512_slli_epi32(sum_quarters(s, s, s, s), 7);
}

static inline ROW __attribute__((always_inline)) void
dot_windows(int32_t (*acc)[4], const int8_t *w, const int8_t *x, size_t stride,
	    uint32_t blocks, vec bias, const int n)
{
	vec s[WINDOWS];

	for (int p = 0; p < n; p++)
		s[p] = vec_set32(0);
	for (uint32_t b = 0; b < blocks; b++, w += 64, x += 16) {
		vec v = vec_load(w);

		for (int p = 0; p < n; p++)
			s[p] = _mm512_dpbusd_epi32(
				s[p], load_window(x + (size_t)p * stride), v);
	}
	for (int p = 0; p < n; p += 4)
		vec_store(acc[p],
			  _mm512_sub_epi32(sum_quarters(s[p], s[p + 1],
							s[p + 2], s[p + 3]),
					   bias));
}

/* Up to four windows. */
static ROW void dot_last(int32_t (*acc)[4], const int8_t *w, const int8_t *x,
			 size_t stride, uint32_t blocks, vec bias,
			 uint32_t pixels)
{
	vec s[4];

	for (uint32_t p = 0; p < 4; p++)
		s[p] = vec_set32(0);
	for (uint32_t b = 0; b < blocks; b++, w += 64, x += 16)
		for (uint32_t p = 0; p < pixels; p++)
			s[p] = _mm512_dpbusd_epi32(
				s[p], load_window(x + p * stride), vec_load(w));
	_mm512_mask_storeu_epi32(
		acc[0], (__mmask16)((1u << 4 * pixels) - 1),
		_mm512_sub_epi32(sum_quarters(s[0], s[1], s[2], s[3]), bias));
}

static ROW void dot(int32_t (*acc)[4], const int8_t *w, const int8_t *x,
		    size_t stride, uint32_t blocks, uint32_t pixels)
{
	vec bias = bias_of(w, blocks);
	uint32_t p = 0;

	for (; p + WINDOWS <= pixels; p += WINDOWS)
		dot_windows(acc + p, w, x + p * stride, stride, blocks, bias,
			    WINDOWS);
	for (; p + 4 <= pixels; p += 4)
		dot_windows(acc + p, w, x + p * stride, stride, blocks, bias,
			    4);
	if (p < pixels)
		dot_last(acc + p, w, x + p * stride, stride, blocks, bias,
			 pixels - p);
}

const struct dbrt_kernels dbrt_kernels_avx512_vnni = {
	.name = "avx512_vnni",
	.dot_w8a8 = dot,
	.dot_w8a4 = dot,
	.decode_weights = decode_weights,
	.requantize = requantize,
	.depthwise_w16a8 = depthwise_w16a8,
	.requantize_tiles = requantize_tiles,
	.gather = dbrt_gather_x86,
};

#endif
