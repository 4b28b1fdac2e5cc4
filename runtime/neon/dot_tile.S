/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles of 4 rows by 3 windows: dot_tile.h says what they compute.
 *
 * v0-v3 hold a block of weights, v4-v6 a block of three windows, v8-v19 the
 * narrow sums and v20-v31 the wide ones, window p and row r in v8 + 4 p + r
 * and v20 + 4 p + r. Everything else stands between the products: an in-order
 * core starts a load, or integer instructions, beside them, and a load needs
 * some distance from the one before. A block loads what the next one begins
 * with, the first block of three windows stores the sums of the three before,
 * and the last one takes the addresses of the three behind; so there is no gap
 * between them. The very last block loads the first one again, which is valid
 * memory; the very first one stores what is in the registers to the first sums,
 * which are stored again later.
 */
#ifdef __aarch64__

#define T_W 0
#define T_X 8
#define T_ACC 16
#define T_GROUPS 24
#define T_BLOCKS 32

#define base x1   /* weights of the tile */
#define list x2   /* the next three windows */
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
#define out_step x20
#define new_at x21
#define new_skip x22
#define ended w23 /* runs of this window: 1, or 2 for more */

	.text

.macro begin name
	.globl	\name
	.hidden	\name
	.type	\name, %function
	.p2align 4
\name:
	stp	x29, x30, [sp, #-128]!
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	stp	d8, d9, [sp, #32]
	stp	d10, d11, [sp, #48]
	stp	d12, d13, [sp, #64]
	stp	d14, d15, [sp, #80]
	stp	x21, x22, [sp, #96]
	str	x23, [sp, #112]
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
	mov	out_step, #0
	ldr	q0, [now]
	ldr	q1, [now, #16]
	ldr	q2, [now, #32]
	ldr	q4, [p0], #16
	ldr	q5, [p1], #16
.endm

.macro end name
	ldr	x23, [sp, #112]
	ldp	x21, x22, [sp, #96]
	ldp	d14, d15, [sp, #80]
	ldp	d12, d13, [sp, #64]
	ldp	d10, d11, [sp, #48]
	ldp	d8, d9, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #128
	ret
	.size	\name, . - \name
.endm

/* Three windows begin: `list` goes to those behind, if there are any. */
.macro begin_windows
	add	new_at, list, #48
	mov	pieces_left, pieces
	cmp	groups, #1
	csel	list, new_at, list, hi
.endm

/* Before the last block of a piece: the next block is in the next piece, or in
 * the next three windows. Blocks with \last = 1 do this by themselves. */
.macro advance_one p, skip, at
	ldp	new_at, new_skip, [list, #\at]
	add	\p, \p, \skip
	csel	\p, new_at, \p, eq
	csel	\skip, new_skip, \skip, eq
.endm

	.p2align 4
advance:
	cmp	pieces_left, #1
	csel	next, base, next, eq
	advance_one p0, skip0, 0
	advance_one p1, skip1, 16
	advance_one p2next, skip2, 32
	ret

/* ---- Sums in 16 bits ---- */

/* Products of columns 0 to 7, and of 8 to 15. */
.macro low_half mul, sum, w, x
	\mul	v\sum\().8h, v\w\().8b, v\x\().8b
.endm
.macro high_half sum, w, x
	smlal2	v\sum\().8h, v\w\().16b, v\x\().16b
.endm

/* Steps \n of 24, between products. What \how does with the sums so far:
 * saddlp and sadalp widen those of the run before (the first one, or another),
 * store stores those of the windows before. */
.macro store_step n
	.if	\n == 1
	addp	v20.4s, v20.4s, v21.4s
	addp	v24.4s, v24.4s, v25.4s
	.elseif	\n == 2
	addp	v28.4s, v28.4s, v29.4s
	addp	v22.4s, v22.4s, v23.4s
	.elseif	\n == 3
	addp	v26.4s, v26.4s, v27.4s
	addp	v30.4s, v30.4s, v31.4s
	.elseif	\n == 5
	addp	v20.4s, v20.4s, v22.4s
	.elseif	\n == 6
	addp	v24.4s, v24.4s, v26.4s
	.elseif	\n == 8
	addp	v28.4s, v28.4s, v30.4s
	.elseif	\n == 9
	str	q20, [out]
	.elseif	\n == 12
	str	q24, [out, #16]
	.elseif	\n == 16
	str	q28, [out, #32]
	add	out, out, out_step
	.elseif	\n == 21
	mov	out_step, #48
	.endif
.endm
.macro widen_sum how, sum, wide
	.ifnc	\how, none
	.ifnc	\how, store
	\how	v\wide\().4s, v\sum\().8h
	.endif
	.endif
.endm
.macro last_step n
	.if	\n == 2
	cmp	pieces_left, #1
	.elseif	\n == 3
	ldp	new_at, new_skip, [list]
	.elseif	\n == 5
	csel	next, base, next, eq
	add	p0, p0, skip0
	.elseif	\n == 6
	csel	p0, new_at, p0, eq
	csel	skip0, new_skip, skip0, eq
	.elseif	\n == 9
	ldp	new_at, new_skip, [list, #16]
	add	p1, p1, skip1
	.elseif	\n == 11
	csel	p1, new_at, p1, eq
	csel	skip1, new_skip, skip1, eq
	.elseif	\n == 12
	ldp	new_at, new_skip, [list, #32]
	add	p2next, p2next, skip2
	.elseif	\n == 13
	csel	p2next, new_at, p2next, eq
	.elseif	\n == 16
	csel	skip2, new_skip, skip2, eq
	.endif
.endm
.macro other_steps how, last, n
	.ifc	\how, store
	store_step \n
	.endif
	.if	\last
	last_step \n
	.endif
.endm

.macro block16 mul, how, last
	widen_sum \how, 8, 20
	low_half \mul, 8, 0, 4
	ldr	q2, [now, #32]
	other_steps \how, \last, 1
	widen_sum \how, 9, 21
	low_half \mul, 9, 1, 4
	other_steps \how, \last, 2
	widen_sum \how, 12, 24
	low_half \mul, 12, 0, 5
	other_steps \how, \last, 3
	widen_sum \how, 13, 25
	low_half \mul, 13, 1, 5
	ldr	q3, [now, #48]
	high_half 8, 0, 4
	other_steps \how, \last, 5
	high_half 9, 1, 4
	other_steps \how, \last, 6
	high_half 12, 0, 5
	ldr	q6, [p2]
	high_half 13, 1, 5
	mov	now, next
	other_steps \how, \last, 8
	widen_sum \how, 10, 22
	low_half \mul, 10, 2, 4
	other_steps \how, \last, 9
	widen_sum \how, 11, 23
	low_half \mul, 11, 3, 4
	add	next, now, #64
	widen_sum \how, 16, 28
	low_half \mul, 16, 0, 6
	other_steps \how, \last, 11
	widen_sum \how, 17, 29
	low_half \mul, 17, 1, 6
	other_steps \how, \last, 12
	high_half 10, 2, 4
	other_steps \how, \last, 13
	high_half 11, 3, 4
	ldr	q4, [p0]
	high_half 16, 0, 6
	add	p0, p0, #16
	high_half 17, 1, 6
	other_steps \how, \last, 16
	widen_sum \how, 14, 26
	low_half \mul, 14, 2, 5
	ldr	q0, [now]
	widen_sum \how, 15, 27
	low_half \mul, 15, 3, 5
	mov	p2, p2next
	widen_sum \how, 18, 30
	low_half \mul, 18, 2, 6
	add	p2next, p2, #16
	widen_sum \how, 19, 31
	low_half \mul, 19, 3, 6
	ldr	q1, [now, #16]
	high_half 14, 2, 5
	other_steps \how, \last, 21
	high_half 15, 3, 5
	ldr	q5, [p1]
	high_half 18, 2, 6
	add	p1, p1, #16
	high_half 19, 3, 6
.endm

.macro widen_pair how, wide, sum, to, from
	\how	v\wide\().\to, v\sum\().\from
.endm
.macro widen_all how, to, from
	.altmacro
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	widen_pair \how, %(20 + \n), %(8 + \n), \to, \from
	.endr
	.noaltmacro
.endm

/* All windows: runs of `widen` blocks, the last one of a piece shorter. */
.macro windows block, to, from, first, more
1:	begin_windows
	mov	left, blocks
	cmp	left, widen
	csel	run, left, widen, lo
	sub	left, left, run
	mov	ended, #1
	subs	run, run, #1
	b.eq	20f
	\block	\first, store, 0
2:	subs	run, run, #1
	b.eq	4f
3:	\block	\more, none, 0
	subs	run, run, #1
	b.ne	3b
4:	cbnz	left, 10f
	\block	\more, none, 1
5:	subs	pieces_left, pieces_left, #1
	b.eq	30f
	mov	left, blocks
	/* the next run */
6:	cmp	left, widen
	csel	run, left, widen, lo
	sub	left, left, run
	subs	run, run, #1
	b.eq	21f
7:	cmp	ended, #1
	b.eq	8f
	\block	\first, sadalp, 0
	b	2b
8:	mov	ended, #2
	\block	\first, saddlp, 0
	b	2b
10:	\block	\more, none, 0
	b	6b
	/* runs of one block */
20:	cbnz	left, 201f
	bl	advance
201:	\block	\first, store, 0
	b	22f
21:	cbnz	left, 211f
	bl	advance
211:	cmp	ended, #1
	b.eq	212f
	\block	\first, sadalp, 0
	b	22f
212:	mov	ended, #2
	\block	\first, saddlp, 0
22:	cbnz	left, 6b
	b	5b
30:	sub	groups, groups, #1
	cmp	ended, #1
	b.eq	31f
	widen_all sadalp, \to, \from
	b	32f
31:	widen_all saddlp, \to, \from
32:	cbnz	groups, 1b
.endm

begin dbrt_dot_w4a8_neon_4x3
	windows	block16, 4s, 8h, smull, smlal
	.irp	n, 1, 2, 3, 5, 6, 8, 9, 12, 16
	store_step \n
	.endr
end dbrt_dot_w4a8_neon_4x3

/* ---- Sums of one block in 16 bits ---- */

.macro last8_step n
	.if	\n == 3
	cmp	pieces_left, #1
	.elseif	\n == 4
	ldp	new_at, new_skip, [list]
	.elseif	\n == 7
	csel	next, base, next, eq
	.elseif	\n == 8
	add	p0, p0, skip0
	.elseif	\n == 9
	csel	p0, new_at, p0, eq
	csel	skip0, new_skip, skip0, eq
	.elseif	\n == 14
	ldp	new_at, new_skip, [list, #16]
	.elseif	\n == 16
	add	p1, p1, skip1
	.elseif	\n == 17
	csel	p1, new_at, p1, eq
	csel	skip1, new_skip, skip1, eq
	.elseif	\n == 19
	ldp	new_at, new_skip, [list, #32]
	add	p2next, p2next, skip2
	.elseif	\n == 21
	csel	p2next, new_at, p2next, eq
	.elseif	\n == 24
	csel	skip2, new_skip, skip2, eq
	.endif
.endm
/* To the wide sums. In the first block of a window nothing goes there from the
 * block before; the windows before are stored. */
.macro wide_step how, group, sum, wide
	.ifc	\how, sadalp
	sadalp	v\wide\().4s, v\sum\().8h
	.elseif	\group
	saddlp	v\wide\().4s, v\sum\().8h
	.elseif	\sum == 14
	addp	v20.4s, v20.4s, v21.4s
	addp	v24.4s, v24.4s, v25.4s
	addp	v28.4s, v28.4s, v29.4s
	addp	v22.4s, v22.4s, v23.4s
	.elseif	\sum == 15
	addp	v26.4s, v26.4s, v27.4s
	addp	v30.4s, v30.4s, v31.4s
	.elseif	\sum == 18
	addp	v20.4s, v20.4s, v22.4s
	addp	v24.4s, v24.4s, v26.4s
	.else
	addp	v28.4s, v28.4s, v30.4s
	str	q20, [out]
	str	q24, [out, #16]
	str	q28, [out, #32]
	add	out, out, out_step
	mov	out_step, #48
	.endif
.endm

/* The products of a group of four sums; meanwhile those of the group before are
 * added to the wide sums. \how is sadalp, or store for the first block. */
.macro block8 how, last
	smull	v8.8h, v0.8b, v4.8b
	smull	v9.8h, v1.8b, v4.8b
	ldr	q2, [now, #32]
	smull	v12.8h, v0.8b, v5.8b
	.if	\last
	last8_step 3
	.endif
	smull	v13.8h, v1.8b, v5.8b
	.if	\last
	last8_step 4
	.endif
	wide_step \how, 0, 14, 26
	wide_step \how, 0, 15, 27
	ldr	q3, [now, #48]
	wide_step \how, 0, 18, 30
	.if	\last
	last8_step 7
	.endif
	wide_step \how, 0, 19, 31
	.if	\last
	last8_step 8
	.endif
	smlal2	v8.8h, v0.16b, v4.16b
	.if	\last
	last8_step 9
	.endif
	smlal2	v9.8h, v1.16b, v4.16b
	ldr	q6, [p2]
	smlal2	v12.8h, v0.16b, v5.16b
	mov	now, next
	smlal2	v13.8h, v1.16b, v5.16b
	smull	v10.8h, v2.8b, v4.8b
	add	next, now, #64
	smull	v11.8h, v3.8b, v4.8b
	.if	\last
	last8_step 14
	.endif
	smull	v16.8h, v0.8b, v6.8b
	smull	v17.8h, v1.8b, v6.8b
	.if	\last
	last8_step 16
	.endif
	wide_step \how, 1, 8, 20
	.if	\last
	last8_step 17
	.endif
	wide_step \how, 1, 9, 21
	wide_step \how, 1, 12, 24
	.if	\last
	last8_step 19
	.endif
	wide_step \how, 1, 13, 25
	smlal2	v10.8h, v2.16b, v4.16b
	.if	\last
	last8_step 21
	.endif
	smlal2	v11.8h, v3.16b, v4.16b
	ldr	q4, [p0]
	smlal2	v16.8h, v0.16b, v6.16b
	add	p0, p0, #16
	smlal2	v17.8h, v1.16b, v6.16b
	.if	\last
	last8_step 24
	.endif
	smull	v14.8h, v2.8b, v5.8b
	ldr	q0, [now]
	smull	v15.8h, v3.8b, v5.8b
	mov	p2, p2next
	smull	v18.8h, v2.8b, v6.8b
	smull	v19.8h, v3.8b, v6.8b
	add	p2next, p2, #16
	wide_step \how, 2, 10, 22
	ldr	q1, [now, #16]
	wide_step \how, 2, 11, 23
	wide_step \how, 2, 16, 28
	wide_step \how, 2, 17, 29
	smlal2	v14.8h, v2.16b, v5.16b
	smlal2	v15.8h, v3.16b, v5.16b
	ldr	q5, [p1]
	smlal2	v18.8h, v2.16b, v6.16b
	add	p1, p1, #16
	smlal2	v19.8h, v3.16b, v6.16b
.endm

/* The first block of a window: the last four sums, too, and nothing is left of
 * them for the next block. */
.macro first8 last
	block8	store, \last
	saddlp	v26.4s, v14.8h
	saddlp	v27.4s, v15.8h
	saddlp	v30.4s, v18.8h
	saddlp	v31.4s, v19.8h
	movi	v14.4s, #0
	movi	v15.4s, #0
	movi	v18.4s, #0
	movi	v19.4s, #0
.endm

begin dbrt_dot_w8a8_neon_4x3
1:	begin_windows
	subs	left, blocks, #2
	b.lo	5f
	first8	0
2:	cbz	left, 4f
3:	block8	sadalp, 0
	subs	left, left, #1
	b.ne	3b
4:	block8	sadalp, 1
	subs	pieces_left, pieces_left, #1
	b.eq	7f
	subs	left, blocks, #1
	b	2b
	/* pieces of one block */
5:	first8	1
	mov	left, #0
	subs	pieces_left, pieces_left, #1
	b.ne	4b
7:	sadalp	v26.4s, v14.8h
	sadalp	v27.4s, v15.8h
	sadalp	v30.4s, v18.8h
	sadalp	v31.4s, v19.8h
	subs	groups, groups, #1
	b.ne	1b
	.irp	n, 1, 2, 3, 5, 6, 8, 9, 12, 16
	store_step \n
	.endr
end dbrt_dot_w8a8_neon_4x3

/* ---- Sums in 8 bits ---- */

/* Rows r and r + 1 in one vector, still in 16 bits, then two lanes each. */
.macro store4_step n
	.if	\n == 1
	addp	v20.8h, v20.8h, v21.8h
	addp	v22.8h, v22.8h, v23.8h
	.elseif	\n == 2
	addp	v24.8h, v24.8h, v25.8h
	addp	v26.8h, v26.8h, v27.8h
	.elseif	\n == 3
	addp	v28.8h, v28.8h, v29.8h
	addp	v30.8h, v30.8h, v31.8h
	.elseif	\n == 4
	saddlp	v20.4s, v20.8h
	saddlp	v22.4s, v22.8h
	.elseif	\n == 5
	saddlp	v24.4s, v24.8h
	saddlp	v26.4s, v26.8h
	.elseif	\n == 6
	saddlp	v28.4s, v28.8h
	saddlp	v30.4s, v30.8h
	.elseif	\n == 7
	addp	v20.4s, v20.4s, v22.4s
	.elseif	\n == 8
	addp	v24.4s, v24.4s, v26.4s
	.elseif	\n == 9
	addp	v28.4s, v28.4s, v30.4s
	.elseif	\n == 10
	str	q20, [out]
	.elseif	\n == 11
	str	q24, [out, #16]
	.elseif	\n == 12
	str	q28, [out, #32]
	add	out, out, out_step
	mov	out_step, #48
	.endif
.endm
.macro last4_step n
	.if	\n == 1
	cmp	pieces_left, #1
	ldp	new_at, new_skip, [list]
	.elseif	\n == 2
	csel	next, base, next, eq
	add	p0, p0, skip0
	.elseif	\n == 3
	csel	p0, new_at, p0, eq
	csel	skip0, new_skip, skip0, eq
	.elseif	\n == 5
	ldp	new_at, new_skip, [list, #16]
	add	p1, p1, skip1
	.elseif	\n == 6
	csel	p1, new_at, p1, eq
	csel	skip1, new_skip, skip1, eq
	.elseif	\n == 7
	ldp	new_at, new_skip, [list, #32]
	add	p2next, p2next, skip2
	.elseif	\n == 9
	csel	p2next, new_at, p2next, eq
	csel	skip2, new_skip, skip2, eq
	.endif
.endm

.macro product mul, how, sum, wide, w, x, n, last
	.ifnc	\how, none
	.ifnc	\how, store
	\how	v\wide\().8h, v\sum\().16b
	.endif
	.endif
	\mul	v\sum\().16b, v\w\().16b, v\x\().16b
	.ifc	\how, store
	store4_step \n
	.endif
	.if	\last
	last4_step \n
	.endif
.endm

.macro block4 mul, how, last
	product	\mul, \how, 8, 20, 0, 4, 1, \last
	ldr	q3, [now, #48]
	product	\mul, \how, 9, 21, 1, 4, 2, \last
	product	\mul, \how, 10, 22, 2, 4, 3, \last
	ldr	q6, [p2]
	product	\mul, \how, 11, 23, 3, 4, 4, \last
	mov	now, next
	product	\mul, \how, 12, 24, 0, 5, 5, \last
	ldr	q4, [p0]
	product	\mul, \how, 13, 25, 1, 5, 6, \last
	add	p0, p0, #16
	product	\mul, \how, 14, 26, 2, 5, 7, \last
	add	next, now, #64
	product	\mul, \how, 15, 27, 3, 5, 8, \last
	ldr	q5, [p1]
	product	\mul, \how, 16, 28, 0, 6, 9, \last
	add	p1, p1, #16
	product	\mul, \how, 17, 29, 1, 6, 10, \last
	ldr	q0, [now]
	mov	p2, p2next
	product	\mul, \how, 18, 30, 2, 6, 11, \last
	ldr	q1, [now, #16]
	add	p2next, p2, #16
	product	\mul, \how, 19, 31, 3, 6, 12, \last
	ldr	q2, [now, #32]
.endm

begin dbrt_dot_w4a4_neon_4x3
	windows	block4, 8h, 16b, mul, mla
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
	store4_step \n
	.endr
end dbrt_dot_w4a4_neon_4x3

	.section .note.GNU-stack, "", %progbits
#endif
