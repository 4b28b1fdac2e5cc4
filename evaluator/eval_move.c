/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators that only move elements, of any type: Concat, DepthToSpace,
 * Expand, Pad, Slice, SpaceToDepth, Split, Tile, Transpose and copies.
 */
#include <assert.h>
#include <string.h>

#include "evaluator/eval.h"
#include "ir/slice.h"

#define MAX_DIMS (2 * GRAPH_MAX_RANK)

/* The output dims, each with its step in the input. */
struct strided {
	int rank;
	int64_t dim[MAX_DIMS], stride[MAX_DIMS];
};

static void copy_row(char *to, const char *from, int64_t n, int64_t stride,
		     size_t size)
{
	if (stride == 1) {
		memcpy(to, from, (size_t)n * size);
		return;
	}
	for (int64_t i = 0; size == 4 && i < n; i++)
		memcpy(to + i * 4, from + i * stride * 4, 4);
	for (int64_t i = 0; size != 4 && i < n; i++)
		memcpy(to + (size_t)i * size, from + i * stride * (int64_t)size,
		       size);
}

/* Drops dims of 1 and joins dims that are contiguous. */
static struct strided join_dims(const struct strided *w)
{
	struct strided s = { .rank = 1, .dim = { 1 }, .stride = { 1 } };

	for (int i = 0; i < w->rank; i++) {
		int last = s.rank - 1;

		if (w->dim[i] == 1)
			continue;
		if (s.dim[last] == 1)
			s.dim[last] = w->dim[i];
		else if (s.stride[last] == w->stride[i] * w->dim[i])
			s.dim[last] *= w->dim[i];
		else
			s.dim[s.rank++] = w->dim[i];
		s.stride[s.rank - 1] = w->stride[i];
	}
	return s;
}

/* from: the input element of output element 0. */
static void copy_strided(const struct strided *given, size_t size,
			 const char *from, char *to)
{
	int64_t index[MAX_DIMS] = { 0 }, at = 0, rows = 1;
	const struct strided s = join_dims(given), *w = &s;
	int last = w->rank - 1;

	for (int i = 0; i < last; i++)
		rows *= w->dim[i];
	if (w->dim[last] == 0)
		return;
	for (int64_t r = 0; r < rows; r++) {
		int i = last - 1;

		copy_row(to, from + at * (int64_t)size, w->dim[last],
			 w->stride[last], size);
		to += (size_t)w->dim[last] * size;
		for (; i >= 0; i--) {
			at += w->stride[i];
			if (++index[i] < w->dim[i])
				break;
			at -= w->stride[i] * w->dim[i];
			index[i] = 0;
		}
	}
}

static void dense_strides(const struct shape *s, int64_t *stride)
{
	int64_t step = 1;

	for (int i = s->rank - 1; i >= 0; i--) {
		stride[i] = step;
		step *= s->dim[i];
	}
}

static size_t element_size(const struct eval *e)
{
	return dtype_size(e->n->inputs[0]->dtype);
}

int eval_copy(const struct eval *e)
{
	memcpy(e->out[0], e->in[0], (size_t)eval_count(e) * element_size(e));
	return 0;
}

int eval_transpose(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0), *y = eval_out(e, 0);
	int64_t perm[GRAPH_MAX_RANK], stride[GRAPH_MAX_RANK];
	struct strided w = { .rank = x->rank };

	if (!node_ints(e->n, "perm", perm, GRAPH_MAX_RANK))
		for (int i = 0; i < x->rank; i++)
			perm[i] = x->rank - 1 - i;
	dense_strides(x, stride);
	for (int i = 0; i < x->rank; i++) {
		w.dim[i] = y->dim[i];
		w.stride[i] = stride[perm[i]];
	}
	copy_strided(&w, element_size(e), e->in[0], e->out[0]);
	return 0;
}

int eval_slice(const struct eval *e)
{
	int64_t stride[GRAPH_MAX_RANK], at = 0;
	struct strided w = { 0 };
	struct slice s;

	if (slice_of(e->n, &s, e->d))
		return -1;
	if (eval_count(e) == 0)
		return 0;
	dense_strides(eval_in(e, 0), stride);
	w.rank = s.rank;
	for (int i = 0; i < s.rank; i++) {
		w.dim[i] = s.count[i];
		w.stride[i] = s.step[i] * stride[i];
		at += s.start[i] * stride[i];
	}
	copy_strided(&w, element_size(e),
		     (const char *)e->in[0] + at * (int64_t)element_size(e),
		     e->out[0]);
	return 0;
}

int eval_expand(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0), *y = eval_out(e, 0);
	int64_t stride[GRAPH_MAX_RANK];
	struct strided w = { .rank = y->rank };

	dense_strides(x, stride);
	for (int i = 0; i < y->rank; i++) {
		int k = i - (y->rank - x->rank);

		w.dim[i] = y->dim[i];
		w.stride[i] = k >= 0 && x->dim[k] != 1 ? stride[k] : 0;
	}
	copy_strided(&w, element_size(e), e->in[0], e->out[0]);
	return 0;
}

/* Each dim as two: the repeats, and the input's dim. */
int eval_tile(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0), *y = eval_out(e, 0);
	int64_t stride[GRAPH_MAX_RANK];
	struct strided w = { .rank = 2 * x->rank };

	if (eval_count(e) == 0)
		return 0;
	dense_strides(x, stride);
	for (int i = 0; i < x->rank; i++) {
		w.dim[2 * i] = y->dim[i] / x->dim[i];
		w.stride[2 * i] = 0;
		w.dim[2 * i + 1] = x->dim[i];
		w.stride[2 * i + 1] = stride[i];
	}
	copy_strided(&w, element_size(e), e->in[0], e->out[0]);
	return 0;
}

int eval_concat(const struct eval *e)
{
	const struct shape *y = eval_out(e, 0);
	int axis = eval_axis(e, 0, y->rank);
	int64_t outer = shape_outer(y, axis), inner = shape_inner(y, axis);
	size_t size = element_size(e), at = 0;
	size_t row = (size_t)(y->dim[axis] * inner) * size;

	for (int i = 0; i < e->n->input_count; i++) {
		size_t part = (size_t)(eval_in(e, i)->dim[axis] * inner) * size;

		for (int64_t o = 0; part && o < outer; o++)
			memcpy((char *)e->out[0] + (size_t)o * row + at,
			       (const char *)e->in[i] + (size_t)o * part, part);
		at += part;
	}
	return 0;
}

int eval_split(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0);
	int axis = eval_axis(e, 0, x->rank);
	int64_t outer = shape_outer(x, axis), inner = shape_inner(x, axis);
	size_t size = element_size(e), at = 0;
	size_t row = (size_t)(x->dim[axis] * inner) * size;
	int64_t left = x->dim[axis];

	for (int i = 0; i < e->n->output_count; i++) {
		const struct value *v = e->n->outputs[i];
		int64_t length = v ? v->shape.dim[axis] :
				 eval_has(e, 1) ?
				     eval_index(e, 1, i) :
				     x->dim[axis] / e->n->output_count;
		size_t part = (size_t)(length * inner) * size;

		left -= length;
		if (length < 0 || left < 0)
			return node_error(e->d, e->n, "parts exceed the whole");
		for (int64_t o = 0; v && part && o < outer; o++)
			memcpy((char *)e->out[i] + (size_t)o * part,
			       (const char *)e->in[0] + (size_t)o * row + at,
			       part);
		at += part;
	}
	return 0;
}

/* ---- Reshape, transpose, reshape ---- */

/* The input reshaped to `dims` and transposed by `order`. */
static int rearrange(const struct eval *e, int rank, const int64_t *dims,
		     const int *order)
{
	struct shape seen = shape_of(rank, dims);
	int64_t stride[GRAPH_MAX_RANK];
	struct strided w = { .rank = rank };

	dense_strides(&seen, stride);
	for (int i = 0; i < rank; i++) {
		w.dim[i] = dims[order[i]];
		w.stride[i] = stride[order[i]];
	}
	copy_strided(&w, element_size(e), e->in[0], e->out[0]);
	return 0;
}

int eval_depth_to_space(const struct eval *e)
{
	static const int nchw_dcr[] = { 0, 3, 4, 1, 5, 2 };
	static const int nchw_crd[] = { 0, 1, 4, 2, 5, 3 };
	static const int nhwc_dcr[] = { 0, 1, 3, 2, 4, 5 };
	static const int nhwc_crd[] = { 0, 1, 4, 2, 5, 3 };
	const struct shape *x = eval_in(e, 0);
	bool crd = !strcmp(node_string(e->n, "mode", "DCR"), "CRD");
	int64_t b = node_int(e->n, "blocksize", 1);
	int64_t c = x->dim[eval_channel_dim(e)] / (b * b);

	if (e->n->layout == LAYOUT_NHWC) {
		const int64_t dims[] = { x->dim[0],   x->dim[1], x->dim[2],
					 crd ? c : b, b,         crd ? b : c };

		return rearrange(e, 6, dims, crd ? nhwc_crd : nhwc_dcr);
	}
	const int64_t dims[] = { x->dim[0],   crd ? c : b, b,
				 crd ? b : c, x->dim[2],   x->dim[3] };

	return rearrange(e, 6, dims, crd ? nchw_crd : nchw_dcr);
}

int eval_space_to_depth(const struct eval *e)
{
	static const int nchw[] = { 0, 3, 5, 1, 2, 4 };
	static const int nhwc[] = { 0, 1, 3, 2, 4, 5 };
	const struct shape *x = eval_in(e, 0);
	int64_t b = node_int(e->n, "blocksize", 1);

	if (e->n->layout == LAYOUT_NHWC) {
		const int64_t dims[] = { x->dim[0], x->dim[1] / b,
					 b,         x->dim[2] / b,
					 b,         x->dim[3] };

		return rearrange(e, 6, dims, nhwc);
	}
	const int64_t dims[] = { x->dim[0], x->dim[1],     x->dim[2] / b,
				 b,         x->dim[3] / b, b };

	return rearrange(e, 6, dims, nchw);
}

int eval_channel_shuffle(const struct eval *e)
{
	static const int order[] = { 0, 2, 1, 3 };
	const struct shape *x = eval_in(e, 0);
	int axis = eval_channel_dim(e);
	int64_t groups = node_int(e->n, "groups", 1);
	const int64_t dims[] = { shape_outer(x, axis), groups,
				 x->dim[axis] / groups, shape_inner(x, axis) };

	return rearrange(e, 4, dims, order);
}

/* ---- Pad ---- */

/* The input index that index i of an axis copies, -1 for the constant. Modes
 * edge, wrap, reflect, constant. */
static int64_t pad_source(char mode, int64_t i, int64_t size)
{
	int64_t period;

	if (i >= 0 && i < size)
		return i;
	switch (mode) {
	case 'e':
		return i < 0 ? 0 : size - 1;
	case 'w':
		return ((i % size) + size) % size;
	case 'r':
		period = size > 1 ? 2 * (size - 1) : 1;
		i = ((i % period) + period) % period;
		return i < size ? i : period - i;
	case 'c':
		return -1;
	default:
		assert(!"a padding mode");
		return -1;
	}
}

static void read_pads(const struct eval *e, int64_t *begin)
{
	int64_t pads[2 * GRAPH_MAX_RANK] = { 0 };
	int64_t axes[GRAPH_MAX_RANK] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	int rank = eval_in(e, 0)->rank;
	int count = node_const_ints(e->n, 1, pads, 2 * GRAPH_MAX_RANK);

	if (eval_has(e, 3))
		node_const_ints(e->n, 3, axes, GRAPH_MAX_RANK);
	for (int i = 0; i < rank; i++)
		begin[i] = 0;
	for (int i = 0; i < count / 2; i++)
		begin[axes[i] < 0 ? axes[i] + rank : axes[i]] = pads[i];
}

int eval_pad(const struct eval *e)
{
	static const char zero[8];
	const struct shape *x = eval_in(e, 0), *y = eval_out(e, 0);
	char mode = node_string(e->n, "mode", "constant")[0];
	const char *fill = eval_has(e, 2) ? e->in[2] : zero;
	int64_t begin[GRAPH_MAX_RANK], stride[GRAPH_MAX_RANK];
	int64_t index[GRAPH_MAX_RANK] = { 0 }, n = eval_count(e);
	size_t size = element_size(e);
	char *to = e->out[0];

	read_pads(e, begin);
	dense_strides(x, stride);
	for (int64_t k = 0; k < n; k++, to += size) {
		int64_t at = 0;

		for (int i = 0; at >= 0 && i < x->rank; i++) {
			int64_t from = pad_source(mode, index[i] - begin[i],
						  x->dim[i]);

			at = from < 0 ? -1 : at + from * stride[i];
		}
		memcpy(to,
		       at < 0 ? fill :
				(const char *)e->in[0] + (size_t)at * size,
		       size);
		for (int i = x->rank - 1; i >= 0; i--) {
			if (++index[i] < y->dim[i])
				break;
			index[i] = 0;
		}
	}
	return 0;
}
