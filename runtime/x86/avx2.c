/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels for x86-64 with AVX2: the same bits as the portable ones. */
#include "runtime/kernels.h"

#ifdef DBRT_X86

#include <immintrin.h>
#include <string.h>

#include "runtime/kernels_portable.h"

#define AVX2 __attribute__((target("avx2")))

static inline AVX2 __m256i load_wide(const int8_t *p)
{
	return _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)p));
}

/* The sums of the eight lanes of each of four vectors. */
static inline AVX2 __m128i sum_lanes(const __m256i s[4])
{
	__m256i a = _mm256_hadd_epi32(s[0], s[1]);
	__m256i b = _mm256_hadd_epi32(s[2], s[3]);
	__m256i c = _mm256_hadd_epi32(a, b);

	return _mm_add_epi32(_mm256_castsi256_si128(c),
			     _mm256_extracti128_si256(c, 1));
}

/* Two windows at a time share the loads of the weights. */
static AVX2 void dot_w8a8_pair(int32_t (*acc)[4], const int8_t *w,
			       const int8_t *x, size_t stride, uint32_t blocks)
{
	__m256i s[4], t[4];

	for (int r = 0; r < 4; r++)
		s[r] = t[r] = _mm256_setzero_si256();
	for (uint32_t b = 0; b < blocks; b++, w += 64, x += 16) {
		__m256i xa = load_wide(x), xb = load_wide(x + stride);

		for (int r = 0; r < 4; r++) {
			__m256i v = load_wide(w + 16 * r);

			s[r] = _mm256_add_epi32(s[r], _mm256_madd_epi16(v, xa));
			t[r] = _mm256_add_epi32(t[r], _mm256_madd_epi16(v, xb));
		}
	}
	_mm_storeu_si128((void *)acc[0], sum_lanes(s));
	_mm_storeu_si128((void *)acc[1], sum_lanes(t));
}

static AVX2 void dot_w8a8_one(int32_t acc[4], const int8_t *w, const int8_t *x,
			      uint32_t blocks)
{
	__m256i s[4];

	for (int r = 0; r < 4; r++)
		s[r] = _mm256_setzero_si256();
	for (uint32_t b = 0; b < blocks; b++, w += 64, x += 16) {
		__m256i xa = load_wide(x);

		for (int r = 0; r < 4; r++)
			s[r] = _mm256_add_epi32(
				s[r],
				_mm256_madd_epi16(load_wide(w + 16 * r), xa));
	}
	_mm_storeu_si128((void *)acc, sum_lanes(s));
}

static AVX2 void dot_w8a8_avx2(int32_t (*acc)[4], const int8_t *w,
			       const int8_t *x, size_t stride, uint32_t blocks,
			       uint32_t pixels)
{
	uint32_t p = 0;

	for (; p + 2 <= pixels; p += 2)
		dot_w8a8_pair(acc + p, w, x + p * stride, stride, blocks);
	if (p < pixels)
		dot_w8a8_one(acc[p], w, x + p * stride, blocks);
}

/* Blocks for which sums of products of 8 bits and 0 to 15 fit 16 bits. */
#define W8A4_BLOCKS 8

/* 16 activations plus 8, in both halves. */
static inline AVX2 __m256i load_biased(const int8_t *x)
{
	__m128i v = _mm_loadu_si128((const void *)x);

	return _mm256_broadcastsi128_si256(_mm_add_epi8(v, _mm_set1_epi8(8)));
}

static inline AVX2 __m256i add_products(__m256i sum, __m256i x, __m256i w)
{
	return _mm256_add_epi16(sum, _mm256_maddubs_epi16(x, w));
}

static inline AVX2 __m256i add_pairs(__m256i sum, __m256i pairs)
{
	return _mm256_add_epi32(sum,
				_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* Two windows; `bias` is subtracted from the sums. Rows 0 and 2 are in the low
 * halves of the vectors, 1 and 3 in the high ones. */
static AVX2 void dot_w8a4_pair(int32_t (*acc)[4], const int8_t *w,
			       const int8_t *xa, const int8_t *xb,
			       uint32_t blocks, __m128i bias)
{
	__m256i zero = _mm256_setzero_si256();
	__m256i a01 = zero, a23 = zero, b01 = zero, b23 = zero;
	__m128i low, high;

	while (blocks) {
		uint32_t n = blocks < W8A4_BLOCKS ? blocks : W8A4_BLOCKS;
		__m256i p01 = zero, p23 = zero, q01 = zero, q23 = zero;

		blocks -= n;
		for (; n; n--, w += 64, xa += 16, xb += 16) {
			__m256i w01 = _mm256_loadu_si256((const void *)w);
			__m256i w23 =
				_mm256_loadu_si256((const void *)(w + 32));
			__m256i a = load_biased(xa), b = load_biased(xb);

			p01 = add_products(p01, a, w01);
			p23 = add_products(p23, a, w23);
			q01 = add_products(q01, b, w01);
			q23 = add_products(q23, b, w23);
		}
		a01 = add_pairs(a01, p01);
		a23 = add_pairs(a23, p23);
		b01 = add_pairs(b01, q01);
		b23 = add_pairs(b23, q23);
	}
	a01 = _mm256_hadd_epi32(_mm256_hadd_epi32(a01, a23),
				_mm256_hadd_epi32(b01, b23));
	low = _mm256_castsi256_si128(a01);
	high = _mm256_extracti128_si256(a01, 1);
	_mm_storeu_si128((void *)acc[0],
			 _mm_sub_epi32(_mm_unpacklo_epi32(low, high), bias));
	_mm_storeu_si128((void *)acc[1],
			 _mm_sub_epi32(_mm_unpackhi_epi32(low, high), bias));
}

/* 8 times the sums of four rows: what the 8 added to x contributes. */
static AVX2 __m128i eight_times(const int8_t *w, uint32_t blocks)
{
	__m256i ones = _mm256_set1_epi8(1), s[4];

	s[0] = s[2] = _mm256_setzero_si256();
	for (uint32_t b = 0; b < blocks; b++, w += 64)
		for (int r = 0; r < 4; r += 2)
			s[r] = add_pairs(
				s[r],
				_mm256_maddubs_epi16(
					ones,
					_mm256_loadu_si256(
						(const void *)(w + 16 * r))));
	s[0] = _mm256_hadd_epi32(s[0], s[2]);
	s[0] = _mm256_hadd_epi32(s[0], s[0]);
	return _mm_slli_epi32(
		_mm_unpacklo_epi32(_mm256_castsi256_si128(s[0]),
				   _mm256_extracti128_si256(s[0], 1)),
		3);
}

static AVX2 void dot_w8a4_avx2(int32_t (*acc)[4], const int8_t *w,
			       const int8_t *x, size_t stride, uint32_t blocks,
			       uint32_t pixels)
{
	__m128i bias = eight_times(w, blocks);
	int32_t last[2][4];
	uint32_t p = 0;

	for (; p + 2 <= pixels; p += 2, x += 2 * stride)
		dot_w8a4_pair(acc + p, w, x, x + stride, blocks, bias);
	if (p == pixels)
		return;
	dot_w8a4_pair(last, w, x, x, blocks, bias);
	memcpy(acc[p], last[0], sizeof(last[0]));
}

/* 4 for each column whose code has its third bit set in row r. */
static inline AVX2 __m128i third_bits(const uint8_t *block, uint32_t r)
{
	__m128i v = _mm_loadl_epi64((const void *)(block + 16));
	__m128i one = _mm_set1_epi16((short)(0x1001 << r));

	/* two columns a byte, in bits 0 to 3 and 4 to 7 */
	v = _mm_and_si128(_mm_unpacklo_epi8(v, v), one);
	return _mm_and_si128(_mm_cmpeq_epi8(v, one), _mm_set1_epi8(4));
}

static AVX2 void decode_weights_avx2(int8_t *out, const uint8_t *packed,
				     const int8_t values[4][16],
				     uint32_t blocks, uint32_t bits)
{
	uint32_t low = bits == 3 ? 2 : bits, per_byte = 8 / low;
	__m128i mask = _mm_set1_epi8((char)((1u << low) - 1));

	for (uint32_t b = 0; b < blocks; b++, packed += 8 * bits)
		for (uint32_t r = 0; r < 4; r++, out += 16) {
			__m128i v = _mm_loadu_si128(
				(const void *)(packed + r / per_byte * 16));
			__m128i shift =
				_mm_cvtsi32_si128((int)(r % per_byte * low));

			/* the mask removes bits of the neighbour */
			v = _mm_and_si128(_mm_srl_epi16(v, shift), mask);
			if (bits == 3)
				v = _mm_or_si128(v, third_bits(packed, r));
			v = _mm_shuffle_epi8(
				_mm_loadu_si128((const void *)values[r]), v);
			_mm_storeu_si128((void *)out, v);
		}
}

/* Multipliers and shifts of four channels, for acc >= 0 and acc < 0. */
struct scale_vectors {
	__m256i multiplier[2], shift[2], round[2], offset[2];
	__m128i bias;
};

static AVX2 struct scale_vectors load_scales(const struct dbrt_post *p,
					     uint32_t o)
{
	struct scale_vectors s;
	const uint16_t *m[2] = { p->multiplier + o, p->multiplier2 + o };
	const uint8_t *shift[2] = { p->shift + o, p->shift2 + o };
	const __m256i one = _mm256_set1_epi64x(1);

	s.bias = _mm_loadu_si128((const void *)(p->bias + o));
	for (int k = 0; k < 2; k++) {
		s.multiplier[k] =
			_mm256_set_epi64x(m[k][3], m[k][2], m[k][1], m[k][0]);
		s.shift[k] = _mm256_set_epi64x(shift[k][3], shift[k][2],
					       shift[k][1], shift[k][0]);
		s.round[k] = _mm256_sllv_epi64(
			one, _mm256_sub_epi64(s.shift[k], one));
		/* AVX2 has no arithmetic shift of 64 bits: 2^62, a multiple
		 * of every 2^shift, is added before the shift and its
		 * quotient subtracted after it */
		s.round[k] = _mm256_add_epi64(s.round[k],
					      _mm256_set1_epi64x(1ll << 62));
		s.offset[k] = _mm256_srlv_epi64(_mm256_set1_epi64x(1ll << 62),
						s.shift[k]);
	}
	return s;
}

/* Four scaled accumulators, in 64 bits, before the zero point. */
static inline AVX2 __m256i scale_four(const struct scale_vectors *s, __m256i v,
				      int k)
{
	v = _mm256_mul_epi32(v, s->multiplier[k]);
	v = _mm256_srlv_epi64(_mm256_add_epi64(v, s->round[k]), s->shift[k]);
	return _mm256_sub_epi64(v, s->offset[k]);
}

/* The low 32 bits of four numbers of 64 bits. */
static inline AVX2 __m128i low_halves(__m256i q)
{
	const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);

	return _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(q, even));
}

/* Stores four numbers that fit int8. */
static inline AVX2 void store_four(int8_t *out, __m128i v)
{
	int32_t codes;

	v = _mm_packs_epi16(_mm_packs_epi32(v, v), v);
	codes = _mm_cvtsi128_si32(v);
	memcpy(out, &codes, sizeof(codes));
}

/* One entry of each of four tables that are `step` bytes apart. */
static inline AVX2 void look_up_four(int8_t *out, const int8_t *table,
				     size_t step, __m128i places)
{
	uint32_t at[4];

	_mm_storeu_si128((void *)at, places);
	for (size_t c = 0; c < 4; c++)
		out[c] = table[c * step + at[c]];
}

/* Some of four channels have another scale for acc < 0. By value: the file
 * stores equal arrays once, and often only the shifts differ. */
static int has_two_slopes(const struct dbrt_post *p, uint32_t o)
{
	return memcmp(p->multiplier + o, p->multiplier2 + o, 8) ||
	       memcmp(p->shift + o, p->shift2 + o, 4);
}

static AVX2 void requantize_four(int8_t *out, size_t stride, const int32_t *acc,
				 uint32_t lanes, uint32_t pixels,
				 const struct dbrt_post *p, uint32_t channel)
{
	const struct scale_vectors s = load_scales(p, channel);
	const int two_slopes = has_two_slopes(p, channel);
	const int8_t *table =
		p->table ? p->table + (size_t)channel * p->table_step : NULL;
	const __m128i zero = _mm_set1_epi32(p->zero_point);
	const __m128i first = _mm_set1_epi32(p->zero_point - p->low);
	const __m256i low = _mm256_set1_epi64x(p->low - p->zero_point);
	const __m256i high = _mm256_set1_epi64x(p->high - p->zero_point);

	for (uint32_t i = 0; i < pixels; i++, out += stride, acc += lanes) {
		__m256i v = _mm256_cvtepi32_epi64(_mm_add_epi32(
			_mm_loadu_si128((const void *)acc), s.bias));
		__m256i q = scale_four(&s, v, 0);

		if (two_slopes) {
			__m256i negative =
				_mm256_cmpgt_epi64(_mm256_setzero_si256(), v);

			q = _mm256_blendv_epi8(q, scale_four(&s, v, 1),
					       negative);
		}
		q = _mm256_blendv_epi8(q, low, _mm256_cmpgt_epi64(low, q));
		q = _mm256_blendv_epi8(q, high, _mm256_cmpgt_epi64(q, high));
		if (table)
			look_up_four(out, table, p->table_step,
				     _mm_add_epi32(low_halves(q), first));
		else
			store_four(out, _mm_add_epi32(low_halves(q), zero));
	}
}

static void requantize_avx2(int8_t *out, size_t stride, const int32_t *acc,
			    uint32_t lanes, uint32_t pixels,
			    const struct dbrt_post *p, uint32_t channel,
			    uint32_t count)
{
	uint32_t c = 0;

	for (; c + 4 <= count; c += 4)
		requantize_four(out + c, stride, acc + c, lanes, pixels, p,
				channel + c);
	if (c < count)
		dbrt_requantize_portable(out + c, stride, acc + c, lanes,
					 pixels, p, channel + c, count - c);
}

/* Two taps of 16 channels: channels 0 to 3 and 8 to 11 in lo, the others in
 * hi. */
static inline AVX2 void add_taps(__m256i *lo, __m256i *hi, __m256i wa,
				 __m256i wb, __m256i xa, __m256i xb)
{
	*lo = _mm256_add_epi32(
		*lo, _mm256_madd_epi16(_mm256_unpacklo_epi16(wa, wb),
				       _mm256_unpacklo_epi16(xa, xb)));
	*hi = _mm256_add_epi32(
		*hi, _mm256_madd_epi16(_mm256_unpackhi_epi16(wa, wb),
				       _mm256_unpackhi_epi16(xa, xb)));
}

static inline AVX2 __m256i load_taps(const int16_t *w)
{
	return _mm256_loadu_si256((const void *)w);
}

static AVX2 void depthwise_pixel(int32_t acc[16], const int32_t base[16],
				 const struct dbrt_depthwise_window *d,
				 const int8_t *x)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i lo = zero, hi = zero, first, second;
	const int16_t *w = d->weights;

	for (uint32_t ky = 0; ky < d->rows; ky++, x += d->row_stride) {
		const int8_t *from = x;
		uint32_t kx = 0;

		for (; kx + 2 <= d->columns; kx += 2, w += 32) {
			add_taps(&lo, &hi, load_taps(w), load_taps(w + 16),
				 load_wide(from),
				 load_wide(from + d->column_stride));
			from += 2 * d->column_stride;
		}
		if (kx < d->columns) {
			add_taps(&lo, &hi, load_taps(w), zero, load_wide(from),
				 zero);
			w += 16;
		}
	}
	first = _mm256_permute2x128_si256(lo, hi, 0x20);
	second = _mm256_permute2x128_si256(lo, hi, 0x31);
	first = _mm256_add_epi32(first, _mm256_loadu_si256((const void *)base));
	second = _mm256_add_epi32(second,
				  _mm256_loadu_si256((const void *)(base + 8)));
	_mm256_storeu_si256((void *)acc, first);
	_mm256_storeu_si256((void *)(acc + 8), second);
}

static AVX2 void depthwise_w16a8_avx2(int32_t (*acc)[16],
				      const int32_t base[16],
				      const struct dbrt_depthwise_window *d)
{
	if (d->channels < 16) { /* a load of 16 would read too far */
		dbrt_depthwise_w16a8_portable(acc, base, d);
		return;
	}
	for (uint32_t p = 0; p < d->pixels; p++)
		depthwise_pixel(acc[p], base, d, d->x + p * d->pixel_stride);
}

static const struct dbrt_kernels avx2 = {
	.name = "avx2",
	.dot_w8a8 = dot_w8a8_avx2,
	.dot_w8a4 = dot_w8a4_avx2,
	.decode_weights = decode_weights_avx2,
	.requantize = requantize_avx2,
	.depthwise_w16a8 = depthwise_w16a8_avx2,
};

const struct dbrt_kernels *const dbrt_kernels_x86[] = { &avx2, NULL };

int dbrt_kernels_x86_runs(const struct dbrt_kernels *k)
{
	return k == &avx2 && __builtin_cpu_supports("avx2");
}

#endif
