/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise windows of 3x3, four neighbouring pixels by 16 channels: the columns
 * that they share are loaded once. depthwise_tile.h says what they compute.
 *
 * v0-v2 hold the weights of a row, v3-v7 columns of it, in turn.
 */
#ifdef __aarch64__

#define T_PIXELS 0
#define T_ROW 16
#define T_SCALE 32
#define T_PITCH 48
#define T_GROUPS 56

#define pixels x1
#define weights x2
#define row_bytes x3
#define base x4
#define scale x5
#define groups w6
#define pitch x7
#define row0 x9
#define row1 x10
#define row2 x11
#define channel x12
#define out0 x13
#define out1 x14
#define out2 x15
#define out3 x16

	.text

#include "runtime/neon/depthwise.inc"

	.set	pixel_bytes, 16
	.set	second_column, 16
.macro load_next n
	.if	\n == 1
	add	out1, out0, pitch
	.elseif	\n == 2
	add	out2, out1, pitch
	add	out3, out2, pitch
	.elseif	\n == 3
	ldr	row0, [pixels]
	.elseif	\n == 5
	ldr	q0, [weights]
	.elseif	\n == 7
	ldr	q3, [row0]
	add	row1, row0, row_bytes
	.elseif	\n == 9
	ldr	q4, [row0, #second_column]
	add	row2, row1, row_bytes
	.elseif	\n == 11
	ldr	q1, [weights, #16]
	.endif
.endm

.macro begin name
	enter \name, 64
	ldp	pixels, weights, [x0, #T_PIXELS]
	ldp	row_bytes, base, [x0, #T_ROW]
	ldp	scale, channel, [x0, #T_SCALE]
	ldr	pitch, [x0, #T_PITCH]
	ldr	groups, [x0, #T_GROUPS]
	.irp	n, 3, 5, 7, 9, 11
	load_next \n
	.endr
1:	ldr	q2, [weights, #32]
.endm

.macro end name
	b.ne	1b
	leave \name, 64
.endm

/* ---- Taps ---- */

.macro products mul, low, high, w, x
	\mul	v\low\().8h, v\w\().8b, v\x\().8b
	\mul\()2 v\high\().8h, v\w\().16b, v\x\().16b
.endm

/* Tap t of nine, which has weight w and column x. With `pairs`, two taps fit 16
 * bits. The first two are summed where the wide sums will be, so that with the
 * next two they make these without a first value. */
.macro tap_of t, w, x, low, high, a, b, c, d
	.if	pairs == 0 && \t == 0
	products smull, \low, \high, \w, \x
	.elseif	pairs == 0
	products smlal, \low, \high, \w, \x
	.elseif	\t == 0
	products smull, \c, \d, \w, \x
	.elseif	\t == 1
	products smlal, \c, \d, \w, \x
	.elseif	\t % 2
	products smlal, \low, \high, \w, \x
	.else
	.if	\t == 4
	saddl	v\a\().4s, v\c\().4h, v\low\().4h
	saddl2	v\b\().4s, v\c\().8h, v\low\().8h
	saddl	v\c\().4s, v\d\().4h, v\high\().4h
	saddl2	v\d\().4s, v\d\().8h, v\high\().8h
	.elseif	\t > 4
	widen	\low, \high, \a, \b, \c, \d
	.endif
	products smull, \low, \high, \w, \x
	.endif
.endm

/* Tap t of pixel p: weight w of the row, column in v\x. */
.macro tap t, p, w, x
	.if	\p == 0
	tap_of	\t, \w, \x, 8, 9, 16, 17, 18, 19
	.elseif	\p == 1
	tap_of	\t, \w, \x, 10, 11, 20, 21, 22, 23
	.elseif	\p == 2
	tap_of	\t, \w, \x, 12, 13, 24, 25, 26, 27
	.else
	tap_of	\t, \w, \x, 14, 15, 28, 29, 30, 31
	.endif
.endm

.macro windows_s1
	tap	0, 0, 0, 3
	ldr	q5, [row0, #32]
	tap	0, 1, 0, 4
	ldr	q6, [row0, #48]
	tap	1, 0, 1, 4
	tap	0, 2, 0, 5
	ldr	q7, [row0, #64]
	tap	1, 1, 1, 5
	tap	2, 0, 2, 5
	ldr	q3, [row0, #80]
	tap	0, 3, 0, 6
	ldr	q0, [weights, #48]
	tap	1, 2, 1, 6
	tap	2, 1, 2, 6
	ldr	q4, [row1]
	tap	1, 3, 1, 7
	ldr	q5, [row1, #16]
	ldr	q1, [weights, #64]
	tap	2, 2, 2, 7
	tap	2, 3, 2, 3
	ldr	q2, [weights, #80]
	tap	3, 0, 0, 4
	ldr	q6, [row1, #32]
	tap	3, 1, 0, 5
	ldr	q7, [row1, #48]
	tap	4, 0, 1, 5
	tap	3, 2, 0, 6
	ldr	q3, [row1, #64]
	tap	4, 1, 1, 6
	tap	5, 0, 2, 6
	ldr	q4, [row1, #80]
	tap	3, 3, 0, 7
	ldr	q0, [weights, #96]
	tap	4, 2, 1, 7
	tap	5, 1, 2, 7
	ldr	q5, [row2]
	tap	4, 3, 1, 3
	ldr	q6, [row2, #16]
	ldr	q1, [weights, #112]
	tap	5, 2, 2, 3
	tap	5, 3, 2, 4
	ldr	q2, [weights, #128]
	tap	6, 0, 0, 5
	ldr	q7, [row2, #32]
	tap	6, 1, 0, 6
	ldr	q3, [row2, #48]
	tap	7, 0, 1, 6
	tap	6, 2, 0, 7
	ldr	q4, [row2, #64]
	tap	7, 1, 1, 7
	tap	8, 0, 2, 7
	ldr	q5, [row2, #80]
	tap	6, 3, 0, 3
	tap	7, 2, 1, 3
	tap	8, 1, 2, 3
	tap	7, 3, 1, 4
	tap	8, 2, 2, 4
	tap	8, 3, 2, 5
.endm

.macro windows_s2
	tap	0, 0, 0, 3
	ldr	q5, [row0, #16]
	tap	0, 1, 0, 4
	ldr	q6, [row0, #64]
	tap	1, 0, 1, 5
	ldr	q7, [row0, #48]
	tap	0, 2, 0, 6
	ldr	q3, [row0, #96]
	tap	1, 1, 1, 7
	tap	2, 0, 2, 4
	ldr	q4, [row0, #80]
	tap	0, 3, 0, 3
	ldr	q0, [weights, #48]
	tap	1, 2, 1, 4
	ldr	q5, [row0, #112]
	tap	2, 1, 2, 6
	ldr	q6, [row0, #128]
	tap	1, 3, 1, 5
	ldr	q7, [row1]
	ldr	q1, [weights, #64]
	tap	2, 2, 2, 3
	ldr	q3, [row1, #32]
	tap	2, 3, 2, 6
	ldr	q2, [weights, #80]
	tap	3, 0, 0, 7
	ldr	q4, [row1, #16]
	tap	3, 1, 0, 3
	ldr	q5, [row1, #64]
	tap	4, 0, 1, 4
	ldr	q6, [row1, #48]
	tap	3, 2, 0, 5
	ldr	q7, [row1, #96]
	tap	4, 1, 1, 6
	tap	5, 0, 2, 3
	ldr	q3, [row1, #80]
	tap	3, 3, 0, 7
	ldr	q0, [weights, #96]
	tap	4, 2, 1, 3
	ldr	q4, [row1, #112]
	tap	5, 1, 2, 5
	ldr	q5, [row1, #128]
	tap	4, 3, 1, 4
	ldr	q6, [row2]
	ldr	q1, [weights, #112]
	tap	5, 2, 2, 7
	ldr	q7, [row2, #32]
	tap	5, 3, 2, 5
	ldr	q2, [weights, #128]
	tap	6, 0, 0, 6
	ldr	q3, [row2, #16]
	tap	6, 1, 0, 7
	ldr	q4, [row2, #64]
	tap	7, 0, 1, 3
	ldr	q5, [row2, #48]
	tap	6, 2, 0, 4
	ldr	q6, [row2, #96]
	tap	7, 1, 1, 5
	tap	8, 0, 2, 7
	ldr	q7, [row2, #80]
	tap	6, 3, 0, 6
	tap	7, 2, 1, 7
	ldr	q3, [row2, #112]
	tap	8, 1, 2, 4
	ldr	q4, [row2, #128]
	tap	7, 3, 1, 3
	tap	8, 2, 2, 6
	tap	8, 3, 2, 4
.endm

/* ---- Sums ---- */

.macro add_base to, a, b, c, d
	add	v\a\().4s, v\a\().4s, v\to\().4s
	add	v\b\().4s, v\b\().4s, v\to\().4s
	add	v\c\().4s, v\c\().4s, v\to\().4s
	add	v\d\().4s, v\d\().4s, v\to\().4s
.endm

.macro wide_sums
	.if	pairs
	widen	8, 9, 16, 17, 18, 19
	ldr	q0, [base]
	widen	10, 11, 20, 21, 22, 23
	ldr	q1, [base, #16]
	widen	12, 13, 24, 25, 26, 27
	ldr	q2, [base, #32]
	widen	14, 15, 28, 29, 30, 31
	ldr	q3, [base, #48]
	add_base 0, 16, 20, 24, 28
	ldr	q4, [scale]
	add_base 1, 17, 21, 25, 29
	ldr	q5, [scale, #S_SHIFT]
	add_base 2, 18, 22, 26, 30
	ldr	q6, [scale, #16]
	add_base 3, 19, 23, 27, 31
	.else
	ldr	q4, [scale]
	ldr	q5, [scale, #S_SHIFT]
	widen_first
	ldr	q6, [scale, #16]
	.endif
	ldr	q7, [scale, #S_SHIFT + 16]
.endm

	.set	pairs, 1
begin dbrt_depthwise_w8a8_neon_3x3
	windows_s1
	wide_sums
	requantize
end dbrt_depthwise_w8a8_neon_3x3

	.set	pairs, 0
begin dbrt_depthwise_w4a8_neon_3x3
	windows_s1
	wide_sums
	requantize
end dbrt_depthwise_w4a8_neon_3x3

	.set	second_column, 32
	.set	pairs, 1
begin dbrt_depthwise_w8a8_neon_3x3s2
	windows_s2
	wide_sums
	requantize
end dbrt_depthwise_w8a8_neon_3x3s2

	.set	pairs, 0
begin dbrt_depthwise_w4a8_neon_3x3s2
	windows_s2
	wide_sums
	requantize
end dbrt_depthwise_w4a8_neon_3x3s2

	.section .note.GNU-stack, "", %progbits
#endif
