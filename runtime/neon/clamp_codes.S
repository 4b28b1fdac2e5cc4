/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requantization of four channels with a clamp, 16 pixels at a time:
 * requantize_neon.c says what is computed. A pixel is loaded four steps before
 * it is used. Codes are stored from integer registers, x5 to x12, since stores of
 * vector lanes are slow, while the next pixels are computed. What is in the
 * registers at first goes to the first pixels, which are stored again later.
 *
 * void dbrt_clamp_codes_neon(int8_t *out, size_t stride, const int32_t *acc,
 *                            uint32_t groups, const struct clamp_scales *s)
 */
#ifdef __aarch64__

#define out x0
#define stride x1
#define acc x2
#define groups w3
#define scales x4
#define next_out x13

	.text
	.globl	dbrt_clamp_codes_neon
	.hidden	dbrt_clamp_codes_neon
	.type	dbrt_clamp_codes_neon, %function

	.p2align 4
dbrt_clamp_codes_neon:
	mov	next_out, out
	ldr	q0, [scales]
	ldr	q1, [scales, #16]
	ldr	q2, [scales, #32]
	ldr	q3, [scales, #48]
	ldr	q4, [scales, #64]
	ldr	q5, [scales, #80]
1:
	ldr	q16, [acc, #0]
	ldr	q17, [acc, #16]
	ldr	q18, [acc, #32]
	ldr	q19, [acc, #48]
	add	v16.4s, v16.4s, v0.4s
	ldr	q20, [acc, #64]
	add	v17.4s, v17.4s, v0.4s
	ldr	q21, [acc, #80]
	add	v18.4s, v18.4s, v0.4s
	ldr	q22, [acc, #96]
	add	v19.4s, v19.4s, v0.4s
	ldr	q23, [acc, #112]
	add	v20.4s, v20.4s, v0.4s
	ldr	q24, [acc, #128]
	sqdmulh	v16.4s, v16.4s, v1.4s
	add	v21.4s, v21.4s, v0.4s
	ldr	q25, [acc, #144]
	sqdmulh	v17.4s, v17.4s, v1.4s
	add	v22.4s, v22.4s, v0.4s
	ldr	q26, [acc, #160]
	sqdmulh	v18.4s, v18.4s, v1.4s
	add	v23.4s, v23.4s, v0.4s
	ldr	q27, [acc, #176]
	sqdmulh	v19.4s, v19.4s, v1.4s
	add	v24.4s, v24.4s, v0.4s
	ldr	q28, [acc, #192]
	sqdmulh	v20.4s, v20.4s, v1.4s
	srshl	v16.4s, v16.4s, v2.4s
	add	v25.4s, v25.4s, v0.4s
	ldr	q29, [acc, #208]
	sqdmulh	v21.4s, v21.4s, v1.4s
	srshl	v17.4s, v17.4s, v2.4s
	add	v26.4s, v26.4s, v0.4s
	ldr	q30, [acc, #224]
	sqdmulh	v22.4s, v22.4s, v1.4s
	srshl	v18.4s, v18.4s, v2.4s
	add	v27.4s, v27.4s, v0.4s
	ldr	q31, [acc, #240]
	sqdmulh	v23.4s, v23.4s, v1.4s
	srshl	v19.4s, v19.4s, v2.4s
	add	v28.4s, v28.4s, v0.4s
	sqdmulh	v24.4s, v24.4s, v1.4s
	srshl	v20.4s, v20.4s, v2.4s
	add	v29.4s, v29.4s, v0.4s
	sqdmulh	v25.4s, v25.4s, v1.4s
	srshl	v21.4s, v21.4s, v2.4s
	add	v30.4s, v30.4s, v0.4s
	sqdmulh	v26.4s, v26.4s, v1.4s
	srshl	v22.4s, v22.4s, v2.4s
	add	v31.4s, v31.4s, v0.4s
	sqdmulh	v27.4s, v27.4s, v1.4s
	srshl	v23.4s, v23.4s, v2.4s
	sqdmulh	v28.4s, v28.4s, v1.4s
	srshl	v24.4s, v24.4s, v2.4s
	sqdmulh	v29.4s, v29.4s, v1.4s
	srshl	v25.4s, v25.4s, v2.4s
	sqdmulh	v30.4s, v30.4s, v1.4s
	srshl	v26.4s, v26.4s, v2.4s
	sqdmulh	v31.4s, v31.4s, v1.4s
	srshl	v27.4s, v27.4s, v2.4s
	srshl	v28.4s, v28.4s, v2.4s
	srshl	v29.4s, v29.4s, v2.4s
	srshl	v30.4s, v30.4s, v2.4s
	srshl	v31.4s, v31.4s, v2.4s
	add	acc, acc, #256
	sqxtn	v16.4h, v16.4s
	sqxtn	v18.4h, v18.4s
	str	w5, [out]
	lsr	x5, x5, #32
	sqxtn	v20.4h, v20.4s
	sqxtn	v22.4h, v22.4s
	str	w5, [out, stride]
	add	out, out, stride, lsl #1
	sqxtn	v24.4h, v24.4s
	sqxtn	v26.4h, v26.4s
	str	w6, [out]
	lsr	x6, x6, #32
	sqxtn	v28.4h, v28.4s
	sqxtn	v30.4h, v30.4s
	str	w6, [out, stride]
	add	out, out, stride, lsl #1
	sqxtn2	v16.8h, v17.4s
	sqxtn2	v18.8h, v19.4s
	str	w7, [out]
	lsr	x7, x7, #32
	sqxtn2	v20.8h, v21.4s
	sqxtn2	v22.8h, v23.4s
	str	w7, [out, stride]
	add	out, out, stride, lsl #1
	sqxtn2	v24.8h, v25.4s
	sqxtn2	v26.8h, v27.4s
	str	w8, [out]
	lsr	x8, x8, #32
	sqxtn2	v28.8h, v29.4s
	sqxtn2	v30.8h, v31.4s
	str	w8, [out, stride]
	add	out, out, stride, lsl #1
	sqadd	v16.8h, v16.8h, v3.8h
	sqadd	v18.8h, v18.8h, v3.8h
	str	w9, [out]
	lsr	x9, x9, #32
	sqadd	v20.8h, v20.8h, v3.8h
	sqadd	v22.8h, v22.8h, v3.8h
	str	w9, [out, stride]
	add	out, out, stride, lsl #1
	sqadd	v24.8h, v24.8h, v3.8h
	sqadd	v26.8h, v26.8h, v3.8h
	str	w10, [out]
	lsr	x10, x10, #32
	sqadd	v28.8h, v28.8h, v3.8h
	sqadd	v30.8h, v30.8h, v3.8h
	str	w10, [out, stride]
	add	out, out, stride, lsl #1
	sqxtn	v16.8b, v16.8h
	sqxtn	v20.8b, v20.8h
	str	w11, [out]
	lsr	x11, x11, #32
	sqxtn	v24.8b, v24.8h
	sqxtn	v28.8b, v28.8h
	str	w11, [out, stride]
	add	out, out, stride, lsl #1
	sqxtn2	v16.16b, v18.8h
	sqxtn2	v20.16b, v22.8h
	str	w12, [out]
	lsr	x12, x12, #32
	sqxtn2	v24.16b, v26.8h
	sqxtn2	v28.16b, v30.8h
	str	w12, [out, stride]
	add	out, out, stride, lsl #1
	smax	v16.16b, v16.16b, v4.16b
	smax	v20.16b, v20.16b, v4.16b
	smax	v24.16b, v24.16b, v4.16b
	smax	v28.16b, v28.16b, v4.16b
	smin	v16.16b, v16.16b, v5.16b
	smin	v20.16b, v20.16b, v5.16b
	smin	v24.16b, v24.16b, v5.16b
	smin	v28.16b, v28.16b, v5.16b
	fmov	x5, d16
	umov	x6, v16.d[1]
	fmov	x7, d20
	umov	x8, v20.d[1]
	fmov	x9, d24
	umov	x10, v24.d[1]
	fmov	x11, d28
	umov	x12, v28.d[1]
	mov	out, next_out
	add	next_out, next_out, stride, lsl #4
	subs	groups, groups, #1
	b.ne	1b
	str	w5, [out]
	lsr	x5, x5, #32
	str	w5, [out, stride]
	add	out, out, stride, lsl #1
	str	w6, [out]
	lsr	x6, x6, #32
	str	w6, [out, stride]
	add	out, out, stride, lsl #1
	str	w7, [out]
	lsr	x7, x7, #32
	str	w7, [out, stride]
	add	out, out, stride, lsl #1
	str	w8, [out]
	lsr	x8, x8, #32
	str	w8, [out, stride]
	add	out, out, stride, lsl #1
	str	w9, [out]
	lsr	x9, x9, #32
	str	w9, [out, stride]
	add	out, out, stride, lsl #1
	str	w10, [out]
	lsr	x10, x10, #32
	str	w10, [out, stride]
	add	out, out, stride, lsl #1
	str	w11, [out]
	lsr	x11, x11, #32
	str	w11, [out, stride]
	add	out, out, stride, lsl #1
	str	w12, [out]
	lsr	x12, x12, #32
	str	w12, [out, stride]
	add	out, out, stride, lsl #1
	ret
	.size	dbrt_clamp_codes_neon, . - dbrt_clamp_codes_neon

	.section .note.GNU-stack, "", %progbits
#endif
