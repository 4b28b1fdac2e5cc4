/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/reference_resize.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Where output `x` lies in the input, as a number. */
static double source(const struct ref_node *n, int64_t x, int64_t in,
		     int64_t out, double scale)
{
	const char *mode = "coordinate_transformation_mode";

	if (ref_is(n, mode, "half_pixel", "half_pixel"))
		return ((double)x + 0.5) / scale - 0.5;
	if (ref_is(n, mode, "half_pixel", "pytorch_half_pixel"))
		return out > 1 ? ((double)x + 0.5) / scale - 0.5 : 0;
	if (ref_is(n, mode, "half_pixel", "align_corners"))
		return out > 1 ? (double)x * (double)(in - 1) /
					 (double)(out - 1) :
				 0;
	assert_true(ref_is(n, mode, "half_pixel", "asymmetric"));
	return (double)x / scale;
}

static int64_t nearest(const struct ref_node *n, double at, int64_t in)
{
	const char *mode = "nearest_mode", *def = "round_prefer_floor";
	double x = ceil(at - 0.5);

	if (ref_is(n, mode, def, "floor"))
		x = floor(at);
	else if (ref_is(n, mode, def, "ceil"))
		x = ceil(at);
	else if (ref_is(n, mode, def, "round_prefer_ceil"))
		x = floor(at + 0.5);
	return (int64_t)fmin(fmax(x, 0), (double)(in - 1));
}

/* The sum over the two neighbours on each axis from `axis` on. */
static double interpolated(const struct ref_tensor *t, const double *at,
			   int64_t *index, int axis)
{
	double x, part, sum = 0;

	if (axis == t->rank)
		return t->v[ref_offset(t, index)];
	x = fmin(fmax(at[axis], 0), (double)(t->dim[axis] - 1));
	part = x - floor(x);
	index[axis] = (int64_t)x;
	sum = (1 - part) * interpolated(t, at, index, axis + 1);
	if (part > 0) {
		index[axis] = (int64_t)x + 1;
		sum += part * interpolated(t, at, index, axis + 1);
	}
	return sum;
}

/* Scales are input 2 or follow from sizes, input 3. */
static void read_scales(const struct ref_node *n, double *scale)
{
	const struct ref_tensor *x = n->in[0];
	int64_t dim[REF_MAX_RANK];

	for (int d = 0; d < x->rank; d++) {
		if (n->in_count > 3) {
			dim[d] = (int64_t)n->in[3]->v[d];
			scale[d] = (double)dim[d] / (double)x->dim[d];
		} else {
			scale[d] = n->in[2]->v[d];
			dim[d] = (int64_t)floor((double)x->dim[d] * scale[d]);
		}
	}
	ref_shape(n, n->out[0], x->rank, dim);
}

void ref_resize(const struct ref_node *n)
{
	const struct ref_tensor *x = n->in[0];
	bool linear = ref_is(n, "mode", "nearest", "linear");
	struct ref_tensor *y = n->out[0];
	double scale[REF_MAX_RANK], at[REF_MAX_RANK];
	int64_t index[REF_MAX_RANK];

	read_scales(n, scale);
	for (int64_t i = 0; i < ref_count(y); i++) {
		ref_index(y, i, index);
		for (int d = 0; d < x->rank; d++) {
			at[d] = x->dim[d] == y->dim[d] ?
					(double)index[d] :
					source(n, index[d], x->dim[d],
					       y->dim[d], scale[d]);
			index[d] = nearest(n, at[d], x->dim[d]);
		}
		y->v[i] = linear ? interpolated(x, at, index, 0) :
				   x->v[ref_offset(x, index)];
	}
}
