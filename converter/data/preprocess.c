/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/preprocess.h"

#include <stdlib.h>
#include <string.h>

#include "converter/data/image_file.h"
#include "converter/data/preprocess_metadata.h"
#include "converter/data/tensor_file.h"
#include "runtime/dbrt.h"
#include "schemas/dbp.h"

static bool is_channels(int64_t n)
{
	return n == 1 || n == 3;
}

/* The layout of the first spatial operator after the input. */
static enum layout layout_of_readers(const struct value *v)
{
	for (int i = 0; i < v->use_count; i++)
		if (v->uses[i]->layout == LAYOUT_NHWC)
			return LAYOUT_NHWC;
	return LAYOUT_NCHW;
}

/* Whether the only input is an image, and the order of its dims. */
static bool find_image_input(struct preprocess *p, const struct graph *g)
{
	const struct shape *s;
	int c, h;

	if (g->input_count != 1)
		return false;
	s = &g->inputs[0]->shape;
	if (s->rank != 4 || s->dim[0] != 1 || !shape_known(s))
		return false;
	if (!is_channels(s->dim[1]) && !is_channels(s->dim[3]))
		return false;
	if (is_channels(s->dim[1]) && is_channels(s->dim[3]))
		p->layout = layout_of_readers(g->inputs[0]);
	else
		p->layout = is_channels(s->dim[1]) ? LAYOUT_NCHW : LAYOUT_NHWC;
	c = p->layout == LAYOUT_NCHW ? 1 : 3;
	h = p->layout == LAYOUT_NCHW ? 2 : 1;
	p->channels = (int)s->dim[c];
	p->height = (int)s->dim[h];
	p->width = (int)s->dim[h + 1];
	return s->dim[h] <= UINT16_MAX && s->dim[h + 1] <= UINT16_MAX;
}

static int check_options(const struct preprocess *p, const struct config *c,
			 struct diag *d)
{
	if (!p->is_image) {
		if (!c->mean_given && !c->scale_given && !c->color_given)
			return 0;
		diag_error(d, "'--mean', '--scale' and '--color' need a model "
			      "whose only input is an image");
		diag_hint(d, "drop these options and give tensors (.npy, .pb)");
		return -1;
	}
	if (c->color_given && (c->color == COLOR_GRAY) != (p->channels == 1))
		return diag_error(d,
				  "'--color' does not fit the model's input "
				  "of %d channel%s",
				  p->channels, p->channels == 1 ? "" : "s");
	return 0;
}

static enum dtype input_type(const struct value *v)
{
	return v->declared != DT_NONE ? v->declared : v->dtype;
}

/* An input of integers takes pixels as they are. */
static bool takes_pixels(const struct graph *g)
{
	enum dtype t = g->input_count ? input_type(g->inputs[0]) : DT_F32;

	return t != DT_F32 && t != DT_BOOL;
}

/* A signed input of 8 bits has its zero in the middle of the pixels' range. */
static void set_normalization(struct preprocess *p, const struct graph *g,
			      const struct config *c)
{
	bool pixels = takes_pixels(g);
	bool centered = pixels && input_type(g->inputs[0]) == DT_I8;

	for (int i = 0; i < 4; i++) {
		p->mean[i] = c->mean_given ? c->mean[i] : centered ? 128 : 0;
		p->scale[i] = c->scale_given ? c->scale[i] :
			      pixels         ? 1 :
					       1.0f / 255;
	}
}

int preprocess_init(struct preprocess *p, const struct graph *g,
		    const struct config *c,
		    const struct usual_preprocess *usual, struct diag *d)
{
	static const struct usual_preprocess plain = {
		.color = COLOR_RGB, .std = { 255, 255, 255 }
	};
	struct config with = *c;

	*p = (struct preprocess){ 0 };
	p->is_image = find_image_input(p, g);
	if (check_options(p, c, d))
		return -1;
	p->usual = usual ? *usual : plain;
	if (p->channels == 3 && !takes_pixels(g) &&
	    c->preprocess != PREPROCESS_PLAIN && !config_has_preprocess(c)) {
		if (preprocess_metadata(g, &p->usual))
			config_set_preprocess(&with, &p->usual,
					      PREPROCESS_METADATA);
		else if (usual)
			config_set_preprocess(&with, usual,
					      usual->left_by_graph ?
						      PREPROCESS_GRAPH :
						      PREPROCESS_FAMILY);
	}
	p->source = with.preprocess_source;
	if (p->source == PREPROCESS_ASSUMED &&
	    (c->mean_given || c->scale_given || c->color_given ||
	     takes_pixels(g)))
		p->source = PREPROCESS_GIVEN;
	p->color = p->channels == 1 ? COLOR_GRAY : with.color;
	p->fit = with.resize;
	p->pad_value = with.pad_value;
	set_normalization(p, g, &with);
	return 0;
}

enum dbp_fit preprocess_fit(enum resize_rule rule)
{
	switch (rule) {
	case RESIZE_LETTERBOX:
		return DBP_LETTERBOX;
	case RESIZE_LETTERBOX_TOPLEFT:
		return DBP_LETTERBOX_TOPLEFT;
	default:
		return DBP_STRETCH;
	}
}

/* ITU-R BT.601 luma in 8-bit fractions, as the device computes it. */
static unsigned gray_of(const uint8_t *rgb)
{
	return (77u * rgb[0] + 150u * rgb[1] + 29u * rgb[2] + 128u) >> 8;
}

static unsigned channel_of(const struct preprocess *p, const uint8_t *rgb,
			   int c)
{
	if (p->color == COLOR_GRAY)
		return gray_of(rgb);
	return rgb[p->color == COLOR_BGR ? 2 - c : c];
}

static void normalize(const struct preprocess *p, const uint8_t *rgb,
		      float *out)
{
	size_t pixels = (size_t)p->width * (size_t)p->height;

	for (size_t i = 0; i < pixels; i++)
		for (int c = 0; c < p->channels; c++) {
			float x = (float)channel_of(p, rgb + 3 * i, c);
			size_t at = p->layout == LAYOUT_NCHW ?
					    (size_t)c * pixels + i :
					    i * (size_t)p->channels + (size_t)c;

			out[at] = (x - p->mean[c]) * p->scale[c];
		}
}

int preprocess_photo(const struct preprocess *p, const uint8_t *rgb,
		     uint32_t width, uint32_t height, float *out,
		     struct diag *d)
{
	uint32_t w = (uint32_t)p->width, h = (uint32_t)p->height;
	uint8_t *fitted = malloc((size_t)w * h * 3);
	int status;

	if (!fitted)
		return diag_error(d, "out of memory");
	status = dbrt_fit_image(rgb, width, height, (size_t)width * 3, fitted,
				w, h, preprocess_fit(p->fit), p->pad_value);
	if (status == DBRT_OK)
		normalize(p, fitted, out);
	free(fitted);
	if (status != DBRT_OK)
		return diag_error(d, "a photo of %ux%u cannot be resized: %s",
				  width, height, dbrt_status_text(status));
	return 0;
}

int preprocess_to_input(float *photo, const struct value *v, void *out,
			struct diag *d)
{
	const struct tensor t = { DT_F32, v->shape, photo };

	return tensor_convert(&t, v->name, v->dtype, &v->shape, LAYOUT_NCHW,
			      out, d);
}

struct input_range preprocess_range(const struct preprocess *p)
{
	struct input_range r = { 0, 0 };

	for (int c = 0; c < p->channels; c++)
		for (int end = 0; end < 2; end++) {
			float x = ((end ? 255.0f : 0.0f) - p->mean[c]) *
				  p->scale[c];

			if ((c == 0 && end == 0) || x < r.low)
				r.low = x;
			if ((c == 0 && end == 0) || x > r.high)
				r.high = x;
		}
	return r;
}

int preprocess_read_photo(const struct preprocess *p,
			  const struct dataset_item *item, struct image *out,
			  struct diag *d)
{
	if (!p->is_image)
		return diag_error(d,
				  "'%s': the input of the model is not an "
				  "image; give tensors (.npy, .pb)",
				  item->name);
	return image_read(item->path, out, d);
}

static int fill_photo(const struct sample_set *s,
		      const struct dataset_item *item, float *out,
		      struct diag *d)
{
	struct image image;
	int rc;

	if (preprocess_read_photo(s->p, item, &image, d))
		return -1;
	rc = preprocess_photo(s->p, image.pixels, image.width, image.height,
			      out, d);
	image_free(&image);
	return rc;
}

static int fill_tensor(const struct sample_set *s,
		       const struct dataset_item *item, float *out,
		       struct diag *d)
{
	struct tensor t;
	int rc;

	if (tensor_read_finite(item->path, item->name, &t, d))
		return -1;
	rc = tensor_convert(&t, item->name, DT_F32, &s->g->inputs[0]->shape,
			    layout_of_readers(s->g->inputs[0]), out, d);
	tensor_free(&t);
	return rc;
}

static int fill(void *ctx, int index, float *const *inputs, struct diag *d)
{
	const struct sample_set *s = ctx;
	const struct dataset_item *item = &s->set->items[s->first + index];

	if (s->g->input_count != 1)
		return diag_error(d,
				  "a model of %d inputs takes no samples "
				  "from a folder",
				  s->g->input_count);
	return item->kind == ITEM_PHOTO ? fill_photo(s, item, inputs[0], d) :
					  fill_tensor(s, item, inputs[0], d);
}

struct samples sample_set_samples(struct sample_set *s, int count)
{
	return (struct samples){ .count = count, .fill = fill, .ctx = s };
}
