/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/conv.h"

#include <string.h>

#include "runtime/kernels.h"
#include "runtime/requant.h"
#include "schemas/dbp_coded.h"

/*
 * A convolution runs over chunks of output pixels. For each chunk the windows
 * are gathered once (or read in place), then every 4 rows of weights are
 * decoded once and multiplied with all windows of the chunk.
 */
#define DIRECT_PIXELS 64 /* a chunk where windows are read in place */
#define SPLIT_TILES 16   /* row tiles a job, when pixels are few */
#define BAND_ROWS 4      /* output rows a job, depthwise */
#define DEPTHWISE_PIXELS 16

/* ---- Checks ---- */

/* Keeps out * stride + k * dilation within int32. */
#define MAX_EXTENT (1u << 24)

static int check_axis(uint32_t kernel, uint32_t stride, uint32_t dilation,
		      uint32_t pad, uint32_t in, uint32_t out, int transposed)
{
	uint64_t extent;

	if (kernel == 0 || stride == 0 || dilation == 0 || in > MAX_EXTENT ||
	    out > MAX_EXTENT)
		return 0;
	extent = (uint64_t)(kernel - 1) * dilation;
	if (extent >= MAX_EXTENT)
		return 0;
	if (transposed) /* every output is reached, or just outside */
		return out <= (uint64_t)(in - 1) * stride + extent + stride;
	/* the last window starts within the padded input */
	return (uint64_t)(out - 1) * stride < (uint64_t)in + pad;
}

static int check_geometry(const struct dbp_conv *p, const struct dbp_tensor *x,
			  const struct dbp_tensor *y, int transposed)
{
	return x->rank == 4 && y->rank == 4 && x->dims[0] == y->dims[0] &&
	       check_axis(p->kernel_h, p->stride_h, p->dilation_h, p->pad_top,
			  x->dims[1], y->dims[1], transposed) &&
	       check_axis(p->kernel_w, p->stride_w, p->dilation_w, p->pad_left,
			  x->dims[2], y->dims[2], transposed);
}

static int check_weights(const struct dbrt_op_view *v, const struct dbp_conv *p)
{
	const struct dbp_tensor *x = dbrt_in(v, 0);
	uint32_t channels = dbrt_out(v, 0)->dims[3];
	struct dbp_run run;

	if ((p->weight_bits != 2 && p->weight_bits != 4 &&
	     p->weight_bits != 8 && (p->weight_bits != 3 || p->depthwise)) ||
	    p->grid > DBP_GRID_LEVELS ||
	    (p->weight_bits == 8 && p->grid != DBP_GRID_UNIFORM))
		return 0;
	if (p->groups == 0 || x->dims[3] % p->groups || channels % p->groups ||
	    p->depthwise > 1 ||
	    (p->depthwise &&
	     (p->groups != x->dims[3] || p->groups != channels)) ||
	    dbp_conv_k(p, x->dims[3]) > DBP_CONV_MAX_K)
		return 0;
	run = dbp_conv_run(p, x->dims[3], channels);
	if (!p->weights_bytes || p->weights_bytes != dbp_run_bytes(&run) ||
	    !dbrt_blob(v->m, p->weights, p->weights_bytes, DBP_BLOB_ALIGN))
		return 0;
	return p->grid != DBP_GRID_LEVELS ||
	       dbrt_blob(v->m, p->levels, (uint64_t)channels << p->weight_bits,
			 1);
}

static int check_multipliers(const struct dbrt_op_view *v, uint32_t multiplier,
			     uint32_t shift)
{
	uint32_t channels = dbrt_out(v, 0)->dims[3];
	const uint16_t *m = dbrt_blob(v->m, multiplier, 2ull * channels, 2);
	const uint8_t *s = dbrt_blob(v->m, shift, channels, 1);

	if (!m || !s)
		return 0;
	for (uint32_t c = 0; c < channels; c++)
		if ((m[c] != 0 && m[c] < 32768) || s[c] < 1 || s[c] > 62)
			return 0;
	return 1;
}

static int has_table(const struct dbp_conv *p)
{
	return p->post == DBP_POST_TABLE || p->post == DBP_POST_TABLES;
}

static int check_post(const struct dbrt_op_view *v, const struct dbp_conv *p)
{
	const struct dbp_tensor *y = dbrt_out(v, 0);
	uint32_t channels = y->dims[3];
	const int32_t *bias = dbrt_blob(v->m, p->bias, 4ull * channels, 4);

	if (!bias || p->post > DBP_POST_TABLES || p->inner_extra > 2 ||
	    (p->inner_extra && !has_table(p)))
		return 0;
	for (uint32_t c = 0; c < channels; c++)
		if (bias[c] > 1 << 30 || bias[c] < -(1 << 30))
			return 0;
	if (p->post == DBP_POST_FLOAT)
		return y->dtype == DBP_F32 &&
		       dbrt_blob(v->m, p->float_scale, 4ull * channels, 4);
	if (y->dtype != DBP_S8 || p->clamp_min > p->clamp_max ||
	    !check_multipliers(v, p->multiplier, p->shift))
		return 0;
	if (p->post == DBP_POST_LEAKY)
		return check_multipliers(v, p->multiplier2, p->shift2);
	if (p->post == DBP_POST_TABLE)
		channels = 1;
	return p->post == DBP_POST_CLAMP ||
	       dbrt_blob(v->m, p->table,
			 (uint64_t)dbp_conv_table_size(p) * channels, 1);
}

int dbrt_conv_check_common(const struct dbrt_op_view *v, int transposed)
{
	const struct dbp_conv *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);

	if (x->dtype != DBP_S8 || p->reserved2[0] || p->reserved2[1] ||
	    (transposed && p->depthwise) ||
	    !check_geometry(p, x, y, transposed) || !check_weights(v, p) ||
	    !check_post(v, p) ||
	    v->op->scratch_bytes < dbp_conv_scratch_bytes(p, x, y))
		return DBRT_ERROR_FORMAT;
	return DBRT_OK;
}

int dbrt_conv_check(const struct dbrt_op_view *v)
{
	return dbrt_conv_check_common(v, 0);
}

/* ---- What follows the accumulator ---- */

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
	if (has_table(p)) {
		int32_t size = (int32_t)dbp_conv_table_size(p);

		post.table = dbrt_blob(v->m, p->table, 0, 1);
		post.table_step = p->post == DBP_POST_TABLES ? size : 0;
		post.zero_point = p->inner_zero_point * (size / 256);
		post.low = -size / 2;
		post.high = size / 2 - 1;
	}
	return post;
}

struct conv_job {
	const struct dbrt_op_view *v;
	const struct dbp_conv *p;
	const struct dbp_tensor *x, *y;
	const struct dbrt_kernels *kernels;
	struct dbrt_post post;
	struct dbrt_axis axis_h, axis_w;
	const int8_t *in;
	uint8_t *out;
	const uint8_t *weights;
	const float *float_scale;
	const int8_t *levels;
	uint32_t k, k16;
	uint32_t rows;  /* output channels of a group */
	uint32_t tiles; /* of 4 rows, of a group */
	uint32_t pixels;
	uint32_t chunk;  /* pixels a job */
	uint32_t splits; /* jobs a chunk, each SPLIT_TILES tiles or all */
	int direct;
	int four_bits; /* x is of -8 to 7 */
};

/* Stores acc[p][c], c < count, of output channel `channel` and up. */
static void store(const struct conv_job *j, const int32_t *acc, uint32_t lanes,
		  uint32_t pixel, uint32_t pixels, uint32_t channel,
		  uint32_t count)
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

/* The number of each code of 2 to 4 bits, for one channel. */
static void channel_values(const struct conv_job *j, uint32_t channel,
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

/* 4 rows of numbers: tiles of the file, or decoded into scratch. */
static const int8_t *tile_weights(const struct conv_job *j, uint32_t group,
				  uint32_t tile, int8_t *scratch)
{
	uint32_t first = group * j->rows + tile * 4;
	uint32_t count = j->rows - tile * 4;
	size_t bytes = j->k16 / 2 * j->p->weight_bits;
	const uint8_t *packed =
		j->weights + ((size_t)group * j->tiles + tile) * bytes;
	int8_t values[4][16];

	if (j->p->weight_bits == 8)
		return (const int8_t *)packed;
	for (uint32_t r = 0; r < 4; r++) {
		if (r < count)
			channel_values(j, first + r, values[r]);
		else
			memset(values[r], 0, sizeof(values[r]));
	}
	j->kernels->decode(scratch, packed, values, j->k16 / 16,
			   j->p->weight_bits);
	return scratch;
}

/* ---- Windows ---- */

/* One row of a window: kernel_w taps of `run` channels each. */
static void gather_row(const struct conv_job *j, const int8_t *line, int32_t ox,
		       uint32_t run, int8_t *to)
{
	int32_t zero = j->x->zero_point, taps = j->p->kernel_w;
	int32_t first = ox * j->axis_w.stride - j->axis_w.pad;

	if (!j->axis_w.transposed && j->axis_w.dilation == 1 &&
	    run == j->x->pitch && first >= 0 &&
	    first + taps <= j->axis_w.size) {
		memcpy(to, line + (size_t)first * run, (size_t)taps * run);
		return;
	}
	for (int32_t kx = 0; kx < taps; kx++, to += run) {
		int32_t ix = dbrt_axis_source(&j->axis_w, ox, kx);

		if (ix < 0)
			memset(to, zero, run);
		else
			memcpy(to, line + (size_t)ix * j->x->pitch, run);
	}
}

/* The window of output pixel (n, oy, ox), K bytes and zeros up to k16. */
static void gather_window(const struct conv_job *j, uint32_t group,
			  uint32_t pixel, int8_t *to)
{
	uint32_t out_w = j->y->dims[2], line = pixel / out_w;
	uint32_t n = line / j->y->dims[1], run = j->x->dims[3] / j->p->groups;
	int32_t ox = (int32_t)(pixel % out_w);
	int32_t oy = (int32_t)(line % j->y->dims[1]);
	size_t line_bytes = (size_t)j->x->dims[2] * j->x->pitch;
	const int8_t *image =
		j->in + (size_t)n * j->x->dims[1] * line_bytes + group * run;

	for (int32_t ky = 0; ky < j->p->kernel_h; ky++) {
		int32_t iy = dbrt_axis_source(&j->axis_h, oy, ky);

		if (iy < 0)
			memset(to, j->x->zero_point,
			       (size_t)run * j->p->kernel_w);
		else
			gather_row(j, image + (size_t)iy * line_bytes, ox, run,
				   to);
		to += (size_t)run * j->p->kernel_w;
	}
	memset(to, 0, j->k16 - j->k);
}

static void run_group(const struct conv_job *j, uint32_t group, uint32_t pixel,
		      uint32_t pixels, uint32_t tile, uint32_t tile_end,
		      int8_t *scratch)
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
	} else {
		for (uint32_t i = 0; i < pixels; i++)
			gather_window(j, group, pixel + i,
				      windows + i * stride);
	}
	for (; tile < tile_end; tile++) {
		const int8_t *w = tile_weights(j, group, tile, scratch);
		uint32_t left = j->rows - tile * 4;

		(j->four_bits ? j->kernels->dot4 : j->kernels->dot)(
			acc, w, from, stride, j->k16 / 16, pixels);
		store(j, acc[0], 4, pixel, pixels, group * j->rows + tile * 4,
		      left < 4 ? left : 4);
	}
}

static void run_chunk(void *arg, uint32_t i, uint32_t worker)
{
	const struct conv_job *j = arg;
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

static int clamps_to_four_bits(const struct dbp_conv *p)
{
	return (p->post == DBP_POST_CLAMP || p->post == DBP_POST_LEAKY) &&
	       p->clamp_min >= -8 && p->clamp_max <= 7;
}

/* 4 where the operators tell that every code of a window is of -8 to 7, padding
 * with it: convolutions that clamp, and the largest of what they give. */
int dbrt_conv_input_bits(const struct dbrt_op_view *v)
{
	const struct dbp_conv *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0);

	if (p->depthwise || x->zero_point < -8 || x->zero_point > 7)
		return 8;
	while (x->writer != DBP_NONE) {
		struct dbrt_op_view from = dbrt_op_at(v->m, x->writer);

		if (from.op->kind == DBP_OP_CONV ||
		    from.op->kind == DBP_OP_CONV_TRANSPOSE)
			return clamps_to_four_bits(from.params) ? 4 : 8;
		if (from.op->kind != DBP_OP_MAX_POOL)
			return 8;
		x = dbrt_in(&from, 0);
	}
	return 8;
}

static struct conv_job job_of(const struct dbrt_op_view *v, int transposed)
{
	const struct dbp_conv *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	struct conv_job j = {
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
		.four_bits = dbrt_conv_input_bits(v) == 4,
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
	struct conv_job j = job_of(v, transposed);
	uint32_t chunks;

	j.chunk = j.direct ? DIRECT_PIXELS : DBP_CONV_PATCH_PIXELS;
	chunks = j.pixels / j.chunk + (j.pixels % j.chunk != 0);
	/* Dense layers have one pixel: share out the rows instead. */
	if (v->m->workers > 1 && chunks < 2 * v->m->workers &&
	    j.tiles > SPLIT_TILES)
		j.splits = (j.tiles + SPLIT_TILES - 1) / SPLIT_TILES;
	dbrt_for(v->m, chunks * j.splits, run_chunk, &j);
}

/* ---- Depthwise ---- */

/* The taps of 16 channels: int16 [tap][16]. */
static void depthwise_weights(const struct conv_job *j, uint32_t channel,
			      int16_t *out)
{
	uint32_t taps = (uint32_t)j->p->kernel_h * j->p->kernel_w;
	uint32_t bits = j->p->weight_bits, per_byte = 8 / bits;
	uint32_t block = (taps + per_byte - 1) / per_byte * 16;
	const uint8_t *in = j->weights + (size_t)(channel / 16) * block;
	uint32_t left = j->y->dims[3] - channel;

	for (uint32_t c = 0; c < 16; c++) {
		int8_t values[16];

		if (bits != 8 && c < left)
			channel_values(j, channel + c, values);
		for (uint32_t t = 0; t < taps; t++) {
			uint8_t byte = in[t / per_byte * 16 + c];
			uint32_t code = byte >> t % per_byte * bits;

			if (c >= left)
				out[t * 16 + c] = 0;
			else if (bits == 8)
				out[t * 16 + c] = (int8_t)byte;
			else
				out[t * 16 + c] =
					values[code & ((1u << bits) - 1)];
		}
	}
}

/* The part of a window that lies in the image, [first, end) of the taps. */
static void clip_taps(const struct dbrt_axis *a, int32_t out, int32_t taps,
		      int32_t *first, int32_t *end)
{
	int32_t at = out * a->stride - a->pad;

	*first = at < 0 ? (-at + a->dilation - 1) / a->dilation : 0;
	*end = at < a->size ? (a->size - 1 - at) / a->dilation + 1 : 0;
	if (*first > taps)
		*first = taps;
	if (*end > taps)
		*end = taps;
	if (*end < *first)
		*end = *first;
}

/* base[c] += zero point * weights of rows [from, to) x columns [left, right)
 * of the kernel: padding. */
static void add_padding(const struct conv_job *j, const int16_t *weights,
			int32_t from, int32_t to, int32_t left, int32_t right,
			int32_t base[16])
{
	int32_t zero = j->x->zero_point;

	for (int32_t ky = from; ky < to; ky++)
		for (int32_t kx = left; kx < right; kx++)
			for (int32_t c = 0; c < 16; c++)
				base[c] += zero * weights[(ky * j->p->kernel_w +
							   kx) * 16 +
							  c];
}

/* A pixel of the border, its window clipped on the left or right. */
struct depthwise_row {
	const int16_t *weights;
	const int8_t *x;    /* line of tap row `first`, at column 0 */
	int32_t base[16];   /* sum of the tap rows outside */
	int32_t first, end; /* tap rows inside */
	size_t line_bytes;
	uint32_t channels;
};

static void depthwise_border(const struct conv_job *j,
			     const struct depthwise_row *r, int32_t ox,
			     int32_t acc[16])
{
	int32_t taps = j->p->kernel_w, left, right;
	int32_t ix = ox * j->axis_w.stride - j->axis_w.pad;

	clip_taps(&j->axis_w, ox, taps, &left, &right);
	memcpy(acc, r->base, sizeof(r->base));
	add_padding(j, r->weights, r->first, r->end, 0, left, acc);
	add_padding(j, r->weights, r->first, r->end, right, taps, acc);
	for (int32_t ky = r->first; ky < r->end; ky++)
		for (int32_t kx = left; kx < right; kx++) {
			const int16_t *w = r->weights + (ky * taps + kx) * 16;
			const int8_t *x =
				r->x + (size_t)(ky - r->first) * r->line_bytes +
				(size_t)(ix + kx * j->axis_w.dilation) *
					j->x->pitch;

			for (uint32_t c = 0; c < r->channels; c++)
				acc[c] += w[c] * x[c];
		}
}

/* Pixels [ox, ox + n) whose windows lie inside from left to right. */
static void depthwise_inside(const struct conv_job *j,
			     const struct depthwise_row *r, int32_t ox,
			     uint32_t n, int32_t (*acc)[16])
{
	int32_t ix = ox * j->axis_w.stride - j->axis_w.pad;
	struct dbrt_depthwise_window w = {
		.weights = r->weights + r->first * j->p->kernel_w * 16,
		.x = r->x + (size_t)ix * j->x->pitch,
		.row_stride = r->line_bytes,
		.column_stride = (size_t)j->axis_w.dilation * j->x->pitch,
		.pixel_stride = (size_t)j->axis_w.stride * j->x->pitch,
		.rows = (uint32_t)(r->end - r->first),
		.columns = j->p->kernel_w,
		.pixels = n,
		.channels = r->channels,
	};

	j->kernels->depthwise(acc, r->base, &w);
}

/* How many of the pixels from ox on lie inside, at most DEPTHWISE_PIXELS. */
static uint32_t count_inside(const struct conv_job *j, int32_t ox)
{
	int32_t out_w = (int32_t)j->y->dims[2], n = 0;
	int32_t reach = (j->p->kernel_w - 1) * j->axis_w.dilation;
	int32_t at = ox * j->axis_w.stride - j->axis_w.pad;

	if (at < 0)
		return 0;
	for (; n < DEPTHWISE_PIXELS && ox + n < out_w; n++)
		if (at + n * j->axis_w.stride + reach >= j->axis_w.size)
			break;
	return (uint32_t)n;
}

static void depthwise_line(const struct conv_job *j, uint32_t line,
			   uint32_t channel, const int16_t *weights)
{
	uint32_t n = line / j->y->dims[1], left = j->y->dims[3] - channel;
	uint32_t out_w = j->y->dims[2];
	int32_t oy = (int32_t)(line % j->y->dims[1]), iy;
	int32_t acc[DEPTHWISE_PIXELS][16];
	struct depthwise_row r = { .weights = weights,
				   .channels = left < 16 ? left : 16 };

	clip_taps(&j->axis_h, oy, j->p->kernel_h, &r.first, &r.end);
	add_padding(j, weights, 0, r.first, 0, j->p->kernel_w, r.base);
	add_padding(j, weights, r.end, j->p->kernel_h, 0, j->p->kernel_w,
		    r.base);
	iy = oy * j->axis_h.stride - j->axis_h.pad +
	     r.first * j->axis_h.dilation;
	r.line_bytes = (size_t)j->x->dims[2] * j->x->pitch;
	/* With no tap row inside, iy means nothing and is not read. */
	r.x = j->in + channel;
	if (r.end > r.first)
		r.x += ((size_t)n * j->x->dims[1] + (size_t)iy) * r.line_bytes;
	r.line_bytes *= (size_t)j->axis_h.dilation;
	for (uint32_t ox = 0; ox < out_w;) {
		uint32_t pixels = count_inside(j, (int32_t)ox);

		if (pixels)
			depthwise_inside(j, &r, (int32_t)ox, pixels, acc);
		for (; !pixels ||
		       (pixels < DEPTHWISE_PIXELS && ox + pixels < out_w);
		     pixels++) {
			if (pixels && count_inside(j, (int32_t)(ox + pixels)))
				break;
			depthwise_border(j, &r, (int32_t)(ox + pixels),
					 acc[pixels]);
		}
		store(j, acc[0], 16, line * out_w + ox, pixels, channel,
		      r.channels);
		ox += pixels;
	}
}

static void depthwise_band(void *arg, uint32_t i, uint32_t worker)
{
	const struct conv_job *j = arg;
	uint32_t lines = j->y->dims[0] * j->y->dims[1];
	uint32_t first = i * BAND_ROWS, end = first + BAND_ROWS;
	int16_t *weights = (int16_t *)(void *)dbrt_scratch(j->v, worker);

	if (end > lines)
		end = lines;
	for (uint32_t c = 0; c < j->y->dims[3]; c += 16) {
		depthwise_weights(j, c, weights);
		for (uint32_t line = first; line < end; line++)
			depthwise_line(j, line, c, weights);
	}
}

void dbrt_conv_run(const struct dbrt_op_view *v)
{
	const struct dbp_conv *p = v->params;
	struct conv_job j;
	uint32_t lines;

	if (!p->depthwise) {
		dbrt_conv_run_windows(v, 0);
		return;
	}
	j = job_of(v, 0);
	lines = j.y->dims[0] * j.y->dims[1];
	dbrt_for(v->m, (lines + BAND_ROWS - 1) / BAND_ROWS, depthwise_band, &j);
}
