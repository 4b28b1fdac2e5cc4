/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of few columns, four pixels by 16 output channels, which lie across
 * the lanes: lanes_tile.h says what is computed.
 *
 * v0-v3 hold eight columns of four windows in 16 bits, v8-v11 the next ones as
 * they were loaded, v4 and v5 (or v6 and v7) the weights of a column, v16-v31
 * the sums, four vectors a pixel. The place of the next four pixels' codes is
 * fetched meanwhile: a store that waits for memory holds up those behind it.
 */
#ifdef __aarch64__

#define T_PIXELS 0
#define T_BASE 16
#define T_CHANNEL 32
#define T_GROUPS 40

#define pixels x1
#define weights x2
#define base x3
#define scale x4
#define channel x5
#define groups w6
#define count w7 /* columns of a window */
#define p0 x8
#define p1 x9
#define p2 x10
#define p3 x11
#define next x12
#define columns_left w13
#define out0 x14
#define out1 x15
#define out2 x16
#define out3 x17

	.text

#include "runtime/neon/depthwise.inc"

	.set	pixel_bytes, 64
.macro load_next n
	.if	\n == 1
	ldr	out1, [pixels, #24]
	.elseif	\n == 2
	ldr	out2, [pixels, #40]
	ldr	out3, [pixels, #56]
	.elseif	\n == 3
	ldr	p0, [pixels]
	.elseif	\n == 4
	ldr	p1, [pixels, #16]
	.elseif	\n == 5
	ldr	p2, [pixels, #32]
	.elseif	\n == 6
	ldr	p3, [pixels, #48]
	.elseif	\n == 7
	ldr	q4, [weights]
	.elseif	\n == 8
	ldr	q5, [weights, #16]
	.endif
.endm

.macro begin name
	enter \name, 64
	ldp	pixels, weights, [x0, #T_PIXELS]
	ldp	base, scale, [x0, #T_BASE]
	ldr	channel, [x0, #T_CHANNEL]
	ldp	groups, count, [x0, #T_GROUPS]
	.irp	n, 3, 4, 5, 6, 7, 8
	load_next \n
	.endr
1:	ldr	d8, [p0], #8
	ldr	d9, [p1], #8
	ldr	d10, [p2], #8
	ldr	d11, [p3], #8
	ldr	out0, [pixels, #64 + 8]
	ldr	q16, [base]
	ldr	q17, [base, #16]
	ldr	q18, [base, #32]
	ldr	q19, [base, #48]
	add	next, weights, #32
	mov	columns_left, count
	mov	v20.16b, v16.16b
	mov	v24.16b, v16.16b
	mov	v28.16b, v16.16b
	prfm	pstl1keep, [out0, channel]
	mov	v21.16b, v17.16b
	mov	v25.16b, v17.16b
	mov	v29.16b, v17.16b
	mov	v22.16b, v18.16b
	mov	v26.16b, v18.16b
	mov	v30.16b, v18.16b
	mov	v23.16b, v19.16b
	mov	v27.16b, v19.16b
	mov	v31.16b, v19.16b
.endm

.macro end name
	b.ne	1b
	leave \name, 64
.endm

/* Column i of v\x, with the weights of 16 channels. */
.macro pixel a, b, c, d, x, i, low, high
	smlal	v\a\().4s, v\low\().4h, v\x\().h[\i]
	smlal2	v\b\().4s, v\low\().8h, v\x\().h[\i]
	smlal	v\c\().4s, v\high\().4h, v\x\().h[\i]
	smlal2	v\d\().4s, v\high\().8h, v\x\().h[\i]
.endm

/* A column; the weights of the next one are loaded. */
.macro column i, low, high, next_low, next_high
	pixel	16, 17, 18, 19, 0, \i, \low, \high
	ldr	q\next_low, [next, #32 * \i]
	pixel	20, 21, 22, 23, 1, \i, \low, \high
	pixel	24, 25, 26, 27, 2, \i, \low, \high
	ldr	q\next_high, [next, #32 * \i + 16]
	pixel	28, 29, 30, 31, 3, \i, \low, \high
.endm

/* Eight columns of four windows, with those of the next eight, or the last ones,
 * by two. Of these the eight bytes are loaded again; nothing uses them. */
.macro columns
2:	sxtl	v0.8h, v8.8b
	sxtl	v1.8h, v9.8b
	sxtl	v2.8h, v10.8b
	sxtl	v3.8h, v11.8b
	cmp	columns_left, #8
	b.gt	3f
	sub	p0, p0, #8
	sub	p1, p1, #8
	sub	p2, p2, #8
	sub	p3, p3, #8
3:	column	0, 4, 5, 6, 7
	ldr	d8, [p0], #8
	column	1, 6, 7, 4, 5
	ldr	d9, [p1], #8
	cmp	columns_left, #2
	b.le	4f
	column	2, 4, 5, 6, 7
	ldr	d10, [p2], #8
	column	3, 6, 7, 4, 5
	ldr	d11, [p3], #8
	cmp	columns_left, #4
	b.le	4f
	column	4, 4, 5, 6, 7
	column	5, 6, 7, 4, 5
	cmp	columns_left, #6
	b.le	4f
	column	6, 4, 5, 6, 7
	column	7, 6, 7, 4, 5
	add	next, next, #256
	subs	columns_left, columns_left, #8
	b.gt	2b
4:
.endm

begin dbrt_lanes_w8a8_neon_4x16
	columns
	ldr	q4, [scale]
	ldr	q5, [scale, #S_SHIFT]
	ldr	q6, [scale, #16]
	ldr	q7, [scale, #S_SHIFT + 16]
	requantize
end dbrt_lanes_w8a8_neon_4x16

begin dbrt_lanes_sums_neon_4x16
	columns
	store_sums
	subs	groups, groups, #1
	b.eq	13f
	add	pixels, pixels, #64
13:	.irp	n, 3, 4, 5, 6, 7, 8
	load_next \n
	.endr
	cmp	groups, #0
end dbrt_lanes_sums_neon_4x16

/*
 * Eight pixels by eight channels, of which v16 and v17 are the sums of the first
 * pixel: v0-v7 hold eight columns of a window each, v8 or v9 the weights of a
 * column.
 */
#define next8 x16
#define columns8 w17

.macro pixel8 a, b, x, i, w
	smlal	v\a\().4s, v\w\().4h, v\x\().h[\i]
	smlal2	v\b\().4s, v\w\().8h, v\x\().h[\i]
.endm

.macro copy8 n, from
	mov	v\n\().16b, v\from\().16b
.endm
.macro widen8 n
	sxtl	v\n\().8h, v\n\().8b
.endm
.macro scale8 n, m
	sqdmulh	v\n\().4s, v\n\().4s, v\m\().4s
.endm
.macro shift8 n, s
	srshl	v\n\().4s, v\n\().4s, v\s\().4s
.endm
.macro narrow8 n
	sqxtn	v\n\().4h, v\n\().4s
.endm
.macro zero8 n
	sqadd	v\n\().8h, v\n\().8h, v4.8h
.endm
.macro code8 n
	sqxtn	v\n\().8b, v\n\().8h
.endm
.macro least8 n
	smax	v\n\().8b, v\n\().8b, v5.8b
.endm
.macro most8 n
	smin	v\n\().8b, v\n\().8b, v6.8b
.endm

.macro column8 i, w, next_w
	pixel8	16, 17, 0, \i, \w
	ldr	q\next_w, [next8, #32 * \i]
	pixel8	18, 19, 1, \i, \w
	pixel8	20, 21, 2, \i, \w
	pixel8	22, 23, 3, \i, \w
	pixel8	24, 25, 4, \i, \w
	pixel8	26, 27, 5, \i, \w
	pixel8	28, 29, 6, \i, \w
	pixel8	30, 31, 7, \i, \w
.endm

/* The sums of eight pixels; then x8 to x15 are where they go. */
.macro sum8
1:	ldr	x8, [pixels]
	ldr	x9, [pixels, #16]
	ldr	x10, [pixels, #32]
	ldr	x11, [pixels, #48]
	ldr	x12, [pixels, #64]
	ldr	x13, [pixels, #80]
	ldr	x14, [pixels, #96]
	ldr	x15, [pixels, #112]
	ldr	q16, [base]
	ldr	q17, [base, #16]
	ldr	q8, [weights]
	add	next8, weights, #32
	mov	columns8, count
	.irp	n, 18, 20, 22, 24, 26, 28, 30
	copy8	\n, 16
	.endr
	.irp	n, 19, 21, 23, 25, 27, 29, 31
	copy8	\n, 17
	.endr
2:	ldr	d0, [x8], #8
	ldr	d1, [x9], #8
	ldr	d2, [x10], #8
	ldr	d3, [x11], #8
	ldr	d4, [x12], #8
	ldr	d5, [x13], #8
	ldr	d6, [x14], #8
	ldr	d7, [x15], #8
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	widen8	\n
	.endr
	column8	0, 8, 9
	column8	1, 9, 8
	cmp	columns8, #2
	b.le	4f
	column8	2, 8, 9
	column8	3, 9, 8
	cmp	columns8, #4
	b.le	4f
	column8	4, 8, 9
	column8	5, 9, 8
	cmp	columns8, #6
	b.le	4f
	column8	6, 8, 9
	column8	7, 9, 8
	add	next8, next8, #256
	subs	columns8, columns8, #8
	b.gt	2b
4:	ldr	x8, [pixels, #8]
	ldr	x9, [pixels, #24]
	ldr	x10, [pixels, #40]
	ldr	x11, [pixels, #56]
	ldr	x12, [pixels, #72]
	ldr	x13, [pixels, #88]
	ldr	x14, [pixels, #104]
	ldr	x15, [pixels, #120]
	add	pixels, pixels, #128
.endm

.macro begin8 name
	enter	\name, 64
	ldp	pixels, weights, [x0, #T_PIXELS]
	ldp	base, scale, [x0, #T_BASE]
	ldr	channel, [x0, #T_CHANNEL]
	ldp	groups, count, [x0, #T_GROUPS]
.endm

begin8 dbrt_lanes_w8a8_neon_8x8
	sum8
	ldr	q0, [scale]
	ldr	q1, [scale, #16]
	ldr	q2, [scale, #S_SHIFT]
	ldr	q3, [scale, #S_SHIFT + 16]
	.irp	n, 16, 18, 20, 22, 24, 26, 28, 30
	scale8	\n, 0
	.endr
	ldr	q4, [scale, #S_ZERO]
	.irp	n, 17, 19, 21, 23, 25, 27, 29, 31
	scale8	\n, 1
	.endr
	ldr	q5, [scale, #S_LOW]
	.irp	n, 16, 18, 20, 22, 24, 26, 28, 30
	shift8	\n, 2
	.endr
	ldr	q6, [scale, #S_HIGH]
	.irp	n, 17, 19, 21, 23, 25, 27, 29, 31
	shift8	\n, 3
	.endr
	.irp	n, 16, 18, 20, 22, 24, 26, 28, 30
	narrow8	\n
	.endr
	sqxtn2	v16.8h, v17.4s
	sqxtn2	v18.8h, v19.4s
	sqxtn2	v20.8h, v21.4s
	sqxtn2	v22.8h, v23.4s
	sqxtn2	v24.8h, v25.4s
	sqxtn2	v26.8h, v27.4s
	sqxtn2	v28.8h, v29.4s
	sqxtn2	v30.8h, v31.4s
	.irp	n, 16, 18, 20, 22, 24, 26, 28, 30
	zero8	\n
	.endr
	.irp	n, 16, 18, 20, 22, 24, 26, 28, 30
	code8	\n
	.endr
	.irp	n, 16, 18, 20, 22, 24, 26, 28, 30
	least8	\n
	.endr
	.irp	n, 16, 18, 20, 22, 24, 26, 28, 30
	most8	\n
	.endr
	str	d16, [x8, channel]
	str	d18, [x9, channel]
	str	d20, [x10, channel]
	str	d22, [x11, channel]
	str	d24, [x12, channel]
	str	d26, [x13, channel]
	str	d28, [x14, channel]
	str	d30, [x15, channel]
	subs	groups, groups, #1
end dbrt_lanes_w8a8_neon_8x8

begin8 dbrt_lanes_sums_neon_8x8
	sum8
	stp	q16, q17, [x8]
	stp	q18, q19, [x9]
	stp	q20, q21, [x10]
	stp	q22, q23, [x11]
	stp	q24, q25, [x12]
	stp	q26, q27, [x13]
	stp	q28, q29, [x14]
	stp	q30, q31, [x15]
	subs	groups, groups, #1
end dbrt_lanes_sums_neon_8x8

	.section .note.GNU-stack, "", %progbits
#endif
