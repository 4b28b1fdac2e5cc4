/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Depthwise convolution, 16 channels at a time. Windows are read in place. A
 * tap in the padding adds the zero point times its weight.
 */
#include "runtime/op_conv_depthwise.h"

#include <string.h>

#include "runtime/op_conv.h"

#define BAND_ROWS 4 /* output rows a job */
#define DEPTHWISE_PIXELS 16

/* The taps of 16 channels: int16 [tap][16]. */
static void depthwise_weights(const struct dbrt_conv_job *j, uint32_t channel,
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
			dbrt_conv_channel_values(j, channel + c, values);
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

/* base[c] += zero point * weights of rows [from, to) x columns [left, right)
 * of the kernel: padding. */
static void add_padding(const struct dbrt_conv_job *j, const int16_t *weights,
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

static void depthwise_border(const struct dbrt_conv_job *j,
			     const struct depthwise_row *r, int32_t ox,
			     int32_t acc[16])
{
	int32_t taps = j->p->kernel_w, left, right;
	int32_t ix = ox * j->axis_w.stride - j->axis_w.pad;

	dbrt_clip_taps(&j->axis_w, ox, taps, &left, &right);
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
static void depthwise_inside(const struct dbrt_conv_job *j,
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

	j->kernels->depthwise_w16a8(acc, r->base, &w);
}

/* The window of output pixel ox lies inside from left to right. */
static int is_inside(const struct dbrt_conv_job *j, int32_t ox)
{
	int32_t reach = (j->p->kernel_w - 1) * j->axis_w.dilation;
	int32_t at = ox * j->axis_w.stride - j->axis_w.pad;

	return at >= 0 && at + reach < j->axis_w.size;
}

/* One line of output pixels, from left to right, in pieces of at most
 * DEPTHWISE_PIXELS: inner pixels first, then those of the border. */
static void depthwise_pixels(const struct dbrt_conv_job *j,
			     const struct depthwise_row *r, uint32_t line,
			     uint32_t channel)
{
	int32_t acc[DEPTHWISE_PIXELS][16];
	int32_t out_w = (int32_t)j->y->dims[2], ox = 0;

	while (ox < out_w) {
		int32_t end = out_w - ox < DEPTHWISE_PIXELS ?
				      out_w :
				      ox + DEPTHWISE_PIXELS;
		int32_t at = ox;

		while (at < end && is_inside(j, at))
			at++;
		if (at > ox)
			depthwise_inside(j, r, ox, (uint32_t)(at - ox), acc);
		for (; at < end && !is_inside(j, at); at++)
			depthwise_border(j, r, at, acc[at - ox]);
		dbrt_conv_store(j, acc[0], 16,
				line * (uint32_t)out_w + (uint32_t)ox,
				(uint32_t)(at - ox), channel, r->channels);
		ox = at;
	}
}

static void depthwise_line(const struct dbrt_conv_job *j, uint32_t line,
			   uint32_t channel, const int16_t *weights)
{
	uint32_t n = line / j->y->dims[1], left = j->y->dims[3] - channel;
	int32_t oy = (int32_t)(line % j->y->dims[1]), iy;
	struct depthwise_row r = { .weights = weights,
				   .channels = left < 16 ? left : 16 };

	dbrt_clip_taps(&j->axis_h, oy, j->p->kernel_h, &r.first, &r.end);
	add_padding(j, weights, 0, r.first, 0, j->p->kernel_w, r.base);
	add_padding(j, weights, r.end, j->p->kernel_h, 0, j->p->kernel_w,
		    r.base);
	iy = oy * j->axis_h.stride - j->axis_h.pad +
	     r.first * j->axis_h.dilation;
	r.line_bytes = (size_t)j->x->dims[2] * j->x->pitch;
	/* Without a tap row inside the image nothing is read: iy is not valid.
	 */
	r.x = j->in + channel;
	if (r.end > r.first)
		r.x += ((size_t)n * j->x->dims[1] + (size_t)iy) * r.line_bytes;
	r.line_bytes *= (size_t)j->axis_h.dilation;
	depthwise_pixels(j, &r, line, channel);
}

static void depthwise_band(void *arg, uint32_t i, uint32_t worker)
{
	const struct dbrt_conv_job *j = arg;
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

void dbrt_conv_run_depthwise(const struct dbrt_op_view *v)
{
	struct dbrt_conv_job j = dbrt_conv_job_of(v, 0);
	uint32_t lines = j.y->dims[0] * j.y->dims[1];

#ifdef DBRT_NEON
	if (j.kernels->depthwise && j.kernels->depthwise(&j))
		return;
#endif
	dbrt_for(v->m, (lines + BAND_ROWS - 1) / BAND_ROWS, depthwise_band, &j);
}
