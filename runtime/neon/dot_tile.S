/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of 4 rows by 3 windows: dot_tile.h says what they compute.
 *
 * v0-v3 hold a block of weights, v4-v6 a block of three windows, v8-v19 the
 * narrow sums and v20-v31 the wide ones, window p and row r in v8 + 4 p + r
 * and v20 + 4 p + r. Loads stand between the products, at least four of them
 * before the first use. A block loads what the next one begins with, so that
 * windows and tiles follow each other without a gap; the last block of all
 * loads the first one again, which is valid memory.
 */
#ifdef __aarch64__

#define T_W 0
#define T_X 8
#define T_ACC 16
#define T_GROUPS 24
#define T_BLOCKS 32

#define base x1   /* weights of the tile */
#define list x2   /* windows of these three */
#define out x3    /* sums */
#define groups w4 /* left */
#define pieces w5 /* of a window */
#define blocks w6 /* of a piece */
#define widen w7
#define now x8     /* weights of this block */
#define next x9    /* of the next one */
#define p0 x10     /* next block of window 0 */
#define p1 x11     /* of window 1 */
#define p2 x12     /* this block of window 2 */
#define p2next x13 /* its next one */
#define skip0 x14
#define skip1 x15
#define skip2 x16
#define pieces_left w17
#define left w0 /* blocks of this piece behind this run */
#define run w19 /* blocks of this run behind this one */
#define runs w20 /* that have ended: 0, 1, or 2 for more */

	.text

.macro begin name
	.globl	\name
	.hidden	\name
	.type	\name, %function
	.p2align 4
\name:
	stp	x29, x30, [sp, #-96]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	d8, d9, [sp, #32]
	stp	d10, d11, [sp, #48]
	stp	d12, d13, [sp, #64]
	stp	d14, d15, [sp, #80]
	ldp	base, list, [x0, #T_W]
	ldr	out, [x0, #T_ACC]
	ldp	groups, pieces, [x0, #T_GROUPS]
	ldp	blocks, widen, [x0, #T_BLOCKS]
	ldp	p0, skip0, [list]
	ldp	p1, skip1, [list, #16]
	ldp	p2, skip2, [list, #32]
	mov	now, base
	add	next, base, #64
	add	p2next, p2, #16
	ldr	q0, [now]
	ldr	q1, [now, #16]
	ldr	q4, [p0], #16
	ldr	q5, [p1], #16
.endm

.macro end name
	ldp	d14, d15, [sp, #80]
	ldp	d12, d13, [sp, #64]
	ldp	d10, d11, [sp, #48]
	ldp	d8, d9, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #96
	ret
	.size	\name, . - \name
.endm

/* Before the last block of a piece: the next block is in the next piece, or in
 * the next three windows. */
	.p2align 4
advance:
	cmp	pieces_left, #1
	b.eq	1f
	add	p0, p0, skip0
	add	p1, p1, skip1
	add	p2next, p2next, skip2
	ret
1:	cmp	groups, #1
	b.eq	2f
	add	list, list, #48
2:	mov	next, base
	ldp	p0, skip0, [list]
	ldp	p1, skip1, [list, #16]
	ldp	p2next, skip2, [list, #32]
	ret

/* The sums of the lanes of v20 to v31, four rows a vector. */
.macro store_sums
	addp	v20.4s, v20.4s, v21.4s
	addp	v24.4s, v24.4s, v25.4s
	addp	v28.4s, v28.4s, v29.4s
	addp	v22.4s, v22.4s, v23.4s
	addp	v26.4s, v26.4s, v27.4s
	addp	v30.4s, v30.4s, v31.4s
	addp	v20.4s, v20.4s, v22.4s
	addp	v24.4s, v24.4s, v26.4s
	addp	v28.4s, v28.4s, v30.4s
	str	q20, [out]
	str	q24, [out, #16]
	str	q28, [out, #32]
	add	out, out, #48
.endm

/* ---- Sums in 16 bits ---- */

/* Products of columns 0 to 7, and of 8 to 15. */
.macro low_half mul, sum, w, x
	\mul	v\sum\().8h, v\w\().8b, v\x\().8b
.endm
.macro high_half sum, w, x
	smlal2	v\sum\().8h, v\w\().16b, v\x\().16b
.endm
/* The sum of a run goes to the wide sums before the next one begins: \how is
 * saddlp for the first run, sadalp, or nothing. */
.macro widen_sum how, sum, wide
	.ifnc	\how, none
	\how	v\wide\().4s, v\sum\().8h
	.endif
.endm

.macro block16 mul, how
	widen_sum \how, 8, 20
	low_half \mul, 8, 0, 4
	ldr	q6, [p2]
	widen_sum \how, 9, 21
	low_half \mul, 9, 1, 4
	mov	p2, p2next
	widen_sum \how, 12, 24
	low_half \mul, 12, 0, 5
	ldr	q2, [now, #32]
	widen_sum \how, 13, 25
	low_half \mul, 13, 1, 5
	high_half 8, 0, 4
	ldr	q3, [now, #48]
	high_half 9, 1, 4
	mov	now, next
	high_half 12, 0, 5
	add	p2next, p2next, #16
	high_half 13, 1, 5
	add	next, next, #64

	widen_sum \how, 10, 22
	low_half \mul, 10, 2, 4
	widen_sum \how, 11, 23
	low_half \mul, 11, 3, 4
	widen_sum \how, 16, 28
	low_half \mul, 16, 0, 6
	widen_sum \how, 17, 29
	low_half \mul, 17, 1, 6
	high_half 10, 2, 4
	high_half 11, 3, 4
	ldr	q4, [p0]
	high_half 16, 0, 6
	add	p0, p0, #16
	high_half 17, 1, 6
	ldr	q0, [now]

	widen_sum \how, 14, 26
	low_half \mul, 14, 2, 5
	ldr	q1, [now, #16]
	widen_sum \how, 15, 27
	low_half \mul, 15, 3, 5
	widen_sum \how, 18, 30
	low_half \mul, 18, 2, 6
	widen_sum \how, 19, 31
	low_half \mul, 19, 3, 6
	high_half 14, 2, 5
	high_half 15, 3, 5
	ldr	q5, [p1]
	high_half 18, 2, 6
	add	p1, p1, #16
	high_half 19, 3, 6
.endm

/* All narrow sums at once, at the end of a window. */
.macro widen_all how
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	widen_nth \how, \n
	.endr
.endm
.macro widen_nth how, n
	.altmacro
	widen_pair \how, %(20 + \n), %(8 + \n)
	.noaltmacro
.endm
.macro widen_pair how, wide, sum
	\how	v\wide\().4s, v\sum\().8h
.endm

begin dbrt_dot_w4a8_neon_4x3
1:	mov	runs, #0
	mov	pieces_left, pieces
2:	mov	left, blocks
3:	cmp	left, widen
	csel	run, left, widen, lo
	sub	left, left, run
	subs	run, run, #1
	b.ne	4f
	cbnz	left, 4f
	bl	advance
4:	cbz	runs, 6f
	cmp	runs, #1
	b.eq	5f
	block16	smull, sadalp
	b	7f
5:	block16	smull, saddlp
	mov	runs, #2
	b	7f
6:	block16	smull, none
	mov	runs, #1
7:	cbz	run, 10f
	subs	run, run, #1
	b.eq	9f
8:	block16	smlal, none
	subs	run, run, #1
	b.ne	8b
9:	cbnz	left, 91f
	bl	advance
91:	block16	smlal, none
10:	cbnz	left, 3b
	subs	pieces_left, pieces_left, #1
	b.ne	2b
	cmp	runs, #1
	b.eq	11f
	widen_all sadalp
	b	12f
11:	widen_all saddlp
12:	store_sums
	subs	groups, groups, #1
	b.ne	1b
end dbrt_dot_w4a8_neon_4x3

/* ---- Sums of one block in 16 bits ---- */

/* The products of four sums at a time; meanwhile the last four are added to the
 * wide sums. */
.macro block8
	smull	v8.8h, v0.8b, v4.8b
	ldr	q6, [p2]
	smull	v9.8h, v1.8b, v4.8b
	mov	p2, p2next
	smull	v12.8h, v0.8b, v5.8b
	ldr	q2, [now, #32]
	smull	v13.8h, v1.8b, v5.8b
	sadalp	v26.4s, v14.8h
	ldr	q3, [now, #48]
	sadalp	v27.4s, v15.8h
	mov	now, next
	sadalp	v30.4s, v18.8h
	add	p2next, p2next, #16
	sadalp	v31.4s, v19.8h
	smlal2	v8.8h, v0.16b, v4.16b
	smlal2	v9.8h, v1.16b, v4.16b
	add	next, next, #64
	smlal2	v12.8h, v0.16b, v5.16b
	smlal2	v13.8h, v1.16b, v5.16b

	smull	v10.8h, v2.8b, v4.8b
	smull	v11.8h, v3.8b, v4.8b
	smull	v16.8h, v0.8b, v6.8b
	smull	v17.8h, v1.8b, v6.8b
	sadalp	v20.4s, v8.8h
	sadalp	v21.4s, v9.8h
	sadalp	v24.4s, v12.8h
	sadalp	v25.4s, v13.8h
	smlal2	v10.8h, v2.16b, v4.16b
	smlal2	v11.8h, v3.16b, v4.16b
	ldr	q4, [p0]
	smlal2	v16.8h, v0.16b, v6.16b
	add	p0, p0, #16
	smlal2	v17.8h, v1.16b, v6.16b
	ldr	q0, [now]

	smull	v14.8h, v2.8b, v5.8b
	smull	v15.8h, v3.8b, v5.8b
	ldr	q1, [now, #16]
	smull	v18.8h, v2.8b, v6.8b
	smull	v19.8h, v3.8b, v6.8b
	sadalp	v22.4s, v10.8h
	sadalp	v23.4s, v11.8h
	sadalp	v28.4s, v16.8h
	sadalp	v29.4s, v17.8h
	smlal2	v14.8h, v2.16b, v5.16b
	smlal2	v15.8h, v3.16b, v5.16b
	ldr	q5, [p1]
	smlal2	v18.8h, v2.16b, v6.16b
	add	p1, p1, #16
	smlal2	v19.8h, v3.16b, v6.16b
.endm

begin dbrt_dot_w8a8_neon_4x3
1:	.irp	n, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 14, 15, 18, 19
	movi	v\n\().4s, #0
	.endr
	mov	pieces_left, pieces
2:	subs	left, blocks, #1
	b.eq	4f
3:	block8
	subs	left, left, #1
	b.ne	3b
4:	bl	advance
	block8
	subs	pieces_left, pieces_left, #1
	b.ne	2b
	sadalp	v26.4s, v14.8h
	sadalp	v27.4s, v15.8h
	sadalp	v30.4s, v18.8h
	sadalp	v31.4s, v19.8h
	store_sums
	subs	groups, groups, #1
	b.ne	1b
end dbrt_dot_w8a8_neon_4x3

/* ---- Sums in 8 bits ---- */

.macro product how, mul, sum, wide, w, x
	.ifnc	\how, none
	\how	v\wide\().8h, v\sum\().16b
	.endif
	\mul	v\sum\().16b, v\w\().16b, v\x\().16b
.endm

.macro block4 mul, how
	product	\how, \mul, 8, 20, 0, 4
	ldr	q3, [now, #48]
	product	\how, \mul, 9, 21, 1, 4
	ldr	q6, [p2]
	product	\how, \mul, 10, 22, 2, 4
	mov	now, next
	add	next, next, #64
	product	\how, \mul, 11, 23, 3, 4
	mov	p2, p2next
	add	p2next, p2next, #16
	product	\how, \mul, 12, 24, 0, 5
	ldr	q4, [p0]
	product	\how, \mul, 13, 25, 1, 5
	add	p0, p0, #16
	product	\how, \mul, 14, 26, 2, 5
	product	\how, \mul, 15, 27, 3, 5
	product	\how, \mul, 16, 28, 0, 6
	ldr	q0, [now]
	product	\how, \mul, 17, 29, 1, 6
	ldr	q1, [now, #16]
	product	\how, \mul, 18, 30, 2, 6
	ldr	q2, [now, #32]
	product	\how, \mul, 19, 31, 3, 6
	ldr	q5, [p1]
	add	p1, p1, #16
.endm

.macro widen_nth8 how, n
	.altmacro
	widen_pair8 \how, %(20 + \n), %(8 + \n)
	.noaltmacro
.endm
.macro widen_pair8 how, wide, sum
	\how	v\wide\().8h, v\sum\().16b
.endm
.macro widen_all8 how
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	widen_nth8 \how, \n
	.endr
.endm

begin dbrt_dot_w4a4_neon_4x3
	ldr	q2, [now, #32]
1:	mov	runs, #0
	mov	pieces_left, pieces
2:	mov	left, blocks
3:	cmp	left, widen
	csel	run, left, widen, lo
	sub	left, left, run
	subs	run, run, #1
	b.ne	4f
	cbnz	left, 4f
	bl	advance
4:	cbz	runs, 6f
	cmp	runs, #1
	b.eq	5f
	block4	mul, sadalp
	b	7f
5:	block4	mul, saddlp
	mov	runs, #2
	b	7f
6:	block4	mul, none
	mov	runs, #1
7:	cbz	run, 10f
	subs	run, run, #1
	b.eq	9f
8:	block4	mla, none
	subs	run, run, #1
	b.ne	8b
9:	cbnz	left, 91f
	bl	advance
91:	block4	mla, none
10:	cbnz	left, 3b
	subs	pieces_left, pieces_left, #1
	b.ne	2b
	cmp	runs, #1
	b.eq	11f
	widen_all8 sadalp
	b	12f
11:	widen_all8 saddlp
	/* rows r and r + 1 in one vector, still in 16 bits, then two lanes each */
12:	addp	v20.8h, v20.8h, v21.8h
	addp	v22.8h, v22.8h, v23.8h
	addp	v24.8h, v24.8h, v25.8h
	addp	v26.8h, v26.8h, v27.8h
	addp	v28.8h, v28.8h, v29.8h
	addp	v30.8h, v30.8h, v31.8h
	saddlp	v20.4s, v20.8h
	saddlp	v22.4s, v22.8h
	saddlp	v24.4s, v24.8h
	saddlp	v26.4s, v26.8h
	saddlp	v28.4s, v28.8h
	saddlp	v30.4s, v30.8h
	addp	v20.4s, v20.4s, v22.4s
	addp	v24.4s, v24.4s, v26.4s
	addp	v28.4s, v28.4s, v30.4s
	str	q20, [out]
	str	q24, [out, #16]
	str	q28, [out, #32]
	add	out, out, #48
	subs	groups, groups, #1
	b.ne	1b
end dbrt_dot_w4a4_neon_4x3

	.section .note.GNU-stack, "", %progbits
#endif
