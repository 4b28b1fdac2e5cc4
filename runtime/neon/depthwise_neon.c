/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolutions, 16 channels and four pixels at a time. The cells that
 * a strip of output pixels reads are copied, 16 channels and 16 bytes each,
 * with the padding around them: then all windows have the same form, a tap is
 * an offset, and neighbours share a cache line. The strip is small enough that
 * the input below it stays in the L1 cache from one 16 channels to the next.
 */
#include "runtime/neon/conv_neon.h"

#ifdef DBRT_NEON

#include "runtime/neon/intrinsics.h"
#include <string.h>

#include "runtime/neon/depthwise_tile.h"
#include "runtime/op_conv_depthwise.h"

#define STRIP_CELLS 512 /* of 16 bytes: a quarter of the L1 cache */
#define L1_BYTES 16384  /* of input that a strip should stay below */
#define NARROW 48       /* columns that need no splitting */
#define SPLIT 32        /* columns of a part of a wider image */
#define MOST_TAPS 49
#define MOST_PIXELS 64 /* at a time, a multiple of 4 */
#define MOST_GROUPS 128

/* What is the same for all strips. */
struct depthwise {
	const struct dbrt_conv_job *j;
	uint32_t run;            /* taps whose sums fit 16 bits */
	uint32_t lines, columns; /* output pixels of a strip, at most */
	uint32_t strips;         /* in a column of an image */
	int8_t values[16];       /* of codes, if every channel has the same */
	dbrt_depthwise_3x3_kernel *kernel_3x3; /* or NULL */
};

/* Output pixels [ox, ox + columns) of `lines` lines from number `line`. */
struct strip {
	uint32_t line, lines, ox, columns;
	uint32_t rows, row_cells; /* of the input, with padding */
	int32_t iy, ix;           /* of the first one */
	_Alignas(16) int8_t cells[STRIP_CELLS][16];
	struct dbrt_depthwise_pixel groups[MOST_GROUPS]; /* for 3x3 */
	uint32_t group_count;
};

/* 16 channels. */
struct channels {
	uint32_t first, count;
	const int8_t *weights; /* [taps][16] */
	int fused; /* requantized here; otherwise by the row's entry */
	int32_t bias[16];
	struct dbrt_depthwise_scale scale;
};

/* ---- Channels ---- */

/* Codes of 2 and 4 bits whose numbers are the same in every channel. */
static void decode_taps(const struct depthwise *d, const uint8_t *in,
			uint32_t taps, int8_t *out)
{
	uint32_t bits = d->j->p->weight_bits, per_byte = 8 / bits;
	const uint8x16_t mask = vdupq_n_u8((uint8_t)((1u << bits) - 1));
	const int8x16_t table = vld1q_s8(d->values);

	for (uint32_t t = 0; t < taps; t++) {
		int8x16_t by =
			vdupq_n_s8((int8_t) - (int32_t)(t % per_byte * bits));
		uint8x16_t v = vld1q_u8(in + t / per_byte * 16);

		v = vandq_u8(vshlq_u8(v, by), mask);
		vst1q_s8(out + 16 * t, vqtbl1q_s8(table, v));
	}
}

/* Codes with numbers of their own in every channel. */
static void decode_levels(const struct dbrt_conv_job *j, const uint8_t *in,
			  uint32_t taps, const struct channels *c, int8_t *out)
{
	uint32_t bits = j->p->weight_bits, per_byte = 8 / bits;
	int8_t values[16];

	memset(out, 0, taps * 16);
	for (uint32_t i = 0; i < c->count; i++) {
		dbrt_conv_channel_values(j, c->first + i, values);
		for (uint32_t t = 0; t < taps; t++) {
			uint32_t code = (uint32_t)in[t / per_byte * 16 + i] >>
					t % per_byte * bits;

			out[16 * t + i] = values[code & ((1u << bits) - 1)];
		}
	}
}

static void load_weights(const struct depthwise *d, struct channels *c,
			 int8_t *decoded)
{
	const struct dbrt_conv_job *j = d->j;
	uint32_t taps = (uint32_t)j->p->kernel_h * j->p->kernel_w;
	uint32_t per_byte = 8u / j->p->weight_bits;
	const uint8_t *in =
		j->weights +
		(size_t)c->first * ((taps + per_byte - 1) / per_byte);

	c->weights = decoded;
	if (j->p->weight_bits == 8)
		c->weights = (const int8_t *)in;
	else if (j->p->grid == DBP_GRID_LEVELS)
		decode_levels(j, in, taps, c, decoded);
	else
		decode_taps(d, in, taps, decoded);
}

int dbrt_load_scale_neon(struct dbrt_depthwise_scale *s,
			 const struct dbrt_post *p, uint32_t first,
			 uint32_t count)
{
	uint16_t m[16] = { 0 };
	uint8_t by[20]; /* loads of 8 */
	uint8x16_t shifts;

	memset(by, 17, sizeof(by));
	if (count == 16) { /* of a size that compilers know */
		memcpy(m, p->multiplier + first, sizeof(m));
		memcpy(by, p->shift + first, 16);
	} else {
		memcpy(m, p->multiplier + first, 2 * (size_t)count);
		memcpy(by, p->shift + first, count);
	}
	shifts = vld1q_u8(by);
	for (int i = 0; i < 4; i++) {
		uint32x4_t v = vshll_n_u16(vld1_u16(m + 4 * i), 15);

		vst1q_s32(s->multiplier + 4 * i, vreinterpretq_s32_u32(v));
		vst1q_s32(s->shift + 4 * i,
			  vsubw_s16(vdupq_n_s32(16),
				    vget_low_s16(vreinterpretq_s16_u16(
					    vmovl_u8(vld1_u8(by + 4 * i))))));
	}
	vst1q_s16(s->zero_point, vdupq_n_s16((int16_t)p->zero_point));
	vst1q_s8(s->low, vdupq_n_s8((int8_t)p->low));
	vst1q_s8(s->high, vdupq_n_s8((int8_t)p->high));
	return vminvq_u8(shifts) >= 17;
}

static void load_channels(const struct depthwise *d, struct channels *c,
			  uint32_t first, int8_t *decoded)
{
	const struct dbrt_conv_job *j = d->j;
	uint32_t left = j->y->dims[3] - first;

	c->first = first;
	c->count = left < 16 ? left : 16;
	load_weights(d, c, decoded);
	memset(c->bias, 0, sizeof(c->bias));
	memcpy(c->bias, j->post.bias + first, 4 * (size_t)c->count);
	c->fused = j->p->post == DBP_POST_CLAMP &&
		   dbrt_load_scale_neon(&c->scale, &j->post, first, c->count);
}

/* ---- Strips ---- */

static inline void copy_cell(int8_t *to, const int8_t *from, uint32_t count)
{
	if (count == 16)
		vst1q_s8(to, vld1q_s8(from));
	else if (count == 8)
		vst1_s8(to, vld1_s8(from));
	else
		memcpy(to, from, count);
}

static void fill_cells(int8_t (*to)[16], int32_t n, int8x16_t v)
{
	for (; n > 0; n--, to++)
		vst1q_s8(*to, v);
}

/* One row of the input; the lanes behind the last channel do not matter. */
static void copy_row(const struct dbrt_conv_job *j, const struct strip *s,
		     const struct channels *c, const int8_t *line,
		     int8_t (*to)[16])
{
	const int8x16_t zero = vdupq_n_s8((int8_t)j->x->zero_point);
	int32_t size = (int32_t)j->x->dims[2], cells = (int32_t)s->row_cells;
	int32_t left = s->ix < 0 ? -s->ix : 0;
	int32_t right = s->ix + cells > size ? s->ix + cells - size : 0;
	size_t pitch = j->x->pitch;
	const int8_t *from;

	left = left > cells ? cells : left;
	right = right > cells - left ? cells - left : right;
	fill_cells(to, left, zero);
	cells -= left + right;
	to += left;
	from = line + (size_t)(s->ix + left) * pitch + c->first;
	if (c->count == 16)
		for (; cells >= 4; cells -= 4, to += 4, from += 4 * pitch) {
			int8x16_t v[4];

			for (uint32_t i = 0; i < 4; i++)
				v[i] = vld1q_s8(from + i * pitch);
			for (uint32_t i = 0; i < 4; i++)
				vst1q_s8(to[i], v[i]);
		}
	for (; cells > 0; cells--, to++, from += pitch)
		copy_cell(*to, from, c->count);
	fill_cells(to, right, zero);
}

static void copy_cells(const struct dbrt_conv_job *j, struct strip *s,
		       const struct channels *c)
{
	size_t line_bytes = (size_t)j->x->dims[2] * j->x->pitch;
	uint32_t n = s->line / j->y->dims[1];
	int8_t(*to)[16] = s->cells;

	for (uint32_t r = 0; r < s->rows; r++, to += s->row_cells) {
		int32_t iy = s->iy + (int32_t)r;

		if (iy < 0 || iy >= (int32_t)j->x->dims[1])
			fill_cells(to, (int32_t)s->row_cells,
				   vdupq_n_s8((int8_t)j->x->zero_point));
		else
			copy_row(j, s, c,
				 j->in + ((size_t)n * j->x->dims[1] +
					  (uint32_t)iy) *
						 line_bytes,
				 to);
	}
}

/* The window of an output pixel of a strip. */
static const int8_t *window_of(const struct depthwise *d, const struct strip *s,
			       uint32_t line, uint32_t column)
{
	return s->cells[line * (uint32_t)d->j->axis_h.stride * s->row_cells +
			column * (uint32_t)d->j->axis_w.stride];
}

static uint32_t pixel_of(const struct depthwise *d, const struct strip *s,
			 uint32_t line)
{
	return (s->line + line) * d->j->y->dims[2] + s->ox;
}

/* Groups of four pixels of a line; the last one may overlap the one before.
 * The number of them. */
static uint32_t list_groups(const struct depthwise *d, const struct strip *s,
			    uint32_t line, int8_t *out, size_t pitch,
			    struct dbrt_depthwise_pixel *to)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < s->columns; i += 4) {
		uint32_t at = i + 4 > s->columns ? s->columns - 4 : i;

		to[count++] = (struct dbrt_depthwise_pixel){
			window_of(d, s, line, at), out + at * pitch
		};
	}
	return count;
}

/* ---- Kernels ---- */

/* Four neighbours at a time. Fewer channels than 16 go by way of a copy. */
static void run_3x3(const struct depthwise *d, const struct strip *s,
		    const struct channels *c)
{
	struct dbrt_depthwise_3x3 t = {
		.pixels = s->groups,
		.w = c->weights,
		.row_bytes = s->row_cells * sizeof(s->cells[0]),
		.base = c->bias,
		.scale = &c->scale,
		.channel = c->first,
		.pitch = d->j->y->pitch,
		.groups = s->group_count,
	};
	struct dbrt_depthwise_pixel groups[MOST_PIXELS / 4];
	int8_t codes[MOST_PIXELS][16];

	if (c->count == 16) {
		d->kernel_3x3(&t);
		return;
	}
	t.pixels = groups;
	t.channel = 0;
	t.pitch = 16;
	for (uint32_t line = 0; line < s->lines; line++) {
		int8_t *out = (int8_t *)d->j->out + c->first +
			      pixel_of(d, s, line) * (size_t)d->j->y->pitch;

		t.groups = list_groups(d, s, line, codes[0], 16, groups);
		d->kernel_3x3(&t);
		for (uint32_t i = 0; i < s->columns; i++)
			copy_cell(out + i * d->j->y->pitch, codes[i], c->count);
	}
}

/* Up to MOST_PIXELS of a line, from column `at`. */
static void run_any(const struct depthwise *d, const struct strip *s,
		    const struct channels *c, struct dbrt_depthwise_tile *t,
		    uint32_t line, uint32_t at)
{
	struct dbrt_depthwise_pixel pixels[MOST_PIXELS];
	int32_t acc[MOST_PIXELS][16];
	int8_t(*codes)[16] = (int8_t(*)[16])(void *)acc;
	uint32_t count = s->columns - at, pixel = pixel_of(d, s, line) + at;
	size_t pitch = d->j->y->pitch;
	int8_t *out = (int8_t *)d->j->out + c->first + pixel * pitch;

	count = count < MOST_PIXELS ? count : MOST_PIXELS;
	t->pixels = pixels;
	t->groups = (count + 3) / 4;
	for (uint32_t i = 0; i < 4 * t->groups; i++) {
		/* those behind the last one repeat it */
		uint32_t k = i < count ? i : count - 1;

		pixels[i].x = window_of(d, s, line, at + k);
		pixels[i].out = !c->fused      ? (void *)acc[i] :
				c->count == 16 ? (void *)(out + k * pitch) :
						 (void *)codes[i];
	}
	if (!c->fused) {
		dbrt_depthwise_sums_neon_4x16(t);
		dbrt_conv_store(d->j, acc[0], 16, pixel, count, c->first,
				c->count);
		return;
	}
	dbrt_depthwise_w8a8_neon_4x16(t);
	for (uint32_t i = 0; c->count < 16 && i < count; i++)
		copy_cell(out + i * pitch, codes[i], c->count);
}

/* Windows of any form. Where two products may not fit 16 bits, each tap has a
 * second one with weights of 0. */
static void run_taps(const struct depthwise *d, const struct strip *s,
		     const struct channels *c)
{
	static const int32_t no_bias[16];
	const struct dbp_conv *p = d->j->p;
	uint32_t step = d->run < 2 ? 2 : 1;
	uint32_t taps = (uint32_t)p->kernel_h * p->kernel_w;
	int8_t weights[2 * MOST_TAPS + 2][16];
	int32_t offsets[2 * MOST_TAPS + 2] = { 0 };
	struct dbrt_depthwise_tile t = { .w = weights[0],
					 .offsets = offsets,
					 .base = c->fused ? c->bias : no_bias,
					 .scale = &c->scale,
					 .taps = taps * step,
					 .run = step == 2 ? 1 : d->run / 2 };

	for (uint32_t k = 0; k < taps; k++) {
		uint32_t down = k / p->kernel_w * p->dilation_h;
		uint32_t right = k % p->kernel_w * p->dilation_w;

		vst1q_s8(weights[k * step], vld1q_s8(c->weights + 16 * k));
		vst1q_s8(weights[k * step + 1], vdupq_n_s8(0));
		offsets[k * step] =
			(int32_t)(16 * (down * s->row_cells + right));
	}
	for (uint32_t line = 0; line < s->lines; line++)
		for (uint32_t at = 0; at < s->columns; at += MOST_PIXELS)
			run_any(d, s, c, &t, line, at);
}

/* ---- Strips of an image ---- */

static uint32_t cells_of(const struct dbrt_axis *a, uint32_t outputs,
			 uint32_t kernel)
{
	return (outputs - 1) * (uint32_t)a->stride +
	       (kernel - 1) * (uint32_t)a->dilation + 1;
}

static void run_strip(const struct depthwise *d, struct strip *s,
		      int8_t *decoded)
{
	const struct dbrt_conv_job *j = d->j;
	uint32_t oy = s->line % j->y->dims[1];
	struct channels c;

	s->rows = cells_of(&j->axis_h, s->lines, j->p->kernel_h);
	s->row_cells = cells_of(&j->axis_w, s->columns, j->p->kernel_w);
	s->iy = (int32_t)oy * j->axis_h.stride - j->axis_h.pad;
	s->ix = (int32_t)s->ox * j->axis_w.stride - j->axis_w.pad;
	s->group_count = 0;
	if (d->kernel_3x3 && s->columns >= 4)
		for (uint32_t line = 0; line < s->lines; line++)
			s->group_count += list_groups(
				d, s, line,
				(int8_t *)j->out + pixel_of(d, s, line) *
							   (size_t)j->y->pitch,
				j->y->pitch, s->groups + s->group_count);
	for (uint32_t o = 0; o < j->y->dims[3]; o += 16) {
		load_channels(d, &c, o, decoded);
		copy_cells(j, s, &c);
		if (c.fused && s->group_count)
			run_3x3(d, s, &c);
		else
			run_taps(d, s, &c);
	}
}

static void run_strips(void *arg, uint32_t i, uint32_t worker)
{
	const struct depthwise *d = arg;
	const struct dbrt_conv_job *j = d->j;
	uint32_t out_h = j->y->dims[1], out_w = j->y->dims[2];
	uint32_t oy = i % d->strips * d->lines;
	struct strip s;

	s.line = i / d->strips * out_h + oy;
	s.lines = out_h - oy < d->lines ? out_h - oy : d->lines;
	for (s.ox = 0; s.ox < out_w; s.ox += d->columns) {
		s.columns = out_w - s.ox < d->columns ? out_w - s.ox :
							d->columns;
		run_strip(d, &s, (int8_t *)dbrt_scratch(j->v, worker));
	}
}

/* Strips that fit their memory. 0: not even one pixel does. */
static int choose_strips(struct depthwise *d)
{
	const struct dbrt_conv_job *j = d->j;
	uint32_t out_w = j->y->dims[2], out_h = j->y->dims[1], rows, row;
	uint32_t workers = j->v->m->workers;

	d->columns = out_w <= NARROW ? out_w : SPLIT;
	while (d->columns > 4 &&
	       cells_of(&j->axis_w, d->columns, j->p->kernel_w) *
			       (uint64_t)cells_of(&j->axis_h, 1,
						  j->p->kernel_h) >
		       STRIP_CELLS / 2)
		d->columns = (d->columns + 1) / 2;
	row = cells_of(&j->axis_w, d->columns, j->p->kernel_w);
	if ((uint64_t)row * cells_of(&j->axis_h, 1, j->p->kernel_h) >
	    STRIP_CELLS)
		return 0;
	for (d->lines = 1; d->lines < out_h; d->lines++) {
		rows = cells_of(&j->axis_h, d->lines + 1, j->p->kernel_h);
		if (rows * row > STRIP_CELLS ||
		    (d->lines + 1) * ((d->columns + 3) / 4) > MOST_GROUPS ||
		    (d->lines >= 4 &&
		     (uint64_t)rows * row * j->x->pitch > L1_BYTES) ||
		    (workers > 1 && d->lines * 2 * workers >= out_h))
			break;
	}
	d->strips = (out_h + d->lines - 1) / d->lines;
	return 1;
}

static dbrt_depthwise_3x3_kernel *kernel_3x3(const struct depthwise *d)
{
	const struct dbp_conv *p = d->j->p;

	if (p->kernel_h != 3 || p->kernel_w != 3 || p->dilation_h != 1 ||
	    p->dilation_w != 1 || d->run < 2)
		return NULL;
	if (p->stride_w == 1)
		return d->run < 9 ? dbrt_depthwise_w8a8_neon_3x3 :
				    dbrt_depthwise_w4a8_neon_3x3;
	if (p->stride_w == 2)
		return d->run < 9 ? dbrt_depthwise_w8a8_neon_3x3s2 :
				    dbrt_depthwise_w4a8_neon_3x3s2;
	return NULL;
}

int dbrt_depthwise_run_neon(const struct dbrt_conv_job *j)
{
	uint32_t x = dbrt_conv_input_bound(j->v);
	uint32_t product = x * dbrt_weights_bound_neon(j, x);
	struct depthwise d = { .j = j, .run = 32767 / (product ? product : 1) };

	if (j->p->kernel_h > MOST_TAPS || j->p->kernel_w > MOST_TAPS ||
	    j->p->kernel_h * j->p->kernel_w > MOST_TAPS ||
	    j->p->dilation_h > STRIP_CELLS || j->p->dilation_w > STRIP_CELLS ||
	    j->p->stride_h > STRIP_CELLS || j->p->stride_w > STRIP_CELLS ||
	    !choose_strips(&d))
		return 0;
	d.kernel_3x3 = kernel_3x3(&d);
	if (j->p->weight_bits != 8)
		dbrt_conv_channel_values(j, 0, d.values);
	dbrt_for(j->v->m, j->y->dims[0] * d.strips, run_strips, &d);
	return 1;
}

#endif
