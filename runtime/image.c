/* SPDX-License-Identifier: Apache-2.0 */
/* From a photo to the model's input. Bilinear resizing in integers with
 * half-pixel centres, so that every machine gives its model the same codes. */
#include "runtime/dbrt_internal.h"

#include <string.h>

#define MAX_PHOTO_SIDE (1u << 20)
#define MAX_INPUT_SIDE 65535u
#define CHUNK_PIXELS 64 /* resized at a time, on the stack */
#define BAND_ROWS 16    /* resized by one thread at a time */
#define ONE 2048        /* a weight of 1 */

/* One axis: `count` input pixels from `first` on show `size` photo pixels. */
struct fit_axis {
	uint32_t size, first, count;
	int64_t step; /* photo pixels per input pixel, in units of 2^-32 */
};

struct fit {
	const uint8_t *rgb;
	size_t stride;
	struct fit_axis x, y;
	uint8_t pad;
};

static int sides_ok(uint32_t width, uint32_t height, uint32_t input_width,
		    uint32_t input_height, int fit)
{
	return width && height && width <= MAX_PHOTO_SIDE &&
	       height <= MAX_PHOTO_SIDE && input_width && input_height &&
	       input_width <= MAX_INPUT_SIDE &&
	       input_height <= MAX_INPUT_SIDE && fit >= DBP_STRETCH &&
	       fit <= DBP_LETTERBOX_TOPLEFT;
}

/* a * b / c, rounded, at least 1 */
static uint32_t scale_side(uint32_t a, uint32_t b, uint32_t c)
{
	uint64_t n = (2 * (uint64_t)a * b + c) / (2 * (uint64_t)c);

	return n ? (uint32_t)n : 1;
}

/* The position of the photo on both axes of the input: stretched, or a
 * letterbox (the aspect ratio is kept and the rest is padded). */
static void fit_axes(struct fit_axis *x, struct fit_axis *y,
		     uint32_t input_width, uint32_t input_height, int fit)
{
	x->count = input_width;
	y->count = input_height;
	if (fit != DBP_STRETCH) {
		if ((uint64_t)input_width * y->size <=
		    (uint64_t)input_height * x->size)
			y->count = scale_side(y->size, input_width, x->size);
		else
			x->count = scale_side(x->size, input_height, y->size);
	}
	x->first = fit == DBP_LETTERBOX ? (input_width - x->count) / 2 : 0;
	y->first = fit == DBP_LETTERBOX ? (input_height - y->count) / 2 : 0;
	x->step = (int64_t)(((uint64_t)x->size << 32) / x->count);
	y->step = (int64_t)(((uint64_t)y->size << 32) / y->count);
}

/* The centre of input pixel i lies between photo pixels `first` and `second`;
 * `weight` / 2048 is the weight of `second`. */
struct tap {
	uint32_t first, second;
	int32_t weight;
};

static struct tap tap_at(const struct fit_axis *a, uint32_t i)
{
	const int64_t half = (int64_t)1 << 31;
	int64_t at = (int64_t)(i - a->first) * a->step + a->step / 2 - half;
	struct tap t;

	at = at < 0 ? 0 : at;
	t.first = (uint32_t)(at >> 32);
	t.second = t.first + (t.first + 1 < a->size);
	t.weight = (int32_t)(((at & 0xffffffff) + (1 << 20)) >> 21);
	return t;
}

/* A run of pixels of a row: [from, to) show the photo, with their taps. */
struct columns {
	uint32_t count, from, to;
	struct tap tap[CHUNK_PIXELS];
};

static uint32_t clip_u32(uint32_t i, uint32_t low, uint32_t high)
{
	return i < low ? low : i > high ? high : i;
}

/* `count` pixels from column `x` on. */
static void set_columns(struct columns *h, const struct fit_axis *a, uint32_t x,
			uint32_t count)
{
	uint32_t i;

	h->count = count;
	h->from = clip_u32(a->first, x, x + count) - x;
	h->to = clip_u32(a->first + a->count, x, x + count) - x;
	for (i = h->from; i < h->to; i++) {
		h->tap[i] = tap_at(a, x + i);
		h->tap[i].first *= 3;
		h->tap[i].second *= 3;
	}
}

/* The roundings are those of OpenCV's bilinear resize (INTER_LINEAR, 8 bit),
 * with which many models were trained: the same bytes. A constant image stays
 * constant. */
static uint8_t bilinear(const uint8_t *top, const uint8_t *bottom,
			const struct tap *x, int32_t wy, uint32_t c)
{
	int32_t a = top[x->first + c], b = bottom[x->first + c];

	a = a * ONE + (top[x->second + c] - a) * x->weight;
	b = b * ONE + (bottom[x->second + c] - b) * x->weight;
	a = (a >> 4) * (ONE - wy) >> 16;
	b = (b >> 4) * wy >> 16;
	return (uint8_t)((a + b + 2) >> 2);
}

static void resize_row(const struct fit *f, const struct tap *v,
		       const struct columns *h, uint8_t *out)
{
	const uint8_t *top = f->rgb + f->stride * v->first;
	const uint8_t *bottom = f->rgb + f->stride * v->second;
	uint32_t i;

	if (f->x.count == f->x.size && v->weight == 0) {
		memcpy(out, top + h->tap[h->from].first,
		       3 * (size_t)(h->to - h->from));
		return;
	}
	for (i = h->from; i < h->to; i++, out += 3) {
		out[0] = bilinear(top, bottom, &h->tap[i], v->weight, 0);
		out[1] = bilinear(top, bottom, &h->tap[i], v->weight, 1);
		out[2] = bilinear(top, bottom, &h->tap[i], v->weight, 2);
	}
}

/* Columns of row `y`, with padding outside of the photo. */
static void fit_row(const struct fit *f, uint32_t y, const struct columns *h,
		    uint8_t *out)
{
	struct tap v;

	if (y < f->y.first || y >= f->y.first + f->y.count ||
	    h->from == h->to) {
		memset(out, f->pad, 3 * (size_t)h->count);
		return;
	}
	v = tap_at(&f->y, y);
	memset(out, f->pad, 3 * (size_t)h->from);
	resize_row(f, &v, h, out + 3 * (size_t)h->from);
	memset(out + 3 * (size_t)h->to, f->pad, 3 * (size_t)(h->count - h->to));
}

static uint32_t chunk_at(uint32_t x, uint32_t width)
{
	return width - x < CHUNK_PIXELS ? width - x : CHUNK_PIXELS;
}

int dbrt_fit_image(const uint8_t *rgb, uint32_t width, uint32_t height,
		   size_t stride, uint8_t *out, uint32_t out_width,
		   uint32_t out_height, int fit, int pad_value)
{
	struct fit f = { rgb,
			 stride,
			 { .size = width },
			 { .size = height },
			 (uint8_t)pad_value };
	struct columns h;
	uint32_t x, y;

	if (!rgb || !out || pad_value < 0 || pad_value > 255)
		return DBRT_ERROR_ARGUMENT;
	if (!sides_ok(width, height, out_width, out_height, fit) ||
	    stride < 3 * (size_t)width)
		return DBRT_ERROR_INPUT;
	fit_axes(&f.x, &f.y, out_width, out_height, fit);
	for (x = 0; x < out_width; x += h.count) {
		set_columns(&h, &f.x, x, chunk_at(x, out_width));
		for (y = 0; y < out_height; y++)
			fit_row(&f, y, &h,
				out + 3 * ((size_t)y * out_width + x));
	}
	return DBRT_OK;
}

struct dbrt_frame dbrt_frame_of(uint32_t width, uint32_t height,
				uint32_t out_width, uint32_t out_height,
				int fit)
{
	struct fit_axis x = { .size = width }, y = { .size = height };

	fit_axes(&x, &y, out_width, out_height, fit);
	return (struct dbrt_frame){
		.scale_x = (float)x.count / (float)width,
		.scale_y = (float)y.count / (float)height,
		.left = (float)x.first,
		.top = (float)y.first,
		.input_width = out_width,
		.input_height = out_height,
		.width = width,
		.height = height,
	};
}

/* A photo and the model input that it fills. */
struct feed {
	struct fit fit;
	const struct dbrt_model *m;
	const struct dbp_tensor *input;
	const struct dbp_preprocess *p;
	const int8_t *table; /* [channels][256]; NULL: floats */
};

/* ITU-R BT.601 luma in fractions of 256. */
static uint8_t gray_of(const uint8_t *rgb)
{
	return (uint8_t)((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8);
}

static void store_codes(int8_t *to, uint32_t pitch, const uint8_t *from,
			const int8_t *table, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		to[(size_t)i * pitch] = table[from[3 * i]];
}

static void store_floats(float *to, uint32_t pitch, const uint8_t *from,
			 float mean, float scale, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		to[(size_t)i * pitch] = ((float)from[3 * i] - mean) * scale;
}

/* `n` pixels in the model's colour order. Changes rgb if the model is gray. */
static void store_pixels(const struct feed *f, uint8_t *rgb, uint32_t n,
			 void *to)
{
	const struct dbp_preprocess *p = f->p;
	uint32_t pitch = f->input->pitch, c, i;

	for (i = 0; p->color == DBP_GRAY && i < n; i++)
		rgb[3 * i] = gray_of(rgb + 3 * i);
	for (c = 0; c < p->channels; c++) {
		const uint8_t *from = rgb + (p->color == DBP_BGR ? 2 - c : c);

		if (f->table)
			store_codes((int8_t *)to + c, pitch, from,
				    f->table + 256 * c, n);
		else
			store_floats((float *)to + c, pitch, from, p->mean[c],
				     p->scale[c], n);
	}
}

/* Rows of the input from BAND_ROWS * `band` on. */
static void feed_band(void *arg, uint32_t band, uint32_t worker)
{
	const struct feed *f = arg;
	const struct dbp_tensor *t = f->input;
	uint32_t width = t->dims[2], x, y, first = band * BAND_ROWS;
	uint32_t end = clip_u32(first + BAND_ROWS, 0, t->dims[1]);
	size_t pixel = (size_t)t->pitch * dbrt_element_bytes(t);
	uint8_t rgb[3 * CHUNK_PIXELS], *to = dbrt_data(f->m, t);
	struct columns h;

	(void)worker;
	for (x = 0; x < width; x += h.count) {
		set_columns(&h, &f->fit.x, x, chunk_at(x, width));
		for (y = first; y < end; y++) {
			fit_row(&f->fit, y, &h, rgb);
			store_pixels(f, rgb, h.count,
				     to + ((size_t)y * width + x) * pixel);
		}
	}
}

int dbrt_set_image(struct dbrt_model *m, uint32_t i, const uint8_t *rgb,
		   uint32_t width, uint32_t height, size_t stride)
{
	struct feed f = { .fit = { rgb,
				   stride,
				   { .size = width },
				   { .size = height },
				   0 },
			  .m = m };
	const struct dbp_io *io;
	uint32_t w, h;
	int status = dbrt_open_status(m);

	if (status != DBRT_OK)
		return status;
	if (!rgb)
		return DBRT_ERROR_ARGUMENT;
	f.p = dbrt_section(m, DBP_SECTION_PREPROCESS);
	if (i != 0 || !f.p)
		return DBRT_ERROR_INPUT;
	if (!m->arena)
		return DBRT_ERROR_ARENA;
	io = dbrt_section(m, DBP_SECTION_IO);
	f.input = dbrt_tensor_row(m, *(const uint32_t *)(io + 1));
	h = f.input->dims[1];
	w = f.input->dims[2];
	if (!sides_ok(width, height, w, h, f.p->fit) ||
	    stride < 3 * (size_t)width)
		return DBRT_ERROR_INPUT;
	fit_axes(&f.fit.x, &f.fit.y, w, h, f.p->fit);
	f.fit.pad = f.p->pad_value;
	if (f.p->table != DBP_NONE)
		f.table = dbrt_blob(m, f.p->table, 256u * f.p->channels, 1);
	dbrt_for(m, (h + BAND_ROWS - 1) / BAND_ROWS, feed_band, &f);
	m->frame = dbrt_frame_of(width, height, w, h, f.p->fit);
	return DBRT_OK;
}
