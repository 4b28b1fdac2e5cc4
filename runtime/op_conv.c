/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/op_conv.h"

#include <string.h>

#include "runtime/op_conv_check.h"
#include "runtime/op_conv_depthwise.h"
#include "runtime/op_conv_parts.h"
#include "schemas/dbp_coded.h"

/*
 * A convolution runs over chunks of output pixels. For each chunk the windows
 * are gathered once (im2col), or read in place; then every 4 rows of weights
 * are decoded once and multiplied with all windows of the chunk.
 */
#define DIRECT_PIXELS 64 /* a chunk where windows are read in place */
#define SPLIT_TILES 16   /* row tiles a job, when pixels are few */

/* ---- Requantization ---- */

static struct dbrt_post post_of(const struct dbrt_op_view *v)
{
	const struct dbp_conv *p = v->params;
	int is_leaky = p->post == DBP_POST_LEAKY;
	struct dbrt_post post = {
		.bias = dbrt_blob(v->m, p->bias, 0, 4),
		.zero_point = dbrt_out(v, 0)->zero_point,
		.low = p->clamp_min,
		.high = p->clamp_max,
	};

	if (p->post == DBP_POST_FLOAT)
		return post;
	post.multiplier = dbrt_blob(v->m, p->multiplier, 0, 2);
	post.shift = dbrt_blob(v->m, p->shift, 0, 1);
	post.multiplier2 = is_leaky ? dbrt_blob(v->m, p->multiplier2, 0, 2) :
				      post.multiplier;
	post.shift2 = is_leaky ? dbrt_blob(v->m, p->shift2, 0, 1) : post.shift;
	if (dbrt_conv_has_table(p)) {
		int32_t size = (int32_t)dbp_conv_table_size(p);

		post.table = dbrt_blob(v->m, p->table, 0, 1);
		post.table_step = p->post == DBP_POST_TABLES ? size : 0;
		post.zero_point = p->inner_zero_point * (size / 256);
		post.low = -size / 2;
		post.high = size / 2 - 1;
	}
	return post;
}

void dbrt_conv_store(const struct dbrt_conv_job *j, const int32_t *acc,
		     uint32_t lanes, uint32_t pixel, uint32_t pixels,
		     uint32_t channel, uint32_t count)
{
	size_t pitch = j->y->pitch, at = pixel * pitch + channel;
	float *out = (float *)(void *)j->out + at;

	if (j->p->post != DBP_POST_FLOAT) {
		j->kernels->requantize((int8_t *)j->out + at, pitch, acc, lanes,
				       pixels, &j->post, channel, count);
		return;
	}
	for (uint32_t p = 0; p < pixels; p++, out += pitch, acc += lanes)
		for (uint32_t c = 0; c < count; c++) {
			uint32_t sum = (uint32_t)acc[c] +
				       (uint32_t)j->post.bias[channel + c];

			out[c] = (float)(int32_t)sum *
				 j->float_scale[channel + c];
		}
}

/* ---- Weights ---- */

void dbrt_conv_channel_values(const struct dbrt_conv_job *j, uint32_t channel,
			      int8_t values[16])
{
	int codes = 1 << j->p->weight_bits;

	for (int k = 0; k < codes; k++) {
		int code = k < codes / 2 ? k : k - codes;

		if (j->p->grid == DBP_GRID_LEVELS)
			values[k] = j->levels[channel * (size_t)codes + k];
		else if (j->p->grid == DBP_GRID_HALF)
			values[k] = (int8_t)(2 * code + 1);
		else
			values[k] = (int8_t)code;
	}
}

#ifdef DBRT_X86

/* Windows of a chunk of output pixels. */
struct chunk {
	const int8_t *from;
	size_t stride;
	uint32_t pixel, pixels; /* of the output */
};

/* Tiles by four, which are stored together, from `tile` on; the first one that
 * is not among them. */
static uint32_t run_four_tiles(const struct dbrt_conv_job *j, uint32_t group,
			       const struct chunk *c, uint32_t tile,
			       uint32_t tile_end, int8_t *scratch)
{
	int32_t acc[4][DIRECT_PIXELS][4];
	size_t pitch = j->y->pitch;

	if (!j->kernels->requantize_tiles || j->p->post != DBP_POST_CLAMP)
		return tile;
	for (; tile + 4 <= tile_end && 4 * tile + 16 <= j->rows; tile += 4) {
		uint32_t channel = group * j->rows + tile * 4;
		int8_t *out = (int8_t *)j->out + c->pixel * pitch + channel;

		for (uint32_t i = 0; i < 4; i++) {
			const int8_t *w =
				tile_weights(j, group, tile + i, scratch);

			(j->four_bits ? j->kernels->dot_w8a4 :
					j->kernels->dot_w8a8)(
				acc[i], w, c->from, c->stride, j->k16 / 16,
				c->pixels);
		}
		if (j->kernels->requantize_tiles(out, pitch,
						 (const int32_t(*)[64][4])acc,
						 c->pixels, &j->post, channel))
			continue;
		for (uint32_t i = 0; i < 4; i++)
			dbrt_conv_store(j, acc[i][0], 4, c->pixel, c->pixels,
					channel + 4 * i, 4);
	}
	return tile;
}

static int gather_at_once(const struct dbrt_conv_job *j, uint32_t pixel,
			  uint32_t pixels, int8_t *to)
{
	return j->kernels->gather && j->kernels->gather(j, pixel, pixels, to);
}

#else

#define gather_at_once(j, pixel, pixels, to) 0

#endif

static void run_group(const struct dbrt_conv_job *j, uint32_t group,
		      uint32_t pixel, uint32_t pixels, uint32_t tile,
		      uint32_t tile_end, int8_t *scratch)
{
	int32_t acc[DIRECT_PIXELS][4];
	int8_t *windows = scratch;
	const int8_t *from = windows;
	size_t stride = j->k16;

	if (j->p->weight_bits != 8)
		from = windows = scratch + 4 * (size_t)j->k16;
	if (j->direct) {
		stride = j->x->pitch;
		from = j->in + pixel * stride;
	} else if (!gather_at_once(j, pixel, pixels, windows)) {
		for (uint32_t i = 0; i < pixels; i++)
			gather_window(j, group, pixel + i,
				      windows + i * stride);
	}
#ifdef DBRT_X86
	tile = run_four_tiles(j, group,
			      &(struct chunk){ from, stride, pixel, pixels },
			      tile, tile_end, scratch);
#endif
	for (; tile < tile_end; tile++) {
		const int8_t *w = tile_weights(j, group, tile, scratch);
		uint32_t left = j->rows - tile * 4;

		(j->four_bits ? j->kernels->dot_w8a4 : j->kernels->dot_w8a8)(
			acc, w, from, stride, j->k16 / 16, pixels);
		dbrt_conv_store(j, acc[0], 4, pixel, pixels,
				group * j->rows + tile * 4,
				left < 4 ? left : 4);
	}
}

static void run_chunk(void *arg, uint32_t i, uint32_t worker)
{
	const struct dbrt_conv_job *j = arg;
	uint32_t pixel = i / j->splits * j->chunk;
	uint32_t pixels = j->pixels - pixel, tile = 0, tile_end = j->tiles;

	if (pixels > j->chunk)
		pixels = j->chunk;
	if (j->splits > 1) {
		tile = i % j->splits * SPLIT_TILES;
		if (tile_end - tile > SPLIT_TILES)
			tile_end = tile + SPLIT_TILES;
	}
	for (uint32_t g = 0; g < j->p->groups; g++)
		run_group(j, g, pixel, pixels, tile, tile_end,
			  (int8_t *)dbrt_scratch(j->v, worker));
}

/* ---- Numbers of the input ---- */

#define MOST_POOLS 8 /* that codes are followed through */

/* The output of a convolution is within its clamp. */
static int is_clamped(const struct dbp_conv *p)
{
	return p->post <= DBP_POST_LEAKY; /* or DBP_POST_CLAMP */
}

/* The convolution whose clamp bounds the elements of x, directly or through max
 * pools, or NULL. The zero point may be outside. */
static const struct dbp_conv *input_clamp(const struct dbrt_model *m,
					  const struct dbp_tensor *x)
{
	/* few: each convolution after them looks at all */
	for (int i = 0; i < MOST_POOLS && x->writer != DBP_NONE; i++) {
		struct dbrt_op_view from = dbrt_op_at(m, x->writer);

		if (from.op->kind == DBP_OP_CONV ||
		    from.op->kind == DBP_OP_CONV_TRANSPOSE)
			return is_clamped(from.params) ? from.params : NULL;
		if (from.op->kind != DBP_OP_MAX_POOL)
			return NULL;
		x = dbrt_in(&from, 0);
	}
	return NULL;
}

/* Every code of the input, padding included, is known to be in -8 to 7: where a
 * convolution made it that clamps to this range, directly or through max
 * pools. */
static int reads_four_bits(const struct dbrt_op_view *v)
{
	const struct dbp_conv *p = v->params, *from;
	const struct dbp_tensor *x = dbrt_in(v, 0);

	if (p->depthwise || x->zero_point < -8 || x->zero_point > 7)
		return 0;
	from = input_clamp(v->m, x);
	return from && from->clamp_min >= -8 && from->clamp_max <= 7;
}

struct dbrt_conv_job dbrt_conv_job_of(const struct dbrt_op_view *v,
				      int transposed)
{
	const struct dbp_conv *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	struct dbrt_conv_job j = {
		.v = v,
		.p = p,
		.x = x,
		.y = y,
		.kernels = dbrt_kernels(),
		.post = post_of(v),
		.axis_h = { p->stride_h, p->dilation_h, p->pad_top,
			    (int32_t)x->dims[1], transposed },
		.axis_w = { p->stride_w, p->dilation_w, p->pad_left,
			    (int32_t)x->dims[2], transposed },
		.in = dbrt_data(v->m, x),
		.out = dbrt_data(v->m, y),
		.weights = dbrt_blob(v->m, p->weights, 0, DBP_BLOB_ALIGN),
		.k = (uint32_t)dbp_conv_k(p, x->dims[3]),
		.k16 = (uint32_t)dbp_conv_k16(p, x->dims[3]),
		.rows = y->dims[3] / p->groups,
		.tiles = (y->dims[3] / p->groups + 3) / 4,
		.pixels = y->dims[0] * y->dims[1] * y->dims[2],
		.direct = dbp_conv_is_direct(p, x, y),
		.four_bits = reads_four_bits(v),
		.splits = 1,
	};

	if (p->post == DBP_POST_FLOAT)
		j.float_scale = dbrt_blob(v->m, p->float_scale, 0, 4);
	if (p->grid == DBP_GRID_LEVELS)
		j.levels = dbrt_blob(v->m, p->levels, 0, 1);
	return j;
}

void dbrt_conv_run_windows(const struct dbrt_op_view *v, int transposed)
{
	struct dbrt_conv_job j = dbrt_conv_job_of(v, transposed);
	uint32_t chunks;

#ifdef DBRT_NEON
	if (j.kernels->conv && j.kernels->conv(&j))
		return;
#endif
	j.chunk = j.direct ? DIRECT_PIXELS : DBP_CONV_PATCH_PIXELS;
	chunks = j.pixels / j.chunk + (j.pixels % j.chunk != 0);
	/* Dense layers have one pixel: the rows are split instead. */
	if ((v->m->workers > 1 || v->m->tick) && chunks < 2 * v->m->workers &&
	    j.tiles > SPLIT_TILES)
		j.splits = (j.tiles + SPLIT_TILES - 1) / SPLIT_TILES;
	dbrt_for(v->m, chunks * j.splits, run_chunk, &j);
}

int dbrt_conv_check(const struct dbrt_op_view *v)
{
	return dbrt_conv_check_common(v, 0);
}

void dbrt_conv_run(const struct dbrt_op_view *v)
{
	const struct dbp_conv *p = v->params;

	if (p->depthwise)
		dbrt_conv_run_depthwise(v);
	else
		dbrt_conv_run_windows(v, 0);
}

/* ---- For tools ---- */

/* Rows of windows that are copied before they are multiplied. */
static uint64_t window_rows(const struct dbrt_op_view *v, uint32_t pixels)
{
	const struct dbp_conv *p = v->params;

	if (p->depthwise ||
	    (v->op->kind == DBP_OP_CONV && dbp_conv_in_place(p, dbrt_in(v, 0))))
		return 0;
	return (uint64_t)pixels * p->groups * p->kernel_h;
}

static uint32_t largest(const int8_t *x, uint32_t bytes)
{
	int most = 0;

	for (uint32_t i = 0; i < bytes; i++)
		most = x[i] > most ? x[i] : -x[i] > most ? -x[i] : most;
	return (uint32_t)most;
}

static uint32_t largest_weight(const struct dbrt_op_view *v)
{
	const struct dbp_conv *p = v->params;
	uint32_t levels = dbrt_out(v, 0)->dims[3] << p->weight_bits;

	if (p->grid == DBP_GRID_LEVELS)
		return largest(dbrt_blob(v->m, p->levels, 0, 1), levels);
	if (p->weight_bits == 8)
		return largest(dbrt_blob(v->m, p->weights, 0, 1),
			       p->weights_bytes);
	return p->grid == DBP_GRID_HALF ? (1u << p->weight_bits) - 1 :
					  1u << (p->weight_bits - 1);
}

uint32_t dbrt_conv_input_bound(const struct dbrt_op_view *v)
{
	const struct dbp_tensor *x = dbrt_in(v, 0);
	const struct dbp_conv *from = input_clamp(v->m, x);
	int8_t ends[3] = { (int8_t)x->zero_point };

	if (!from)
		return 128;
	ends[1] = from->clamp_min;
	ends[2] = from->clamp_max;
	return largest(ends, 3);
}

void dbrt_conv_describe(const struct dbrt_op_view *v,
			struct dbrt_conv_form *out)
{
	const struct dbp_conv *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	uint32_t inputs = p->depthwise ? 1 : x->dims[3] / p->groups;

	*out = (struct dbrt_conv_form){
		.depthwise = p->depthwise,
		.dilated = p->dilation_h > 1 || p->dilation_w > 1,
		.weight_bits = p->weight_bits,
		.weight_most = largest_weight(v),
		.input_most = dbrt_conv_input_bound(v),
		.kernel_h = p->kernel_h,
		.kernel_w = p->kernel_w,
		.stride_w = p->stride_w,
		.columns = inputs * p->kernel_h * p->kernel_w,
		.pixels = dbrt_elements(y) / y->dims[3],
	};
	out->window_rows = window_rows(v, out->pixels);
}
