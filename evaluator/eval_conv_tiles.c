/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A convolution in N,H,W,C as a matrix product of pixels and output channels.
 * The rows of a tile are pointers into the image, or to zeros, for each tap: no
 * window is gathered.
 */
#include "evaluator/eval_conv_tiles.h"

#include <stdlib.h>

#include "evaluator/simd/simd.h"

/* Weights that one pass over the pixels reads: they stay in a cache. */
#define BLOCK_FLOATS ((int64_t)1 << 16)
#define PACK_CHANNELS 16

struct conv_tiling {
	const struct conv_eval *c;
	const struct simd_row *row;
	int64_t lanes, columns; /* of a vector, of a tile */
	int64_t length;         /* of a window */
	/* of the group */
	const float *x, *weight, *bias;
	float *y;
	float *packed;   /* [tile of columns][tap][channel][width] */
	float *zeros;    /* a pixel of padding, or the start of a tile */
	int64_t *offset; /* by tap, of a window inside the image */
	const void **at; /* [tap][tile_rows] */
};

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Columns of a tile in memory: whole vectors. */
static int64_t padded(const struct conv_tiling *t, int64_t columns)
{
	return (columns + t->lanes - 1) / t->lanes * t->lanes;
}

/* Output channels [first, first + columns) of the group, a few input channels
 * at a time: what is written then stays in the nearest cache. */
static void pack_tile(const struct conv_tiling *t, int64_t first,
		      int64_t columns, float *to)
{
	int64_t in = t->c->in_per_group, taps = t->c->taps;
	int64_t width = padded(t, columns);

	for (int64_t k = 0; k < in; k += PACK_CHANNELS) {
		int64_t end = smaller(k + PACK_CHANNELS, in);

		for (int64_t j = 0; j < width; j++) {
			const float *from = t->weight + (first + j) * t->length;

			for (int64_t i = k; i < end; i++)
				for (int64_t tap = 0; tap < taps; tap++)
					to[(tap * in + i) * width + j] =
						j < columns ?
							from[i * taps + tap] :
							0;
		}
	}
}

/* Row r of the next tile is output pixel (oy, ox). */
static void point_row(const struct conv_tiling *t, int64_t oy, int64_t ox,
		      int64_t r)
{
	const struct window *w = &t->c->w;
	int64_t rows = t->row->tile_rows, pixel = t->c->in_pixel;
	int64_t y0 = oy * w->stride[0] - w->pad_begin[0];
	int64_t x0 = ox * w->stride[1] - w->pad_begin[1];
	int64_t base = (y0 * w->in[1] + x0) * pixel;
	bool inside = y0 >= 0 && x0 >= 0 &&
		      y0 + window_reach(w, 0) <= w->in[0] &&
		      x0 + window_reach(w, 1) <= w->in[1];

	for (int64_t tap = 0; inside && tap < t->c->taps; tap++)
		t->at[tap * rows + r] = t->x + base + t->offset[tap];
	for (int64_t tap = 0; !inside && tap < t->c->taps; tap++) {
		int64_t iy = window_source(w, 0, oy, tap / w->kernel[1]);
		int64_t ix = window_source(w, 1, ox, tap % w->kernel[1]);

		t->at[tap * rows + r] =
			iy < 0 || ix < 0 ? t->zeros :
					   t->x + (iy * w->in[1] + ix) * pixel;
	}
}

/* Last, so that sums of small integers stay exact. */
static void add_bias(const float *bias, int64_t n, int64_t rows, float *y,
		     int64_t y_step)
{
	for (int64_t r = 0; r < rows; r++, y += y_step)
		for (int64_t j = 0; j < n; j++)
			y[j] += bias[j];
}

/* Output channels [first, first + n) of `rows` pixels from y on. */
static void multiply_rows(const struct conv_tiling *t, int64_t first, int64_t n,
			  int64_t rows, float *y)
{
	struct simd_tile tile = {
		.a = t->at,
		.taps = t->c->taps,
		.k = t->c->in_per_group,
		.a_step = 1,
		.b = t->packed,
		.start = t->zeros,
		.c_step = t->c->out_pixel,
		.rows = (int)rows,
	};
	const float *b = t->packed;

	for (int64_t j = 0; j < n; j += t->columns) {
		int64_t columns = smaller(n - j, t->columns);

		tile.b = b;
		tile.b_step = padded(t, columns);
		tile.c = y + first + j;
		tile.columns = (int)columns;
		t->row->tile_f32(&tile);
		b += t->length * tile.b_step;
	}
	if (t->bias)
		add_bias(t->bias + first, n, rows, y + first, tile.c_step);
}

static void multiply_block(const struct conv_tiling *t, int64_t first,
			   int64_t n)
{
	const struct window *w = &t->c->w;
	int64_t pixels = w->out[0] * w->out[1], oy = 0, ox = 0;
	float *packed = t->packed;

	for (int64_t j = 0; j < n; j += t->columns) {
		int64_t columns = smaller(n - j, t->columns);

		pack_tile(t, first + j, columns, packed);
		packed += t->length * padded(t, columns);
	}
	for (int64_t p = 0; p < pixels; p += t->row->tile_rows) {
		int64_t rows = smaller(pixels - p, t->row->tile_rows);

		for (int64_t r = 0; r < rows; r++) {
			point_row(t, oy, ox, r);
			if (++ox == w->out[1]) {
				ox = 0;
				oy++;
			}
		}
		multiply_rows(t, first, n, rows, t->y + p * t->c->out_pixel);
	}
}

static void set_offsets(struct conv_tiling *t)
{
	const struct window *w = &t->c->w;

	for (int64_t tap = 0; tap < t->c->taps; tap++)
		t->offset[tap] =
			(tap / w->kernel[1] * w->dilation[0] * w->in[1] +
			 tap % w->kernel[1] * w->dilation[1]) *
			t->c->in_pixel;
}

/* Output channels of a block: whole tiles, of about BLOCK_FLOATS weights. */
static int64_t block_columns(const struct conv_tiling *t)
{
	int64_t tiles = BLOCK_FLOATS / (t->length * t->columns);

	return smaller((tiles < 1 ? 1 : tiles) * t->columns,
		       t->c->out_per_group);
}

static void run_groups(struct conv_tiling *t, const float *x, float *y)
{
	const struct conv_eval *c = t->c;
	int64_t n = c->out_per_group, block = block_columns(t);

	for (int64_t g = 0; g < c->groups; g++) {
		t->x = x + g * c->in_per_group;
		t->y = y + g * n;
		t->weight = c->weight + g * n * t->length;
		t->bias = c->bias ? c->bias + g * n : NULL;
		for (int64_t j = 0; j < n; j += block)
			multiply_block(t, j, smaller(n - j, block));
	}
}

int conv_tiles(const struct conv_eval *c, const float *x, float *y)
{
	struct conv_tiling t = { .c = c, .row = simd() };
	size_t padding;
	int err = 0;

	t.lanes = t.row->vector_bytes / (int)sizeof(float);
	t.columns = 2 * t.lanes;
	t.length = c->in_per_group * c->taps;
	padding = (size_t)(c->in_per_group > t.columns ? c->in_per_group :
							 t.columns);
	t.packed = malloc((size_t)(t.length * padded(&t, block_columns(&t))) *
			  sizeof(*t.packed));
	t.zeros = calloc(padding, sizeof(*t.zeros));
	t.offset = malloc((size_t)c->taps * sizeof(*t.offset));
	t.at = malloc((size_t)(c->taps * t.row->tile_rows) * sizeof(*t.at));
	if (t.packed && t.zeros && t.offset && t.at) {
		set_offsets(&t);
		run_groups(&t, x, y);
	} else {
		err = diag_error(c->e->d, "out of memory");
	}
	free(t.packed);
	free(t.zeros);
	free(t.offset);
	free(t.at);
	return err;
}
