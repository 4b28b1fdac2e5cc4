/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles with sums of one block in 16 bits: see dot_tile.inc. */
#ifdef __aarch64__

#include "runtime/neon/dot_tile.inc"

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

	.section .note.GNU-stack, "", %progbits
#endif
