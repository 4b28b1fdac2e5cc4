/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions by tiles of 4 output channels and three windows. A job has a
 * chunk of output pixels. Windows whose rows are whole blocks are read in
 * place; the others, and those at the border, are gathered. The windows of a
 * chunk stay in the L1 cache while every tile of weights is decoded once and
 * passes over them.
 */
#include "runtime/neon/conv_neon.h"

#ifdef DBRT_NEON

#include <string.h>

#include "runtime/neon/dot_tile.h"
#include "runtime/op_conv_parts.h"

#define MOST_WINDOWS 96   /* of a chunk, a multiple of 3 */
#define CHUNK_BYTES 16384 /* of windows: half of the L1 cache */
#define LEAST_WINDOWS 24
#define LEAST_PIECE 48   /* bytes; shorter ones are gathered */
#define LOCAL_BYTES 4096 /* of gathered windows, beside the scratch */
#define FEW_PIXELS 8     /* one window at a time is faster */
#define SPLIT_TILES 16   /* row tiles a job, when pixels are few */

struct tiles {
	const struct dbrt_conv_job *j;
	dbrt_dot_tile_kernel *dot;
	uint32_t widen;
	int in_place;            /* windows inside the image */
	uint32_t pieces, blocks; /* of windows in place */
	size_t skip;
	uint32_t chunk, splits;
	int8_t values[4][16]; /* of codes, if they are those of every row */
};

/* The windows of a chunk. Gathered ones have the same pieces, one behind the
 * other. */
struct windows {
	struct dbrt_window at[MOST_WINDOWS];
	uint32_t count, gathered;
};

/* Memory for gathered windows, and how many fit. */
struct room {
	int8_t *memory;
	uint32_t windows;
};

/* ---- Bounds ---- */

uint32_t dbrt_input_bound_neon(const struct dbrt_op_view *v)
{
	const struct dbp_conv *from = input_clamp(v->m, dbrt_in(v, 0));
	int32_t zero = dbrt_in(v, 0)->zero_point, most;

	if (!from)
		return 128;
	most = zero < 0 ? -zero : zero;
	if (most < -from->clamp_min)
		most = -from->clamp_min;
	if (most < from->clamp_min)
		most = from->clamp_min;
	if (most < from->clamp_max)
		most = from->clamp_max;
	if (most < -from->clamp_max)
		most = -from->clamp_max;
	return (uint32_t)most;
}

uint32_t dbrt_weights_bound_neon(const struct dbrt_conv_job *j, uint32_t x)
{
	uint32_t bits = j->p->weight_bits;

	if (bits == 8)
		return dbrt_largest_neon((const int8_t *)j->weights,
					 j->p->weights_bytes);
	if (j->p->grid == DBP_GRID_LEVELS)
		return dbrt_largest_neon(j->levels,
					 (size_t)j->y->dims[3] << bits);
	if (j->p->grid == DBP_GRID_HALF)
		return (1u << bits) - 1;
	/* without a -8, two products of 4 bits fit 8 bits */
	if (bits == 4 && x <= 8 &&
	    !dbrt_has_code_8_neon(j->weights, j->p->weights_bytes))
		return 7;
	return 1u << (bits - 1);
}

/* 0: sums of two products may not fit 16 bits. */
static int choose_dot(struct tiles *t)
{
	uint32_t x = dbrt_input_bound_neon(t->j->v);
	uint32_t product = x * dbrt_weights_bound_neon(t->j, x);
	uint32_t blocks = t->j->k16 / 16;

	product = product ? product : 1;
	t->widen = 127 / product;
	t->dot = dbrt_dot_w4a4_neon_4x3;
	if (t->widen >= 2 && 4 * (uint64_t)blocks * product < 32768)
		return 1;
	t->widen = 32767 / (2 * product);
	t->dot = t->widen > 1 ? dbrt_dot_w4a8_neon_4x3 : dbrt_dot_w8a8_neon_4x3;
	return t->widen > 0;
}

/* ---- Windows ---- */

/* An output pixel, and where its window begins. */
struct place {
	uint32_t n, oy, ox;
};

static struct place place_of(const struct dbrt_conv_job *j, uint32_t pixel)
{
	uint32_t line = pixel / j->y->dims[2];

	return (struct place){ line / j->y->dims[1], line % j->y->dims[1],
			       pixel % j->y->dims[2] };
}

static void next_place(const struct dbrt_conv_job *j, struct place *p)
{
	if (++p->ox < j->y->dims[2])
		return;
	p->ox = 0;
	if (++p->oy < j->y->dims[1])
		return;
	p->oy = 0;
	p->n++;
}

/* Windows are read in place if their rows are whole blocks in one piece. */
static void choose_windows(struct tiles *t)
{
	const struct dbrt_conv_job *j = t->j;
	const struct dbp_conv *p = j->p;
	size_t line = (size_t)j->x->dims[2] * j->x->pitch;
	uint32_t run = j->x->dims[3] / p->groups, piece = run * p->kernel_w;
	uint32_t bytes = j->k16; /* of memory that a pixel needs */

	t->pieces = 1;
	t->blocks = j->k16 / 16;
	t->in_place = !j->axis_h.transposed && piece % 16 == 0 &&
		      (p->kernel_h == 1 || piece >= LEAST_PIECE) &&
		      (p->kernel_w == 1 ||
		       (p->dilation_w == 1 && run == j->x->pitch));
	if (t->in_place) {
		t->pieces = p->kernel_h;
		t->blocks = piece / 16;
		t->skip = line * p->dilation_h - piece;
		bytes = j->x->pitch * p->stride_w;
	}
	t->chunk = CHUNK_BYTES / bytes / 3 * 3;
	if (t->chunk < LEAST_WINDOWS)
		t->chunk = LEAST_WINDOWS;
	if (t->chunk > MOST_WINDOWS)
		t->chunk = MOST_WINDOWS;
}

/* Chunks for all workers, and often enough for the caller's tick. */
static void choose_jobs(struct tiles *t)
{
	const struct dbrt_conv_job *j = t->j;
	uint32_t workers = j->v->m->workers, chunks;

	while (workers > 1 && t->chunk > LEAST_WINDOWS &&
	       j->pixels / t->chunk < 3 * workers)
		t->chunk -= 3;
	chunks = j->pixels / t->chunk;
	t->splits = 1;
	if ((workers > 1 || j->v->m->tick) && chunks < 2 * workers &&
	    j->tiles > SPLIT_TILES)
		t->splits = (j->tiles + SPLIT_TILES - 1) / SPLIT_TILES;
}

/* The first byte of a window inside the image; NULL: it has padding. */
static const int8_t *window_inside(const struct dbrt_conv_job *j,
				   const struct place *at)
{
	const struct dbrt_axis *h = &j->axis_h, *w = &j->axis_w;
	int32_t y = (int32_t)at->oy * h->stride - h->pad;
	int32_t x = (int32_t)at->ox * w->stride - w->pad;

	if (y < 0 || y + (j->p->kernel_h - 1) * h->dilation >= h->size ||
	    x < 0 || x + (j->p->kernel_w - 1) * w->dilation >= w->size)
		return NULL;
	return j->in + (((size_t)at->n * (uint32_t)h->size + (uint32_t)y) *
				(uint32_t)w->size +
			(uint32_t)x) *
			       j->x->pitch;
}

/* ---- Tiles ---- */

/* As tile_weights(); rows behind the last one may have any weights. */
static const int8_t *weights_of(const struct tiles *t, uint32_t group,
				uint32_t tile, int8_t *decoded)
{
	const struct dbrt_conv_job *j = t->j;
	uint32_t bits = j->p->weight_bits;

	if (bits == 8 || j->p->grid == DBP_GRID_LEVELS)
		return tile_weights(j, group, tile, decoded);
	j->kernels->decode_weights(decoded,
				   j->weights + ((size_t)group * j->tiles +
						 tile) * (j->k16 / 2 * bits),
				   t->values, j->k16 / 16, bits);
	return decoded;
}

/* All tiles over the windows of pixels from number `pixel` on. */
static void run_windows(const struct tiles *t, struct windows *x,
			uint32_t group, uint32_t pixel, uint32_t tile,
			uint32_t tile_end, int8_t *decoded)
{
	int32_t acc[MOST_WINDOWS][4];
	struct dbrt_dot_tile d = { .x = x->at,
				   .acc = acc,
				   .groups = (x->count + 2) / 3,
				   .pieces = t->pieces,
				   .blocks = t->blocks,
				   .widen = t->widen };

	for (uint32_t i = x->count; i % 3; i++)
		x->at[i] = x->at[i - 1];
	for (; tile < tile_end; tile++) {
		uint32_t left = t->j->rows - tile * 4;

		d.w = weights_of(t, group, tile, decoded);
		t->dot(&d);
		dbrt_conv_store(t->j, acc[0], 4, pixel, x->count,
				group * t->j->rows + tile * 4,
				left < 4 ? left : 4);
	}
	x->count = x->gathered = 0;
}

/* Scratch holds decoded weights, then 16 windows unless they are all read in
 * place. */
static struct room room_of(const struct dbrt_conv_job *j, int8_t *scratch,
			   int8_t local[LOCAL_BYTES])
{
	struct room r = { local, LOCAL_BYTES / j->k16 };

	if (r.windows < DBP_CONV_PATCH_PIXELS) {
		r.memory = scratch +
			   (j->p->weight_bits == 8 ? 0 : 4 * (size_t)j->k16);
		r.windows = DBP_CONV_PATCH_PIXELS - 1;
	}
	if (r.windows > MOST_WINDOWS)
		r.windows = MOST_WINDOWS;
	return r;
}

static void run_pixels(const struct tiles *t, uint32_t group, uint32_t pixel,
		       uint32_t end, uint32_t tile, uint32_t tile_end,
		       int8_t *scratch)
{
	const struct dbrt_conv_job *j = t->j;
	_Alignas(16) int8_t local[LOCAL_BYTES];
	struct room room = room_of(j, scratch, local);
	struct place at = place_of(j, pixel);
	struct windows x = { .count = 0, .gathered = 0 };
	uint32_t first = pixel, run = j->x->dims[3] / j->p->groups;

	for (; pixel < end; pixel++, next_place(j, &at)) {
		const int8_t *from = t->in_place ? window_inside(j, &at) : NULL;
		struct dbrt_window *w;

		if (x.count == MOST_WINDOWS ||
		    (!from && x.gathered == room.windows)) {
			run_windows(t, &x, group, first, tile, tile_end,
				    scratch);
			first = pixel;
		}
		w = &x.at[x.count++];
		if (from) {
			*w = (struct dbrt_window){ from + group * run,
						   t->skip };
			continue;
		}
		*w = (struct dbrt_window){
			room.memory + x.gathered++ * (size_t)j->k16, 0
		};
		gather_window(j, group, pixel, (int8_t *)w->at);
	}
	run_windows(t, &x, group, first, tile, tile_end, scratch);
}

static void run_chunk(void *arg, uint32_t i, uint32_t worker)
{
	const struct tiles *t = arg;
	const struct dbrt_conv_job *j = t->j;
	uint32_t pixel = i / t->splits * t->chunk, end = j->pixels;
	uint32_t tile = 0, tile_end = j->tiles;

	if (end - pixel > t->chunk)
		end = pixel + t->chunk;
	if (t->splits > 1) {
		tile = i % t->splits * SPLIT_TILES;
		if (tile_end - tile > SPLIT_TILES)
			tile_end = tile + SPLIT_TILES;
	}
	for (uint32_t g = 0; g < j->p->groups; g++)
		run_pixels(t, g, pixel, end, tile, tile_end,
			   (int8_t *)dbrt_scratch(j->v, worker));
}

int dbrt_conv_run_neon(const struct dbrt_conv_job *j)
{
	struct tiles t = { .j = j };

	if (j->pixels < FEW_PIXELS || !choose_dot(&t))
		return 0;
	if (j->p->weight_bits != 8)
		for (int r = 0; r < 4; r++)
			dbrt_conv_channel_values(j, 0, t.values[r]);
	choose_windows(&t);
	choose_jobs(&t);
	dbrt_for(j->v->m,
		 (j->pixels / t.chunk + (j->pixels % t.chunk != 0)) * t.splits,
		 run_chunk, &t);
	return 1;
}

#endif
