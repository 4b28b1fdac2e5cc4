/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "passes/shape_rules.h"

/* An optional input; some exporters write an empty one instead of none. */
static const struct value *given(const struct node *n, int slot)
{
	const struct value *v = node_input(n, slot);

	return v && shape_elements(&v->shape) > 0 ? v : NULL;
}

static int check_modes(const struct node *n, struct diag *d)
{
	static const char *const modes[] = { "nearest", "linear", "cubic",
					     NULL };
	static const char *const coordinates[] = { "half_pixel",
						   "half_pixel_symmetric",
						   "pytorch_half_pixel",
						   "align_corners",
						   "asymmetric",
						   "tf_crop_and_resize",
						   NULL };
	static const char *const nearest[] = { "round_prefer_floor",
					       "round_prefer_ceil", "floor",
					       "ceil", NULL };
	static const char *const policies[] = { "stretch", "not_larger",
						"not_smaller", NULL };

	if (rule_one_of(n, "mode", modes, d) ||
	    rule_one_of(n, "coordinate_transformation_mode", coordinates, d) ||
	    rule_one_of(n, "nearest_mode", nearest, d) ||
	    rule_one_of(n, "keep_aspect_ratio_policy", policies, d))
		return -1;
	return 0;
}

/* The resized axes in the order of scales and sizes. Returns their number. */
static int read_axes(const struct node *n, int *axes, struct diag *d)
{
	int64_t v[GRAPH_MAX_RANK] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	int rank = n->inputs[0]->shape.rank;
	int count = rank;

	if (node_attr(n, "axes"))
		count = node_ints(n, "axes", v, GRAPH_MAX_RANK);
	if (count > rank)
		return node_error(d, n, "%d axes for %d dimensions", count,
				  rank);
	if (rule_axes(n, v, count, rank, d) < 0)
		return -1;
	for (int i = 0; i < count; i++)
		axes[i] = (int)(v[i] < 0 ? v[i] + rank : v[i]);
	return count;
}

static int by_scales(const struct node *n, const struct value *scales,
		     const int *axes, int count, struct shape *s,
		     struct diag *d)
{
	if (rule_dtype(n, 2, DT_F32, d) || rule_vector(n, 2, count, d))
		return -1;
	if (!value_is_const(scales))
		return node_error(d, n,
				  "input '%s' depends on the data, "
				  "expected a constant",
				  scales->name);
	for (int i = 0; i < count; i++) {
		float scale = ((const float *)scales->data)[i];
		/* in float, as in ONNX's own shape inference */
		float size = floorf((float)s->dim[axes[i]] * scale);

		if (!(scale > 0) || !(size >= 1) ||
		    size > (float)GRAPH_MAX_ELEMENTS)
			return node_error(d, n,
					  "scale %g of %lld elements is "
					  "out of range",
					  (double)scale,
					  (long long)s->dim[axes[i]]);
		s->dim[axes[i]] = (int64_t)size;
	}
	return 0;
}

/*
 * Resize (opset 18), keep_aspect_ratio_policy: one scale for all axes, the
 * smallest (largest) of size / dim, in exact fractions; sizes round half up.
 */
static void keep_aspect(const struct shape *x, const int *axes, int count,
			bool smallest, int64_t *sizes)
{
	int best = 0;

	for (int i = 1; i < count; i++) {
		int64_t a = sizes[i] * x->dim[axes[best]];
		int64_t b = sizes[best] * x->dim[axes[i]];

		if (smallest ? a < b : a > b)
			best = i;
	}
	int64_t top = sizes[best], bottom = x->dim[axes[best]];
	for (int i = 0; i < count; i++)
		sizes[i] = (2 * top * x->dim[axes[i]] + bottom) / (2 * bottom);
}

static int by_sizes(const struct node *n, const int *axes, int count,
		    struct shape *s, struct diag *d)
{
	const char *policy =
		node_string(n, "keep_aspect_ratio_policy", "stretch");
	int64_t sizes[GRAPH_MAX_RANK];

	if (rule_vector(n, 3, count, d) ||
	    rule_ints(n, 3, sizes, GRAPH_MAX_RANK, d) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (sizes[i] < 1 || sizes[i] > GRAPH_MAX_ELEMENTS)
			return node_error(d, n, "size %lld is out of range",
					  (long long)sizes[i]);
	}
	if (policy[0] == 'n')
		keep_aspect(&n->inputs[0]->shape, axes, count, policy[4] == 'l',
			    sizes);
	for (int i = 0; i < count; i++)
		s->dim[axes[i]] = sizes[i];
	return 0;
}

int shape_resize(struct node *n, struct diag *d)
{
	const struct value *scales = given(n, 2), *sizes = given(n, 3);
	struct shape s = n->inputs[0]->shape;
	int axes[GRAPH_MAX_RANK];

	if (rule_number(n, 0, d) || rule_rank(n, 0, 1, GRAPH_MAX_RANK, d) ||
	    check_modes(n, d))
		return -1;
	if (shape_elements(&s) == 0)
		return node_error(d, n, "input '%s' is empty",
				  n->inputs[0]->name);
	if (!scales == !sizes)
		return node_error(d, n, "expected either scales or sizes");
	int count = read_axes(n, axes, d);
	if (count < 0)
		return -1;
	if (scales ? by_scales(n, scales, axes, count, &s, d) :
		     by_sizes(n, axes, count, &s, d))
		return -1;
	if (shape_elements(&s) == 0)
		return node_error(d, n, "its output would be empty");
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}
