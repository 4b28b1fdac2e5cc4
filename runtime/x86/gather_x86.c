/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of a convolution, gathered by 16 bytes over what comes later: their
 * rows are mostly so short that calls of memcpy() take longer than the moves.
 */
#include "runtime/op_conv.h"

#ifdef DBRT_X86

#include <string.h>

#include "runtime/x86/kernels_x86.h"

/* Windows that are written, and their input. */
struct gather {
	const struct dbrt_conv_job *j;
	const int8_t *in_end;
	int8_t *end; /* of the windows */
	size_t row;  /* bytes of a row of a window */
	size_t line; /* bytes of a line of the input */
};

static inline void copy_row(const struct gather *g, int8_t *to,
			    const int8_t *from, size_t bytes)
{
	size_t whole = (bytes + 15) & ~(size_t)15;

	if (whole > (size_t)(g->in_end - from) ||
	    whole > (size_t)(g->end - to)) {
		memcpy(to, from, bytes);
		return;
	}
	for (size_t i = 0; i < bytes; i += 16)
		memcpy(to + i, from + i, 16);
}

static inline void fill_row(const struct gather *g, int8_t *to, int32_t value,
			    size_t bytes)
{
	size_t whole = (bytes + 15) & ~(size_t)15;

	if (whole > (size_t)(g->end - to)) {
		memset(to, value, bytes);
		return;
	}
	for (size_t i = 0; i < bytes; i += 16)
		memset(to + i, value, 16);
}

/* An output pixel. */
struct gather_place {
	uint32_t n, oy, ox;
};

static void gather_one(const struct gather *g, const struct gather_place *at,
		       int8_t *to)
{
	const struct dbrt_conv_job *j = g->j;
	int32_t oy = (int32_t)at->oy, ox = (int32_t)at->ox, left, right;
	int32_t top, bottom, kernel_h = j->p->kernel_h;
	int32_t iy = oy * j->axis_h.stride - j->axis_h.pad;
	int32_t ix = ox * j->axis_w.stride - j->axis_w.pad;
	int32_t zero = j->x->zero_point;
	size_t pitch = j->x->pitch, before, inside;
	int8_t *end = to + j->k;

	dbrt_clip_taps(&j->axis_h, oy, kernel_h, &top, &bottom);
	dbrt_clip_taps(&j->axis_w, ox, j->p->kernel_w, &left, &right);
	before = (size_t)left * pitch;
	inside = (size_t)(right - left) * pitch;
	for (int32_t ky = 0; ky < kernel_h; ky++, to += g->row) {
		const int8_t *from = j->in;

		if (ky < top || ky >= bottom || !inside) {
			fill_row(g, to, zero, g->row);
			continue;
		}
		from += ((size_t)at->n * (size_t)j->axis_h.size +
			 (size_t)(iy + ky * j->axis_h.dilation)) *
			g->line;
		from += (size_t)(ix + left) * pitch;
		if (before)
			fill_row(g, to, zero, before);
		copy_row(g, to + before, from, inside);
		if (before + inside < g->row)
			fill_row(g, to + before + inside, zero,
				 g->row - before - inside);
	}
	fill_row(g, end, 0, j->k16 - j->k);
}

int dbrt_gather_x86(const struct dbrt_conv_job *j, uint32_t pixel,
		    uint32_t pixels, int8_t *windows)
{
	uint32_t line = pixel / j->y->dims[2];
	struct gather_place at = { .n = line / j->y->dims[1],
				   .oy = line % j->y->dims[1],
				   .ox = pixel % j->y->dims[2] };
	struct gather g = { .j = j,
			    .in_end = j->in + j->x->bytes,
			    .end = windows + (size_t)pixels * j->k16,
			    .row = (size_t)j->p->kernel_w * j->x->pitch,
			    .line = (size_t)j->x->dims[2] * j->x->pitch };

	if (j->axis_w.transposed || j->axis_w.dilation != 1 ||
	    j->x->dims[3] != j->x->pitch || j->p->groups != 1)
		return 0;
	for (; pixels; pixels--, windows += j->k16) {
		gather_one(&g, &at, windows);
		if (++at.ox < j->y->dims[2])
			continue;
		at.ox = 0;
		if (++at.oy < j->y->dims[1])
			continue;
		at.oy = 0;
		at.n++;
	}
	return 1;
}

#endif
