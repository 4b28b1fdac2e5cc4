/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise windows, four pixels by 16 channels: depthwise_tile.h says what
 * they compute.
 *
 * v0 and v1 hold the weights of two taps, v4-v7 two taps of this pixel and of
 * the next one, v8-v15 sums in 16 bits (two vectors a pixel), v16-v31 sums in
 * 32 bits (four vectors a pixel). Loads stand apart from each other and from
 * the first use of what they load.
 */
#ifdef __aarch64__

#define T_PIXELS 0
#define T_OFFSETS 16
#define T_SCALE 32
#define T_CHANNEL 40
#define T_GROUPS 48
#define T_RUN 56

#define pixels x1
#define weights x2
#define offsets x3
#define base x4
#define scale x5
#define groups w6
#define taps w7
#define run w8
#define p0 x9
#define p1 x10
#define p2 x11
#define p3 x12
#define next_weight x13
#define next_offset x14
#define offset_a x15 /* of the first tap of the next pair */
#define offset_b x16 /* of its second one */
#define left w17     /* taps, less 3 */
#define run_left w19
#define channel x20
#define out0 x21
#define out1 x22
#define out2 x23
#define out3 x24

	.text

#include "runtime/neon/depthwise.inc"

/* The products of a pixel with the first tap of a pair, and with the second. */
.macro pixel mul, low, high, x0
	\mul	v\low\().8h, v0.8b, v\x0\().8b
	\mul\()2 v\high\().8h, v0.16b, v\x0\().16b
.endm
.macro second low, high, x1
	smlal	v\low\().8h, v1.8b, v\x1\().8b
	smlal2	v\high\().8h, v1.16b, v\x1\().16b
.endm

/* Two taps. v4 and v5 have those of pixel 0; without \more nothing follows. */
.macro pair mul, widens, more
	.if	\widens
	widen	8, 9, 16, 17, 18, 19
	.endif
	pixel	\mul, 8, 9, 4
	ldr	q6, [p1, offset_a]
	.if	\widens
	widen	10, 11, 20, 21, 22, 23
	.endif
	ldr	q7, [p1, offset_b]
	second	8, 9, 5

	pixel	\mul, 10, 11, 6
	ldr	q4, [p2, offset_a]
	.if	\widens
	widen	12, 13, 24, 25, 26, 27
	.endif
	ldr	q5, [p2, offset_b]
	second	10, 11, 7

	pixel	\mul, 12, 13, 4
	ldr	q6, [p3, offset_a]
	.if	\more
	ldrsw	offset_a, [next_offset]
	.endif
	.if	\widens
	widen	14, 15, 28, 29, 30, 31
	.endif
	ldr	q7, [p3, offset_b]
	second	12, 13, 5

	.if	\more
	ldrsw	offset_b, [next_offset, #4]
	.endif
	pixel	\mul, 14, 15, 6
	.if	\more
	ldr	q0, [next_weight]
	add	next_offset, next_offset, #8
	ldr	q4, [p0, offset_a]
	.endif
	second	14, 15, 7
	.if	\more
	ldr	q1, [next_weight, #16]
	add	next_weight, next_weight, #32
	ldr	q5, [p0, offset_b]
	.endif
.endm

/* One tap; nothing follows. */
.macro single mul, widens
	.if	\widens
	widen	8, 9, 16, 17, 18, 19
	.endif
	ldr	q6, [p1, offset_a]
	pixel	\mul, 8, 9, 4
	ldr	q7, [p2, offset_a]
	.if	\widens
	widen	10, 11, 20, 21, 22, 23
	.endif
	ldr	q2, [p3, offset_a]
	pixel	\mul, 10, 11, 6
	.if	\widens
	widen	12, 13, 24, 25, 26, 27
	.endif
	pixel	\mul, 12, 13, 7
	.if	\widens
	widen	14, 15, 28, 29, 30, 31
	.endif
	pixel	\mul, 14, 15, 2
.endm

.macro widen_all
	widen	8, 9, 16, 17, 18, 19
	ldr	q4, [scale]
	widen	10, 11, 20, 21, 22, 23
	ldr	q5, [scale, #S_SHIFT]
	widen	12, 13, 24, 25, 26, 27
	ldr	q6, [scale, #16]
	widen	14, 15, 28, 29, 30, 31
	ldr	q7, [scale, #S_SHIFT + 16]
.endm

/* The last tap or the last two, by the last bit of `left`. */
.macro last mul, widens
	tbnz	left, #0, .Ltwo\@
	single	\mul, \widens
	b	.Lend\@
.Ltwo\@:
	pair	\mul, \widens, 0
.Lend\@:
.endm

/* The windows of four pixels, and the first tap of each. */
.macro load_pixels
	ldr	p0, [pixels]
	ldr	p1, [pixels, #16]
	ldr	p2, [pixels, #32]
	ldr	p3, [pixels, #48]
	ldrsw	offset_a, [offsets]
	ldrsw	offset_b, [offsets, #4]
.endm
.macro add_channel
	add	p0, p0, channel
	add	p1, p1, channel
	add	p2, p2, channel
	add	p3, p3, channel
.endm
.macro load_first_taps
	ldr	q0, [weights]
	ldr	q1, [weights, #16]
	ldr	q4, [p0, offset_a]
	ldr	q5, [p0, offset_b]
.endm

.macro begin name
	enter \name, 112
	stp	x19, x20, [sp, #64]
	stp	x21, x22, [sp, #80]
	stp	x23, x24, [sp, #96]
	ldp	pixels, weights, [x0, #T_PIXELS]
	ldp	offsets, base, [x0, #T_OFFSETS]
	ldp	scale, channel, [x0, #T_SCALE]
	ldp	groups, taps, [x0, #T_GROUPS]
	ldr	run, [x0, #T_RUN]
	load_pixels
	add_channel
	load_first_taps
.endm

/* The sums of four pixels in v16 to v31. */
.macro sum_windows
1:	add	next_weight, weights, #32
	add	next_offset, offsets, #8
	mov	run_left, run
	subs	left, taps, #3
	b.lo	7f
	/* the first run, then the others */
	pair	smull, 0, 1
2:	subs	left, left, #2
	b.lo	6f
	subs	run_left, run_left, #1
	b.eq	3f
	pair	smlal, 0, 1
	b	2b
3:	widen_first
	pair	smull, 0, 1
	mov	run_left, run
4:	subs	left, left, #2
	b.lo	9f
	subs	run_left, run_left, #1
	b.eq	5f
	pair	smlal, 0, 1
	b	4b
5:	mov	run_left, run
	pair	smull, 1, 1
	b	4b
	/* the end within the first run */
6:	cmp	run_left, #1
	b.eq	61f
	last	smlal, 0
	b	8f
61:	widen_first
	last	smull, 0
	b	11f
7:	last	smull, 0
8:	widen_first
	ldr	q4, [scale]
	ldr	q5, [scale, #S_SHIFT]
	ldr	q6, [scale, #16]
	ldr	q7, [scale, #S_SHIFT + 16]
	b	12f
	/* the end within another run */
9:	cmp	run_left, #1
	b.eq	10f
	last	smlal, 0
	b	11f
10:	last	smull, 1
11:	widen_all
12:
.endm

.macro end name
	b.ne	1b
	ldp	x23, x24, [sp, #96]
	ldp	x21, x22, [sp, #80]
	ldp	x19, x20, [sp, #64]
	leave \name, 112
.endm

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
	ldrsw	offset_a, [offsets]
	.elseif	\n == 5
	ldrsw	offset_b, [offsets, #4]
	add	p0, p0, channel
	.elseif	\n == 6
	ldr	q4, [p0, offset_a]
	.elseif	\n == 7
	ldr	p1, [pixels, #16]
	.elseif	\n == 8
	ldr	q5, [p0, offset_b]
	.elseif	\n == 9
	ldr	p2, [pixels, #32]
	add	p1, p1, channel
	.elseif	\n == 10
	ldr	p3, [pixels, #48]
	.elseif	\n == 11
	ldr	q0, [weights]
	add	p2, p2, channel
	.elseif	\n == 12
	ldr	q1, [weights, #16]
	add	p3, p3, channel
	.endif
.endm

begin dbrt_depthwise_w8a8_neon_4x16
	sum_windows
	requantize
end dbrt_depthwise_w8a8_neon_4x16

begin dbrt_depthwise_sums_neon_4x16
	sum_windows
	store_sums
	subs	groups, groups, #1
	b.eq	13f
	add	pixels, pixels, #64
13:	load_pixels
	add_channel
	load_first_taps
	cmp	groups, #0
end dbrt_depthwise_sums_neon_4x16

	.section .note.GNU-stack, "", %progbits
#endif
