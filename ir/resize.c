/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/resize.h"

#include <math.h>
#include <string.h>

static const struct value *constant_floats(const struct node *n, int slot)
{
	const struct value *v = node_input(n, slot);

	return value_is_const(v) && v->dtype == DT_F32 &&
			       shape_elements(&v->shape) > 0 ?
		       v :
		       NULL;
}

static void read_mode(const struct node *n, struct resize *r)
{
	const char *mode = node_string(n, "mode", "nearest");

	r->mode = !strcmp(mode, "linear") ? RESIZE_LINEAR :
		  !strcmp(mode, "cubic")  ? RESIZE_CUBIC :
					    RESIZE_NEAREST;
	r->coordinates =
		node_string(n, "coordinate_transformation_mode", "half_pixel");
	r->nearest = node_string(n, "nearest_mode", "round_prefer_floor");
	r->cubic_a = (double)node_float(n, "cubic_coeff_a", -0.75f);
	r->exclude_outside = node_int(n, "exclude_outside", 0) != 0;
	r->extrapolates = !strcmp(r->coordinates, "tf_crop_and_resize");
	r->extrapolation = node_float(n, "extrapolation_value", 0);
}

/* The axes that lists of scales, sizes and the crop are for: the attribute
 * `axes`, or all. Returns their number. */
static int resize_axes(const struct node *n, int rank, int64_t *axes)
{
	int count = node_ints(n, "axes", axes, GRAPH_MAX_RANK);

	if (node_attr(n, "axes")) {
		count = count < GRAPH_MAX_RANK ? count : GRAPH_MAX_RANK;
		for (int i = 0; i < count; i++)
			axes[i] += axes[i] < 0 ? rank : 0;
		return count;
	}
	for (int i = 0; i < rank; i++)
		axes[i] = i;
	return rank;
}

static void read_lists(const struct node *n, struct resize *r)
{
	const struct value *scales = constant_floats(n, 2),
			   *crop = constant_floats(n, 1);
	int64_t axes[GRAPH_MAX_RANK];
	int count = resize_axes(n, r->rank, axes);

	for (int i = 0; i < count; i++) {
		int axis = (int)axes[i];

		if (scales && shape_elements(&scales->shape) == count)
			r->scale[axis] =
				(double)((const float *)scales->data)[i];
		if (crop && shape_elements(&crop->shape) == 2 * count) {
			const float *at = crop->data;

			r->start[axis] = (double)at[i];
			r->end[axis] = (double)at[count + i];
		}
	}
}

/*
 * keep_aspect_ratio_policy (opset 18): the smallest or largest of size / in is
 * the scale of all axes that the sizes are for, before their outputs are
 * rounded.
 */
static void keep_aspect(const struct node *n, struct resize *r)
{
	const char *policy =
		node_string(n, "keep_aspect_ratio_policy", "stretch");
	int64_t sizes[GRAPH_MAX_RANK], axes[GRAPH_MAX_RANK];
	int count = node_const_ints(n, 3, sizes, GRAPH_MAX_RANK);
	bool larger = !strcmp(policy, "not_smaller");
	double scale = 0;

	if (count < 1 || count > r->rank || !strcmp(policy, "stretch"))
		return;
	resize_axes(n, r->rank, axes);
	for (int i = 0; i < count; i++) {
		double s = (double)sizes[i] / (double)r->in[axes[i]];

		if (i == 0 || (larger ? s > scale : s < scale))
			scale = s;
	}
	for (int i = 0; i < count; i++)
		r->scale[axes[i]] = scale;
}

int resize_of(const struct node *n, struct resize *r, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	const struct shape *y = &n->outputs[0]->shape;

	*r = (struct resize){ .rank = x->rank };
	if (node_int(n, "antialias", 0) != 0)
		return node_error(d, n, "antialias is not supported");
	for (int i = 0; i < x->rank; i++) {
		r->in[i] = x->dim[i];
		r->out[i] = y->dim[i];
		r->scale[i] = (double)y->dim[i] / (double)x->dim[i];
		r->end[i] = 1;
	}
	read_mode(n, r);
	read_lists(n, r);
	keep_aspect(n, r);
	return 0;
}

static double half_pixel_symmetric(const struct resize *r, int axis, double x)
{
	double in = (double)r->in[axis], out = (double)r->out[axis];
	double adjustment = out / (r->scale[axis] * in);

	return in / 2 * (1 - adjustment) + (x + 0.5) / r->scale[axis] - 0.5;
}

/* Uses the output's length before it was rounded down to whole cells, unless
 * the fraction is only the rounding error of the scale. */
static double align_corners(const struct resize *r, int axis, double x)
{
	double length = r->scale[axis] * (double)r->in[axis];
	double whole = (double)r->out[axis];

	if (fabs(length - whole) < 1e-5 * whole)
		length = whole;
	return r->out[axis] == 1 ? 0 :
				   x * (double)(r->in[axis] - 1) / (length - 1);
}

static double crop_and_resize(const struct resize *r, int axis, double x)
{
	double last = (double)(r->in[axis] - 1);
	double start = r->start[axis], end = r->end[axis];

	if (r->out[axis] == 1)
		return 0.5 * (start + end) * last;
	return start * last +
	       x * (end - start) * last / (double)(r->out[axis] - 1);
}

/* The position of output index o on the input's axis, not clamped. */
static double resize_source(const struct resize *r, int axis, int64_t o)
{
	const char *mode = r->coordinates;
	double x = (double)o, scale = r->scale[axis];

	if (!strcmp(mode, "asymmetric"))
		return x / scale;
	if (!strcmp(mode, "align_corners"))
		return align_corners(r, axis, x);
	if (!strcmp(mode, "pytorch_half_pixel") && r->out[axis] == 1)
		return 0;
	if (!strcmp(mode, "half_pixel_symmetric"))
		return half_pixel_symmetric(r, axis, x);
	if (r->extrapolates)
		return crop_and_resize(r, axis, x);
	return (x + 0.5) / scale - 0.5;
}

static int64_t clamp_cell(int64_t i, int64_t size)
{
	return i < 0 ? 0 : i >= size ? size - 1 : i;
}

/* The position in float, as ONNX Runtime computes it: which cell a tie goes to
 * depends on its rounding. */
static double float_source(const struct resize *r, int axis, int64_t o)
{
	const char *mode = r->coordinates;
	float x = (float)o, scale = (float)r->scale[axis];
	float in = (float)r->in[axis], out = (float)r->out[axis];
	float moved = 0;

	if (!strcmp(mode, "asymmetric"))
		return (double)(x / scale);
	if (!strcmp(mode, "align_corners") || r->extrapolates ||
	    (!strcmp(mode, "pytorch_half_pixel") && r->out[axis] == 1))
		return (double)(float)resize_source(r, axis, o);
	if (!strcmp(mode, "half_pixel_symmetric"))
		moved = in / 2 * (1 - out / (scale * in));
	return (double)(moved + (x + 0.5f) / scale - 0.5f);
}

static int64_t nearest_cell(const struct resize *r, double x)
{
	double low = floor(x), high = ceil(x);

	if (!strcmp(r->nearest, "floor"))
		return (int64_t)low;
	if (!strcmp(r->nearest, "ceil"))
		return (int64_t)high;
	if (x - low == 0.5)
		return (int64_t)(strcmp(r->nearest, "round_prefer_ceil") ?
					 low :
					 high);
	return (int64_t)(x - low < 0.5 ? low : high);
}

/* Cubic convolution (Keys 1981, equation 15) with parameter a. */
static double cubic_weight(double distance, double a)
{
	double t = fabs(distance);

	if (t <= 1)
		return ((a + 2) * t - (a + 3)) * t * t + 1;
	if (t < 2)
		return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
	return 0;
}

static int cubic_taps(const struct resize *r, int axis, double x,
		      struct resize_tap taps[4])
{
	double low = floor(x), sum = 0;

	for (int i = 0; i < 4; i++) {
		int64_t cell = (int64_t)low - 1 + i;

		taps[i].cell = clamp_cell(cell, r->in[axis]);
		taps[i].weight = cubic_weight(x - (double)cell, r->cubic_a);
		if (r->exclude_outside && cell != taps[i].cell)
			taps[i].weight = 0;
		sum += taps[i].weight;
	}
	for (int i = 0; r->exclude_outside && i < 4; i++)
		taps[i].weight /= sum;
	return 4;
}

int resize_taps(const struct resize *r, int axis, int64_t o,
		struct resize_tap taps[4])
{
	double x = resize_source(r, axis, o), low;
	double last = (double)(r->in[axis] - 1);

	if (r->extrapolates && !(x >= 0 && x <= last)) /* NaN too */
		return 0;
	if (r->in[axis] == r->out[axis] && !r->extrapolates &&
	    r->scale[axis] == 1) {
		taps[0] = (struct resize_tap){ o, 1 };
		return 1;
	}
	if (r->mode == RESIZE_CUBIC)
		return cubic_taps(r, axis, x, taps);
	if (r->mode == RESIZE_NEAREST) {
		taps[0].cell = clamp_cell(
			nearest_cell(r, float_source(r, axis, o)), r->in[axis]);
		taps[0].weight = 1;
		return 1;
	}
	x = x < 0 ? 0 : x > last ? last : x;
	low = floor(x);
	taps[0] = (struct resize_tap){ (int64_t)low, 1 - (x - low) };
	taps[1] =
		(struct resize_tap){ clamp_cell((int64_t)low + 1, r->in[axis]),
				     x - low };
	return 2;
}
