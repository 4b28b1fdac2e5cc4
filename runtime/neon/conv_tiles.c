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

#include "runtime/neon/intrinsics.h"
#include <string.h>

#include "runtime/neon/dot_tile.h"
#include "runtime/op_conv_parts.h"

#define MOST_WINDOWS 96   /* of a chunk, a multiple of 3 */
#define CHUNK_BYTES 16384 /* of windows: half of the L1 cache */
#define LEAST_WINDOWS 24
#define LEAST_PIECE 48    /* bytes; shorter ones are gathered */
#define LOCAL_BYTES 16384 /* of gathered windows, beside the scratch */
#define FEW_PIXELS 8      /* do not pay for a look at all weights */
#define SPLIT_TILES 16    /* row tiles a job, when pixels are few */

struct tiles {
	const struct dbrt_conv_job *j;
	dbrt_dot_tile_kernel *dot;
	uint32_t widen;
	int lanes;               /* channels lie across lanes */
	int in_place;            /* windows inside the image */
	uint32_t pieces, blocks; /* of windows in place */
	size_t skip;
	uint32_t piece; /* bytes of a row of a window */
	size_t down;    /* from a row to the next */
	const int8_t *copy_end;
	int short_rows; /* three rows of up to 16 bytes */
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
	uint32_t x = dbrt_conv_input_bound(t->j->v);
	uint32_t product = x * dbrt_weights_bound_neon(t->j, x);

	product = product ? product : 1;
#ifdef __aarch64__
	t->widen = 127 / product;
	t->dot = dbrt_dot_w4a4_neon_4x3;
	if (t->widen >= 2 && t->j->k16 / 4 * (uint64_t)product < 32768)
		return 1;
#endif
	t->widen = 32767 / (2 * product);
	t->dot = t->widen > DBRT_TILE_FEW_BLOCKS ? dbrt_dot_w4a8_neon_4x3 :
						   dbrt_dot_w8a8_neon_4x3;
	return t->widen > 0;
}

/* ---- Windows ---- */

/* An output pixel, and the pixels [first, end) of its line whose windows have
 * no padding. */
struct place {
	uint32_t n, oy, ox;
	uint32_t first, end;
	const int8_t *from; /* the window of the first of them */
};

static void set_line(const struct dbrt_conv_job *j, struct place *at)
{
	const struct dbrt_axis *h = &j->axis_h, *w = &j->axis_w;
	int32_t y = (int32_t)at->oy * h->stride - h->pad, x, last;
	int32_t reach = (j->p->kernel_w - 1) * w->dilation;

	at->first = at->end = 0;
	if (h->transposed || y < 0 ||
	    y + (j->p->kernel_h - 1) * h->dilation >= h->size)
		return;
	last = w->size - 1 - reach + w->pad;
	if (last < 0)
		return;
	at->first = (uint32_t)((w->pad + w->stride - 1) / w->stride);
	at->end = (uint32_t)(last / w->stride) + 1;
	if (at->end > j->y->dims[2])
		at->end = j->y->dims[2];
	x = (int32_t)at->first * w->stride - w->pad;
	at->from = j->in + (((size_t)at->n * (uint32_t)h->size + (uint32_t)y) *
				    (uint32_t)w->size +
			    (uint32_t)x) *
				   j->x->pitch;
}

static struct place place_of(const struct dbrt_conv_job *j, uint32_t pixel)
{
	uint32_t line = pixel / j->y->dims[2];
	struct place at = { .n = line / j->y->dims[1],
			    .oy = line % j->y->dims[1],
			    .ox = pixel % j->y->dims[2] };

	set_line(j, &at);
	return at;
}

static void next_place(const struct dbrt_conv_job *j, struct place *at)
{
	if (++at->ox < j->y->dims[2])
		return;
	at->ox = 0;
	if (++at->oy == j->y->dims[1]) {
		at->oy = 0;
		at->n++;
	}
	set_line(j, at);
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
	if (t->lanes)
		t->in_place = !j->axis_h.transposed && piece % 8 == 0 &&
			      p->kernel_h == 1 && p->kernel_w == 1;
	else
		t->in_place = !j->axis_h.transposed && piece % 16 == 0 &&
			      (p->kernel_h == 1 || piece >= LEAST_PIECE) &&
			      (p->kernel_w == 1 ||
			       (p->dilation_w == 1 && run == j->x->pitch));
	if (t->in_place && !t->lanes) {
		t->pieces = p->kernel_h;
		t->blocks = piece / 16;
		t->skip = line * p->dilation_h - piece;
		bytes = j->x->pitch * p->stride_w;
	}
	/* runs of about the same length */
	if (t->widen) {
		uint32_t n = t->blocks;

		n *= DBRT_TILE_RUNS_GO_ON ? t->pieces : 1;
		t->widen = (n + (n - 1) / t->widen) / ((n - 1) / t->widen + 1);
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
	if (!t->lanes && (workers > 1 || j->v->m->tick) &&
	    chunks < 2 * workers && j->tiles > SPLIT_TILES)
		t->splits = (j->tiles + SPLIT_TILES - 1) / SPLIT_TILES;
}

/* Windows whose rows are in one piece each are copied by 16 bytes, over what
 * comes later. `copy_end` is behind the last place that this may read from. */
static void choose_copies(struct tiles *t)
{
	const struct dbrt_conv_job *j = t->j;
	const struct dbp_conv *p = j->p;
	uint32_t run = j->x->dims[3] / p->groups;
	size_t reach;

	t->piece = run * p->kernel_w;
	t->down = (size_t)j->x->dims[2] * j->x->pitch * p->dilation_h;
	reach = (p->kernel_h - 1u) * t->down + t->piece + 15;
	t->copy_end = j->in;
	if (!j->axis_h.transposed && reach < j->x->bytes &&
	    (p->kernel_w == 1 || (p->dilation_w == 1 && run == j->x->pitch)))
		t->copy_end += j->x->bytes - reach;
	t->short_rows = p->kernel_h == 3 && t->piece <= 16;
}

/* `count` neighbours, `step` bytes apart; each store goes over what comes
 * later. */
static void copy_rows(const struct tiles *t, const int8_t *from, size_t step,
		      int8_t *to, uint32_t count)
{
	const size_t down = t->down, piece = t->piece, bytes = t->j->k16;
	const uint32_t rows = t->j->p->kernel_h;

	for (; count; count--, from += step, to += bytes) {
		const int8_t *line = from;
		int8_t *out = to;

		for (uint32_t r = rows; r; r--, line += down, out += piece) {
			size_t i = 0;

			for (; i + 48 < piece; i += 64) {
				int8x16_t a = vld1q_s8(line + i);
				int8x16_t b = vld1q_s8(line + i + 16);
				int8x16_t c = vld1q_s8(line + i + 32);
				int8x16_t d = vld1q_s8(line + i + 48);

				vst1q_s8(out + i, a);
				vst1q_s8(out + i + 16, b);
				vst1q_s8(out + i + 32, c);
				vst1q_s8(out + i + 48, d);
			}
			for (; i < piece; i += 16)
				vst1q_s8(out + i, vld1q_s8(line + i));
		}
		vst1q_s8(out, vdupq_n_s8(0));
	}
}

/* The same for three rows of up to 16 bytes. */
static void copy_short_rows(const struct tiles *t, const int8_t *from,
			    size_t step, int8_t *to, uint32_t count)
{
	const size_t down = t->down, piece = t->piece, bytes = t->j->k16;

	for (; count; count--, from += step, to += bytes) {
		int8x16_t a = vld1q_s8(from), b = vld1q_s8(from + down);
		int8x16_t c = vld1q_s8(from + 2 * down);

		vst1q_s8(to, a);
		vst1q_s8(to + piece, b);
		vst1q_s8(to + 2 * piece, c);
		vst1q_s8(to + 3 * piece, vdupq_n_s8(0));
	}
}

/* As many as possible of `count` windows inside the image, from number x->count
 * on, in place or copied to `room`; how many. */
static uint32_t take_neighbours(const struct tiles *t, struct windows *x,
				const struct room *room, const int8_t *from,
				size_t step, uint32_t count)
{
	int8_t *to = room->memory + x->gathered * (size_t)t->j->k16;
	struct dbrt_window *at = x->at + x->count;
	size_t safe;

	if (count > MOST_WINDOWS - x->count)
		count = MOST_WINDOWS - x->count;
	if (t->in_place) {
		x->count += count;
		for (uint32_t i = 0; i < count; i++, from += step)
			at[i] = (struct dbrt_window){ from, t->skip };
		return count;
	}
	if (from >= t->copy_end)
		return 0;
	safe = (size_t)(t->copy_end - 1 - from) / step + 1;
	count = count < safe ? count : (uint32_t)safe;
	if (count > room->windows - x->gathered)
		count = room->windows - x->gathered;
	(t->short_rows ? copy_short_rows : copy_rows)(t, from, step, to, count);
	x->count += count;
	x->gathered += count;
	for (uint32_t i = 0; i < count; i++, to += t->j->k16)
		at[i] = (struct dbrt_window){ to, 0 };
	return count;
}

/* ---- Tiles ---- */

/* As tile_weights(); rows behind the last one may have any weights. */
static const int8_t *weights_of(const void *ctx, uint32_t group, uint32_t tile,
				int8_t *decoded)
{
	const struct tiles *t = ctx;
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

	if (t->lanes) {
		const int8_t *at[MOST_WINDOWS];

		for (uint32_t i = 0; i < x->count; i++)
			at[i] = x->at[i].at;
		dbrt_conv_lanes_neon(t->j, group, at, pixel, x->count,
				     weights_of, t, decoded);
		x->count = x->gathered = 0;
		return;
	}
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
			   int8_t local[LOCAL_BYTES + 16])
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
	_Alignas(16) int8_t local[LOCAL_BYTES + 16];
	struct room room = room_of(j, scratch, local);
	size_t step = (size_t)j->axis_w.stride * j->x->pitch;
	struct place at = place_of(j, pixel);
	struct windows x = { .count = 0, .gathered = 0 };
	uint32_t first = pixel, run = j->x->dims[3] / j->p->groups;

	for (; pixel < end; pixel++, next_place(j, &at)) {
		int inside = at.ox >= at.first && at.ox < at.end;
		uint32_t n = 0;
		int8_t *to;

		if (x.count == MOST_WINDOWS ||
		    (!(inside && t->in_place) && x.gathered == room.windows)) {
			run_windows(t, &x, group, first, tile, tile_end,
				    scratch);
			first = pixel;
		}
		if (inside) {
			n = at.end - at.ox;
			n = take_neighbours(
				t, &x, &room,
				at.from + (at.ox - at.first) * step +
					group * run,
				step, n < end - pixel ? n : end - pixel);
		}
		if (n) {
			pixel += n - 1;
			at.ox += n - 1;
			continue;
		}
		to = room.memory + x.gathered++ * (size_t)j->k16;
		x.at[x.count++] = (struct dbrt_window){ to, 0 };
		gather_window(j, group, pixel, to);
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

/* Up to how many columns it is faster to have channels across the lanes, which
 * takes any weights. */
static uint32_t lanes_columns(const struct tiles *t, int fits)
{
	if (!fits)
		return DBRT_LANES_COLUMNS;
	if (t->dot == dbrt_dot_w8a8_neon_4x3)
		return 64;
	return t->dot == dbrt_dot_w4a8_neon_4x3 ? 40 : 16;
}

int dbrt_conv_run_neon(const struct dbrt_conv_job *j)
{
	struct tiles t = { .j = j };
	int fits;

	if (j->pixels < DBRT_TILE_LEAST_PIXELS ||
	    (j->pixels < FEW_PIXELS && j->p->weight_bits == 8))
		return 0;
	fits = choose_dot(&t);
	t.lanes = j->k <= lanes_columns(&t, fits);
	if (!fits && !t.lanes)
		return 0;
	if (j->p->weight_bits != 8)
		for (int r = 0; r < 4; r++)
			dbrt_conv_channel_values(j, 0, t.values[r]);
	choose_windows(&t);
	choose_copies(&t);
	choose_jobs(&t);
	dbrt_for(j->v->m,
		 (j->pixels / t.chunk + (j->pixels % t.chunk != 0)) * t.splits,
		 run_chunk, &t);
	return 1;
}

#endif
