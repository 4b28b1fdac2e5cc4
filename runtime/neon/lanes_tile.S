/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of few columns, four pixels by 16 output channels, which lie across
 * the lanes: lanes_tile.h says what is computed.
 *
 * v0-v3 hold eight columns of four windows in 16 bits, v8-v11 the next ones as
 * they were loaded, v4 and v5 (or v6 and v7) the weights of a column, v16-v31
 * the sums, four vectors a pixel.
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
	ldr	q16, [base]
	ldr	q17, [base, #16]
	ldr	q18, [base, #32]
	ldr	q19, [base, #48]
	add	next, weights, #32
	mov	columns_left, count
	mov	v20.16b, v16.16b
	mov	v24.16b, v16.16b
	mov	v28.16b, v16.16b
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

	.section .note.GNU-stack, "", %progbits
#endif
