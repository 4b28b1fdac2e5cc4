/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/reference_move.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- The same elements in another shape ---- */

static void same_elements(const struct ref_node *n, int rank,
			  const int64_t *dim)
{
	struct ref_tensor *y = n->out[0];

	ref_shape(n, y, rank, dim);
	assert_int_equal(ref_count(y), ref_count(n->in[0]));
	memcpy(y->v, n->in[0]->v, (size_t)ref_count(y) * sizeof(*y->v));
}

void ref_identity(const struct ref_node *n)
{
	same_elements(n, n->in[0]->rank, n->in[0]->dim);
}

/* 0 is the input's dim, -1 what is left. */
void ref_reshape(const struct ref_node *n)
{
	int64_t dim[REF_MAX_RANK], known = 1;
	int rank = ref_list(n, "shape", 1, dim), open = -1;

	for (int d = 0; d < rank; d++) {
		if (dim[d] == 0)
			dim[d] = n->in[0]->dim[d];
		if (dim[d] == -1)
			open = d;
		else
			known *= dim[d];
	}
	if (open >= 0)
		dim[open] = ref_count(n->in[0]) / known;
	same_elements(n, rank, dim);
}

void ref_flatten(const struct ref_node *n)
{
	int axis = (int)ref_int(n, "axis", 1);
	int64_t inner = ref_stride(n->in[0], axis - 1);
	int64_t dim[] = { ref_count(n->in[0]) / inner, inner };

	same_elements(n, 2, dim);
}

void ref_squeeze(const struct ref_node *n)
{
	int64_t axes[REF_MAX_RANK], dim[REF_MAX_RANK];
	int count = ref_list(n, "axes", 1, axes), rank = 0;

	for (int d = 0; d < n->in[0]->rank; d++) {
		bool gone = !count && n->in[0]->dim[d] == 1;

		for (int i = 0; i < count; i++)
			gone |= ref_axis(n->in[0], axes[i]) == d;
		if (!gone)
			dim[rank++] = n->in[0]->dim[d];
	}
	same_elements(n, rank, dim);
}

void ref_unsqueeze(const struct ref_node *n)
{
	int64_t axes[REF_MAX_RANK], dim[REF_MAX_RANK];
	int count = ref_list(n, "axes", 1, axes), next = 0;
	int rank = n->in[0]->rank + count;

	for (int d = 0; d < rank; d++) {
		bool added = false;

		for (int i = 0; i < count; i++)
			added |= axes[i] == d || axes[i] + rank == d;
		dim[d] = added ? 1 : n->in[0]->dim[next++];
	}
	same_elements(n, rank, dim);
}

/* ---- Elements in another order ---- */

void ref_transpose(const struct ref_node *n)
{
	const struct ref_tensor *x = n->in[0];
	int64_t perm[REF_MAX_RANK], dim[REF_MAX_RANK];
	int64_t from[REF_MAX_RANK], to[REF_MAX_RANK];

	for (int d = 0; d < x->rank; d++)
		perm[d] = x->rank - 1 - d;
	ref_ints(n, "perm", perm);
	for (int d = 0; d < x->rank; d++)
		dim[d] = x->dim[perm[d]];
	ref_shape(n, n->out[0], x->rank, dim);
	for (int64_t i = 0; i < ref_count(x); i++) {
		ref_index(n->out[0], i, to);
		for (int d = 0; d < x->rank; d++)
			from[perm[d]] = to[d];
		n->out[0]->v[i] = x->v[ref_offset(x, from)];
	}
}

void ref_concat(const struct ref_node *n)
{
	int axis = ref_axis(n->in[0], ref_int(n, "axis", 0));
	int64_t dim[REF_MAX_RANK], index[REF_MAX_RANK], begin = 0;
	struct ref_tensor *y = n->out[0];

	memcpy(dim, n->in[0]->dim, sizeof(dim));
	for (int k = 1; k < n->in_count; k++)
		dim[axis] += n->in[k]->dim[axis];
	ref_shape(n, y, n->in[0]->rank, dim);
	for (int k = 0; k < n->in_count; k++) {
		for (int64_t i = 0; i < ref_count(n->in[k]); i++) {
			ref_index(n->in[k], i, index);
			index[axis] += begin;
			y->v[ref_offset(y, index)] = n->in[k]->v[i];
		}
		begin += n->in[k]->dim[axis];
	}
}

/* Output `y` has its shape, and is what lies at begin, begin + step, ... */
static void cut(const struct ref_tensor *x, struct ref_tensor *y,
		const int64_t *begin, const int64_t *step)
{
	int64_t index[REF_MAX_RANK];

	for (int64_t i = 0; i < ref_count(y); i++) {
		ref_index(y, i, index);
		for (int d = 0; d < x->rank; d++)
			index[d] = begin[d] + index[d] * step[d];
		y->v[i] = x->v[ref_offset(x, index)];
	}
}

void ref_split(const struct ref_node *n)
{
	const struct ref_tensor *x = n->in[0];
	int axis = ref_axis(x, ref_int(n, "axis", 0));
	int64_t sizes[REF_MAX_VALUES], dim[REF_MAX_RANK];
	int64_t begin[REF_MAX_RANK] = { 0 };
	int64_t step[REF_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	int count = ref_list(n, "split", 1, sizes);

	memcpy(dim, x->dim, sizeof(dim));
	for (int k = 0; k < n->out_count; k++) {
		dim[axis] = count ? sizes[k] : x->dim[axis] / n->out_count;
		ref_shape(n, n->out[k], x->rank, dim);
		cut(x, n->out[k], begin, step);
		begin[axis] += dim[axis];
	}
	assert_int_equal(begin[axis], x->dim[axis]);
}

static int64_t clamped(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* Inputs: starts, ends, axes, steps. */
void ref_slice(const struct ref_node *n)
{
	const struct ref_tensor *x = n->in[0];
	int64_t starts[REF_MAX_RANK], ends[REF_MAX_RANK], axes[REF_MAX_RANK];
	int64_t steps[REF_MAX_RANK], dim[REF_MAX_RANK];
	int64_t begin[REF_MAX_RANK] = { 0 };
	int64_t step[REF_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	int count = ref_list(n, "starts", 1, starts);
	bool all = !ref_list(n, "axes", 3, axes);
	bool dense = !ref_list(n, "steps", 4, steps);

	ref_list(n, "ends", 2, ends);
	memcpy(dim, x->dim, sizeof(dim));
	for (int i = 0; i < count; i++) {
		int d = all ? i : ref_axis(x, axes[i]);
		int64_t size = x->dim[d], s = dense ? 1 : steps[i];
		int64_t from = starts[i] < 0 ? starts[i] + size : starts[i];
		int64_t to = ends[i] < 0 ? ends[i] + size : ends[i];

		step[d] = s;
		begin[d] = clamped(from, 0, s > 0 ? size : size - 1);
		to = s > 0 ? clamped(to, 0, size) : clamped(to, -1, size - 1);
		dim[d] = s > 0 ? (to - begin[d] + s - 1) / s :
				 (begin[d] - to - s - 1) / -s;
	}
	ref_shape(n, n->out[0], x->rank, dim);
	cut(x, n->out[0], begin, step);
}

/* Indices are a vector. */
void ref_gather(const struct ref_node *n)
{
	const struct ref_tensor *x = n->in[0], *at = n->in[1];
	int axis = ref_axis(x, ref_int(n, "axis", 0));
	int64_t dim[REF_MAX_RANK], index[REF_MAX_RANK];
	struct ref_tensor *y = n->out[0];

	assert_int_equal(at->rank, 1);
	memcpy(dim, x->dim, sizeof(dim));
	dim[axis] = at->dim[0];
	ref_shape(n, y, x->rank, dim);
	for (int64_t i = 0; i < ref_count(y); i++) {
		ref_index(y, i, index);
		index[axis] = (int64_t)at->v[index[axis]];
		if (index[axis] < 0)
			index[axis] += x->dim[axis];
		y->v[i] = x->v[ref_offset(x, index)];
	}
}

/* ---- Padding ---- */

/* The place in the input that a place outside takes its value from. */
static int64_t inside(const struct ref_node *n, int64_t i, int64_t size)
{
	if (ref_is(n, "mode", "constant", "edge"))
		return clamped(i, 0, size - 1);
	if (ref_is(n, "mode", "constant", "reflect"))
		return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
	return i < size ? i : -1;
}

/* Inputs: pads, value. */
void ref_pad(const struct ref_node *n)
{
	const struct ref_tensor *x = n->in[0];
	int64_t pads[2 * REF_MAX_RANK], dim[REF_MAX_RANK], index[REF_MAX_RANK];
	double value = ref_number(n, "value", 2, 0);
	struct ref_tensor *y = n->out[0];

	assert_int_equal(ref_list(n, "pads", 1, pads), 2 * x->rank);
	for (int d = 0; d < x->rank; d++)
		dim[d] = x->dim[d] + pads[d] + pads[x->rank + d];
	ref_shape(n, y, x->rank, dim);
	for (int64_t i = 0; i < ref_count(y); i++) {
		bool found = true;

		ref_index(y, i, index);
		for (int d = 0; d < x->rank; d++) {
			index[d] = inside(n, index[d] - pads[d], x->dim[d]);
			found &= index[d] >= 0;
		}
		y->v[i] = found ? x->v[ref_offset(x, index)] : value;
	}
}

/* ---- Blocks of pixels and channels ---- */

void ref_depth_to_space(const struct ref_node *n)
{
	const struct ref_tensor *x = n->in[0];
	int64_t b = ref_int(n, "blocksize", 1), depth = x->dim[1] / (b * b);
	int64_t dim[] = { x->dim[0], depth, x->dim[2] * b, x->dim[3] * b };
	bool crd = ref_is(n, "mode", "DCR", "CRD");
	int64_t to[4];

	ref_shape(n, n->out[0], 4, dim);
	for (int64_t i = 0; i < ref_count(x); i++) {
		int64_t block;

		ref_index(n->out[0], i, to);
		block = to[2] % b * b + to[3] % b;
		to[1] = crd ? to[1] * b * b + block : block * depth + to[1];
		to[2] /= b;
		to[3] /= b;
		n->out[0]->v[i] = x->v[ref_offset(x, to)];
	}
}

void ref_space_to_depth(const struct ref_node *n)
{
	const struct ref_tensor *x = n->in[0];
	int64_t b = ref_int(n, "blocksize", 1);
	int64_t dim[] = { x->dim[0], x->dim[1] * b * b, x->dim[2] / b,
			  x->dim[3] / b };
	int64_t to[4];

	ref_shape(n, n->out[0], 4, dim);
	for (int64_t i = 0; i < ref_count(x); i++) {
		int64_t block;

		ref_index(n->out[0], i, to);
		block = to[1] / x->dim[1];
		to[1] %= x->dim[1];
		to[2] = to[2] * b + block / b;
		to[3] = to[3] * b + block % b;
		n->out[0]->v[i] = x->v[ref_offset(x, to)];
	}
}
