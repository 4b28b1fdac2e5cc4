/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles with sums of several blocks in 16 bits: see dot_tile.inc. */
#ifdef __aarch64__

#include "runtime/neon/dot_tile.inc"

/* Products of columns 0 to 7, and of 8 to 15. */
.macro low_half mul, sum, w, x
	\mul	v\sum\().8h, v\w\().8b, v\x\().8b
.endm
.macro high_half sum, w, x
	smlal2	v\sum\().8h, v\w\().16b, v\x\().16b
.endm

/* What \how does with the sums so far: saddlp and sadalp widen those of the run
 * before (the first one, or another), store stores those of the windows
 * before. */
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

begin dbrt_dot_w4a8_neon_4x3
	windows	block16, 4s, 8h, smull, smlal, 0
	.irp	n, 1, 2, 3, 5, 6, 8, 9, 12, 16
	store_step \n
	.endr
end dbrt_dot_w4a8_neon_4x3

	.section .note.GNU-stack, "", %progbits
#endif
