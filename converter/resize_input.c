/* SPDX-License-Identifier: Apache-2.0 */
/* Meets a latency limit by a smaller input: see resize_input.h. */
#include "converter/resize_input.h"

#include "converter/onnx/model_load.h"
#include "converter/latency.h"

#define LEAST_EIGHTHS 3
#define OVERHEAD 1.05 /* predicted over allowed latency that is still tried */

static bool is_too_slow(const struct config *c,
			const struct cost_target *target,
			const struct conversion *v)
{
	return c->max_latency_us > 0 &&
	       latency_of_model(target, &v->packed) > (double)c->max_latency_us;
}

static int64_t scaled(int64_t side, int eighths)
{
	int64_t step = side % 32 ? 16 : 32, n = side * eighths / 8 / step;

	return (n < 1 ? 1 : n) * step;
}

/* The shape of the only input with a smaller picture; false where the input is
 * no picture. */
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

/* Pixels of the smaller input over those of the whole one. */
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

/* Converts at eighths/8 of the model's size, if that can meet the limit. 0:
 * done, *out and *used are changed; 1: not met; -1: cannot be resized. */
static int try_eighths(const struct config *c, const struct cost_target *target,
		       int eighths, struct conversion *out, struct config *used,
		       const struct progress *progress, struct diag *d)
{
	const struct preprocess whole = out->preprocess;
	double latency = latency_of_model(target, &out->packed);
	struct conversion v = { 0 };
	struct config with = *c;
	struct diag trial;
	int err;

	if (latency * share_of(&whole, eighths) >
	    OVERHEAD * (double)c->max_latency_us)
		return 1;
	with.shapes[with.shape_count++].input = NULL;
	if (!smaller_shape(c, &whole, eighths,
			   &with.shapes[c->shape_count].shape))
		return -1;
	diag_init(&trial);
	err = convert_model(&with, target, &v, NULL, progress, &trial);
	if (err)
		say_why(&trial, d);
	diag_free(&trial);
	if (err || is_too_slow(c, target, &v)) {
		conversion_free(&v);
		return err ? -1 : 1;
	}
	diag_note(d,
		  "the input is made smaller, %ux%u instead of %ux%u, "
		  "to meet max_latency",
		  (unsigned)v.preprocess.width, (unsigned)v.preprocess.height,
		  (unsigned)whole.width, (unsigned)whole.height);
	diag_hint(d, "--labels shows what that costs: float figures "
		     "are those of the model's own size");
	conversion_free(out);
	*used = with;
	*out = v;
	out->c = used;
	out->d = d;
	return 0;
}

int convert_resized(const struct config *c, const struct cost_target *target,
		    struct conversion *out, struct config *used,
		    const struct dump *dump, const struct progress *progress,
		    struct diag *d)
{
	int status = 1;

	*used = *c;
	if (convert_model(c, target, out, dump, progress, d))
		return -1;
	if (!c->allow_resize || !is_too_slow(c, target, out) ||
	    !out->preprocess.is_image || c->shape_count == CONFIG_MAX_SHAPES)
		return 0;
	for (int eighths = 7; status > 0 && eighths >= LEAST_EIGHTHS; eighths--)
		status =
			try_eighths(c, target, eighths, out, used, progress, d);
	return 0;
}
