/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles with sums in 8 bits: see dot_tile.inc. */
#ifdef __aarch64__

#include "runtime/neon/dot_tile.inc"

/* The sums of three windows: rows r and r + 1 in one vector, still in 16 bits,
 * then two lanes each. */
.macro store_all
	addp	v20.8h, v20.8h, v21.8h
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
.endm

/* Sums of the run before are widened by \how, saddlp or sadalp, unless it is
 * none, or store: the windows before are stored already. */
.macro product mul, how, sum, wide, w, x
	.ifnc	\how, none
	.ifnc	\how, store
	\how	v\wide\().8h, v\sum\().16b
	.endif
	.endif
	\mul	v\sum\().16b, v\w\().16b, v\x\().16b
.endm

/* \last is 0: what it asks of others is too much beside so few products. */
.macro block4 mul, how, last
	product	\mul, \how, 8, 20, 0, 4
	ldr	q3, [now, #48]
	product	\mul, \how, 9, 21, 1, 4
	product	\mul, \how, 10, 22, 2, 4
	ldr	q6, [p2]
	product	\mul, \how, 11, 23, 3, 4
	mov	now, next
	product	\mul, \how, 12, 24, 0, 5
	ldr	q4, [p0]
	product	\mul, \how, 13, 25, 1, 5
	add	p0, p0, #16
	product	\mul, \how, 14, 26, 2, 5
	add	next, now, #64
	product	\mul, \how, 15, 27, 3, 5
	ldr	q5, [p1]
	product	\mul, \how, 16, 28, 0, 6
	add	p1, p1, #16
	product	\mul, \how, 17, 29, 1, 6
	ldr	q0, [now]
	mov	p2, p2next
	product	\mul, \how, 18, 30, 2, 6
	ldr	q1, [now, #16]
	add	p2next, p2, #16
	product	\mul, \how, 19, 31, 3, 6
	ldr	q2, [now, #32]
.endm

begin dbrt_dot_w4a4_neon_4x3
	windows	block4, 8h, 16b, mul, mla, 1
end dbrt_dot_w4a4_neon_4x3

	.section .note.GNU-stack, "", %progbits
#endif
