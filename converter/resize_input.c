/* SPDX-License-Identifier: Apache-2.0 */
/* A smaller input as the way to a latency: see resize_input.h. */
#include "converter/resize_input.h"

#include "converter/onnx/model_load.h"
#include "converter/search.h"

#define LEAST_EIGHTHS 3
#define OVERHEAD 1.05 /* times the share of pixels, that latency may be */

static bool is_too_slow(const struct config *c,
			const struct cost_target *target,
			const struct conversion *v)
{
	return c->max_latency_us > 0 && search_latency_us(target, &v->packed) >
						(double)c->max_latency_us;
}

static int64_t scaled(int64_t side, int eighths)
{
	int64_t step = side % 32 ? 16 : 32, n = side * eighths / 8 / step;

	return (n < 1 ? 1 : n) * step;
}

/* The shape of the first input with its picture smaller; false where it has
 * none. */
static bool smaller_shape(const struct config *c, const struct preprocess *p,
			  int eighths, struct shape *out)
{
	struct arena a;
	struct diag d;
	uint8_t sha256[32];
	struct graph *g;
	bool found = false;

	arena_init(&a, 0);
	diag_init(&d);
	g = model_load(c, &a, sha256, NULL, &d);
	if (g && g->input_count == 1 && g->inputs[0]->shape.rank == 4) {
		*out = g->inputs[0]->shape;
		for (int rows = 1; rows <= 2 && !found; rows++) {
			found = out->dim[rows] == (int64_t)p->height &&
				out->dim[rows + 1] == (int64_t)p->width;
			if (!found)
				continue;
			out->dim[rows] = scaled(out->dim[rows], eighths);
			out->dim[rows + 1] =
				scaled(out->dim[rows + 1], eighths);
		}
	}
	diag_free(&d);
	arena_free(&a);
	return found;
}

/* What is left of the pixels. */
static double share_of(const struct preprocess *p, int eighths)
{
	return (double)(scaled((int64_t)p->width, eighths) *
			scaled((int64_t)p->height, eighths)) /
	       ((double)p->width * (double)p->height);
}

static void say_why(const struct diag *from, struct diag *d)
{
	for (size_t i = 0; i < from->count; i++)
		if (from->entries[i].level == DIAG_ERROR) {
			diag_note(d, "the input cannot be made smaller: %s",
				  from->entries[i].text);
			return;
		}
}

int convert_resized(const struct config *c, const struct cost_target *target,
		    struct conversion *out, struct config *used, FILE *dump,
		    progress_fn *progress, void *progress_ctx, struct diag *d)
{
	double latency;

	*used = *c;
	if (convert_model(c, target, out, dump, progress, progress_ctx, d))
		return -1;
	if (!c->allow_resize || !is_too_slow(c, target, out) ||
	    !out->preprocess.is_image || c->shape_count == CONFIG_MAX_SHAPES)
		return 0;
	latency = search_latency_us(target, &out->packed);
	for (int eighths = 7; eighths >= LEAST_EIGHTHS; eighths--) {
		const struct preprocess own = out->preprocess;
		struct conversion v = { 0 };
		struct config with = *c;
		struct diag trial;
		int err;

		if (latency * share_of(&own, eighths) >
		    OVERHEAD * (double)c->max_latency_us)
			continue;
		with.shape_count = c->shape_count + 1;
		with.shapes[c->shape_count].input = NULL;
		if (!smaller_shape(c, &own, eighths,
				   &with.shapes[c->shape_count].shape))
			return 0;
		diag_init(&trial);
		err = convert_model(&with, target, &v, NULL, progress,
				    progress_ctx, &trial);
		if (err)
			say_why(&trial, d);
		diag_free(&trial);
		if (err || is_too_slow(c, target, &v)) {
			conversion_free(&v);
			if (err)
				return 0;
			continue;
		}
		diag_note(d,
			  "the input is made smaller, %ux%u instead of %ux%u, "
			  "to meet max_latency",
			  (unsigned)v.preprocess.width,
			  (unsigned)v.preprocess.height, (unsigned)own.width,
			  (unsigned)own.height);
		diag_hint(d, "--labels tells what that costs: float figures "
			     "are those of the model's own size");
		conversion_free(out);
		*out = v;
		*used = with;
		return 0;
	}
	return 0;
}
