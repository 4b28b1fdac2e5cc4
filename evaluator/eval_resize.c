/* SPDX-License-Identifier: Apache-2.0 */
/* Resize (opset 19), one axis after the other: interpolation is separable. */
#include <stdlib.h>
#include <string.h>

#include "evaluator/eval.h"
#include "ir/resize.h"

/* From [outer, in, inner] to [outer, out, inner]. */
static void resize_axis_f32(const struct resize *r, int axis, const float *x,
			    float *y, int64_t outer, int64_t inner)
{
	int64_t in = r->in[axis], out = r->out[axis];

	for (int64_t o = 0; o < out; o++) {
		struct resize_tap taps[4];
		int count = resize_taps(r, axis, o, taps);

		for (int64_t k = 0; k < outer; k++) {
			float *to = y + (k * out + o) * inner;

			for (int64_t i = 0; i < inner; i++)
				to[i] = count ? 0 : r->extrapolation;
			for (int t = 0; t < count; t++) {
				const float *from =
					x + (k * in + taps[t].cell) * inner;
				float w = (float)taps[t].weight;

				for (int64_t i = 0; i < inner; i++)
					to[i] += from[i] * w;
			}
		}
	}
}

static void nearest_axis(const struct resize *r, int axis, const char *x,
			 char *y, int64_t outer, size_t inner)
{
	int64_t in = r->in[axis], out = r->out[axis];

	for (int64_t o = 0; o < out; o++) {
		struct resize_tap taps[4];

		if (!resize_taps(r, axis, o, taps))
			taps[0].cell = 0;
		for (int64_t k = 0; k < outer; k++)
			memcpy(y + (size_t)(k * out + o) * inner,
			       x + (size_t)(k * in + taps[0].cell) * inner,
			       inner);
	}
}

static bool changes(const struct resize *r, int axis)
{
	return r->in[axis] != r->out[axis] || r->scale[axis] != 1 ||
	       (r->extrapolates && (r->start[axis] != 0 || r->end[axis] != 1));
}

/* Axes that shrink come first: an intermediate result is never larger than
 * both input and output. */
static int axes_in_order(const struct resize *r, int *axes)
{
	int count = 0;

	for (int grows = 0; grows < 2; grows++)
		for (int i = 0; i < r->rank; i++)
			if (changes(r, i) &&
			    (r->out[i] > r->in[i]) == (grows != 0))
				axes[count++] = i;
	return count;
}

static void resize_axis(const struct eval *e, const struct resize *r, int axis,
			const struct shape *x_shape, const void *x, void *y)
{
	enum dtype t = e->n->inputs[0]->dtype;
	int64_t outer = shape_outer(x_shape, axis);
	int64_t inner = shape_inner(x_shape, axis);

	if (t == DT_F32)
		resize_axis_f32(r, axis, x, y, outer, inner);
	else
		nearest_axis(r, axis, x, y, outer,
			     (size_t)inner * dtype_size(t));
}

static int resize_all(const struct eval *e, const struct resize *r)
{
	size_t size = dtype_size(e->n->inputs[0]->dtype);
	struct shape now = *eval_in(e, 0);
	int axes[GRAPH_MAX_RANK], count = axes_in_order(r, axes);
	const void *x = e->in[0];
	void *made = NULL;

	for (int i = 0; i < count; i++) {
		struct shape next = now;
		void *y = e->out[0];

		next.dim[axes[i]] = r->out[axes[i]];
		if (i + 1 < count)
			y = malloc((size_t)shape_elements(&next) * size);
		if (y)
			resize_axis(e, r, axes[i], &now, x, y);
		free(made);
		if (!y)
			return diag_error(e->d, "out of memory");
		made = i + 1 < count ? y : NULL;
		x = y;
		now = next;
	}
	if (!count)
		memcpy(e->out[0], x, (size_t)eval_count(e) * size);
	return 0;
}

int eval_resize(const struct eval *e)
{
	struct resize r;

	if (resize_of(e->n, &r, e->d))
		return -1;
	if (e->n->inputs[0]->dtype != DT_F32 &&
	    (r.mode != RESIZE_NEAREST || r.extrapolates))
		return node_error(e->d, e->n,
				  "only nearest resizing is "
				  "supported on %s",
				  dtype_name(e->n->inputs[0]->dtype));
	return resize_all(e, &r);
}
