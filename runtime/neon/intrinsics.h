/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_NEON_INTRINSICS_H
#define DBRT_NEON_INTRINSICS_H

/*
 * arm_neon.h, and for 32-bit Arm those intrinsics of AArch64 that the files
 * which both share use, by the instructions that are there. Lanes and results
 * are the same.
 */
#include <arm_neon.h>

#ifndef __aarch64__

static inline int16x8_t vmovl_high_s8(int8x16_t a)
{
	return vmovl_s8(vget_high_s8(a));
}

static inline int16x8_t vmull_high_s8(int8x16_t a, int8x16_t b)
{
	return vmull_s8(vget_high_s8(a), vget_high_s8(b));
}

static inline int16x8_t vmlal_high_s8(int16x8_t sum, int8x16_t a, int8x16_t b)
{
	return vmlal_s8(sum, vget_high_s8(a), vget_high_s8(b));
}

static inline int16x8_t vqmovn_high_s32(int16x4_t low, int32x4_t a)
{
	return vcombine_s16(low, vqmovn_s32(a));
}

static inline int8x16_t vqmovn_high_s16(int8x8_t low, int16x8_t a)
{
	return vcombine_s8(low, vqmovn_s16(a));
}

static inline int32x4_t vpaddq_s32(int32x4_t a, int32x4_t b)
{
	return vcombine_s32(vpadd_s32(vget_low_s32(a), vget_high_s32(a)),
			    vpadd_s32(vget_low_s32(b), vget_high_s32(b)));
}

static inline uint32x4_t vcltzq_s32(int32x4_t a)
{
	return vcltq_s32(a, vdupq_n_s32(0));
}

static inline int8x16_t vzip1q_s8(int8x16_t a, int8x16_t b)
{
	return vzipq_s8(a, b).val[0];
}

static inline int8x16_t vzip2q_s8(int8x16_t a, int8x16_t b)
{
	return vzipq_s8(a, b).val[1];
}

static inline uint8x16_t vzip1q_u8(uint8x16_t a, uint8x16_t b)
{
	return vzipq_u8(a, b).val[0];
}

static inline int8x16_t vqtbl1q_s8(int8x16_t table, uint8x16_t at)
{
	const int8x8x2_t t = { { vget_low_s8(table), vget_high_s8(table) } };
	int8x16_t i = vreinterpretq_s8_u8(at);

	return vcombine_s8(vtbl2_s8(t, vget_low_s8(i)),
			   vtbl2_s8(t, vget_high_s8(i)));
}

static inline uint8_t vminv_u8(uint8x8_t a)
{
	a = vpmin_u8(a, a);
	a = vpmin_u8(a, a);
	return vget_lane_u8(vpmin_u8(a, a), 0);
}

static inline uint8_t vminvq_u8(uint8x16_t a)
{
	return vminv_u8(vmin_u8(vget_low_u8(a), vget_high_u8(a)));
}

static inline uint8_t vmaxvq_u8(uint8x16_t a)
{
	uint8x8_t m = vmax_u8(vget_low_u8(a), vget_high_u8(a));

	m = vpmax_u8(m, m);
	m = vpmax_u8(m, m);
	return vget_lane_u8(vpmax_u8(m, m), 0);
}

#endif
#endif
