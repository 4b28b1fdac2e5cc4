/* SPDX-License-Identifier: Apache-2.0 */
/* Gather, GatherElements, GatherND (opset 13) and ScatterND (opset 11). Indices
 * that are not constant are checked here. */
#include <string.h>

#include "evaluator/eval.h"

/* The index, from the end if negative; -1 after a diagnostic. */
static int64_t read_index(const struct eval *e, int64_t i, int64_t dim)
{
	int64_t k = eval_index(e, 1, i), from = k < 0 ? k + dim : k;

	if (from >= 0 && from < dim)
		return from;
	return node_error(e->d, e->n,
			  "index %lld is out of range for %lld elements",
			  (long long)k, (long long)dim);
}

int eval_gather(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0);
	int axis = eval_axis(e, 0, x->rank);
	int64_t outer = shape_outer(x, axis), dim = x->dim[axis];
	int64_t count = shape_elements(eval_in(e, 1));
	size_t run = (size_t)shape_inner(x, axis) *
		     dtype_size(e->n->inputs[0]->dtype);
	char *to = e->out[0];

	for (int64_t o = 0; o < outer; o++)
		for (int64_t i = 0; i < count; i++, to += run) {
			int64_t from = read_index(e, i, dim);

			if (from < 0)
				return -1;
			memcpy(to,
			       (const char *)e->in[0] +
				       (size_t)(o * dim + from) * run,
			       run);
		}
	return 0;
}

int eval_gather_elements(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0), *y = eval_out(e, 0);
	size_t size = dtype_size(e->n->inputs[0]->dtype);
	int axis = eval_axis(e, 0, x->rank);
	int64_t index[GRAPH_MAX_RANK] = { 0 }, n = eval_count(e);
	char *to = e->out[0];

	for (int64_t k = 0; k < n; k++, to += size) {
		int64_t chosen = read_index(e, k, x->dim[axis]), at = 0;

		if (chosen < 0)
			return -1;
		for (int i = 0; i < x->rank; i++)
			at = at * x->dim[i] + (i == axis ? chosen : index[i]);
		memcpy(to, (const char *)e->in[0] + (size_t)at * size, size);
		for (int i = y->rank - 1; i >= 0; i--) {
			if (++index[i] < y->dim[i])
				break;
			index[i] = 0;
		}
	}
	return 0;
}

/* `width` indices from element `first` on, into the dims of input 0 from
 * `axis` on; `at` is the place in the dims before. The place in all of these
 * dims, or -1 after a diagnostic. */
static int64_t read_place(const struct eval *e, int64_t first, int width,
			  int axis, int64_t at)
{
	const struct shape *x = eval_in(e, 0);

	for (int i = 0; i < width; i++) {
		int64_t dim = x->dim[axis + i];
		int64_t from = read_index(e, first + i, dim);

		if (from < 0)
			return -1;
		at = at * dim + from;
	}
	return at;
}

int eval_gather_nd(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0), *index = eval_in(e, 1);
	int batch = (int)node_int(e->n, "batch_dims", 0);
	int width = (int)index->dim[index->rank - 1];
	int64_t batches = shape_outer(x, batch);
	int64_t rows = shape_elements(index) / (batches ? batches : 1);
	size_t run = (size_t)shape_inner(x, batch + width - 1) *
		     dtype_size(e->n->inputs[0]->dtype);
	char *to = e->out[0];

	rows /= width;
	for (int64_t b = 0; b < batches; b++)
		for (int64_t r = 0; r < rows; r++, to += run) {
			int64_t at = read_place(e, (b * rows + r) * width,
						width, batch, b);

			if (at < 0)
				return -1;
			memcpy(to, (const char *)e->in[0] + (size_t)at * run,
			       run);
		}
	return 0;
}

int eval_scatter_nd(const struct eval *e)
{
	const struct shape *x = eval_in(e, 0), *index = eval_in(e, 1);
	int width = (int)index->dim[index->rank - 1];
	int64_t rows = shape_elements(index) / width;
	size_t size = dtype_size(e->n->inputs[0]->dtype);
	size_t run = (size_t)shape_inner(x, width - 1) * size;
	const char *from = e->in[2];

	memcpy(e->out[0], e->in[0], (size_t)shape_elements(x) * size);
	for (int64_t r = 0; r < rows; r++, from += run) {
		int64_t at = read_place(e, r * width, width, 0, 0);

		if (at < 0)
			return -1;
		memcpy((char *)e->out[0] + (size_t)at * run, from, run);
	}
	return 0;
}
