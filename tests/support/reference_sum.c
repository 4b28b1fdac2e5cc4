/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/reference_sum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static double matrix_at(const struct ref_tensor *t, bool transposed, int64_t i,
			int64_t j)
{
	return transposed ? t->v[j * t->dim[1] + i] : t->v[i * t->dim[1] + j];
}

/* Element i, j of input 2, which may be a number, a row or a column. */
static double gemm_bias(const struct ref_tensor *c, int64_t i, int64_t j)
{
	int64_t columns = c->rank ? c->dim[c->rank - 1] : 1;
	int64_t rows = c->rank > 1 ? c->dim[0] : 1;

	return c->v[(rows > 1 ? i : 0) * columns + (columns > 1 ? j : 0)];
}

void ref_gemm(const struct ref_node *n)
{
	const struct ref_tensor *a = n->in[0], *b = n->in[1];
	bool ta = ref_int(n, "transA", 0), tb = ref_int(n, "transB", 0);
	double alpha = ref_float(n, "alpha", 1), beta = ref_float(n, "beta", 1);
	int64_t dim[] = { a->dim[ta], b->dim[!tb] }, inner = a->dim[!ta];

	assert_int_equal(inner, b->dim[tb]);
	ref_shape(n, n->out[0], 2, dim);
	for (int64_t i = 0; i < dim[0]; i++)
		for (int64_t j = 0; j < dim[1]; j++) {
			double sum = 0;

			for (int64_t k = 0; k < inner; k++)
				sum += matrix_at(a, ta, i, k) *
				       matrix_at(b, tb, k, j);
			sum *= alpha;
			if (n->in_count > 2)
				sum += beta * gemm_bias(n->in[2], i, j);
			n->out[0]->v[i * dim[1] + j] = sum;
		}
}

/* The second matrix is one for all of the first ones, or one for each. */
void ref_mat_mul(const struct ref_node *n)
{
	const struct ref_tensor *a = n->in[0], *b = n->in[1];
	int64_t dim[REF_MAX_RANK], rows, inner, columns, matrices;

	assert_true(a->rank >= 2 && b->rank >= 2);
	rows = a->dim[a->rank - 2];
	inner = a->dim[a->rank - 1];
	columns = b->dim[b->rank - 1];
	assert_int_equal(inner, b->dim[b->rank - 2]);
	for (int d = 0; d < a->rank; d++)
		dim[d] = a->dim[d];
	dim[a->rank - 1] = columns;
	ref_shape(n, n->out[0], a->rank, dim);
	matrices = ref_count(a) / (rows * inner);
	assert_true(b->rank == 2 ||
		    matrices == ref_count(b) / (inner * columns));
	for (int64_t i = 0; i < matrices * rows; i++)
		for (int64_t j = 0; j < columns; j++) {
			int64_t m = b->rank == 2 ? 0 : i / rows;
			double sum = 0;

			for (int64_t k = 0; k < inner; k++)
				sum += a->v[i * inner + k] *
				       b->v[(m * inner + k) * columns + j];
			n->out[0]->v[i * columns + j] = sum;
		}
}

/* ---- Reductions ---- */

enum reduction { MEAN, SUM, MAX };

static void reduce(const struct ref_node *n, const bool *reduced, bool keep,
		   enum reduction kind)
{
	const struct ref_tensor *x = n->in[0];
	int64_t kept[REF_MAX_RANK], squeezed[REF_MAX_RANK];
	int64_t index[REF_MAX_RANK];
	struct ref_tensor y = { 0 };
	int rank = 0;
	double taps;

	for (int d = 0; d < x->rank; d++) {
		kept[d] = reduced[d] ? 1 : x->dim[d];
		if (!reduced[d])
			squeezed[rank++] = x->dim[d];
	}
	ref_shape(n, &y, x->rank, kept);
	taps = (double)(ref_count(x) / ref_count(&y));
	for (int64_t i = 0; kind == MAX && i < ref_count(&y); i++)
		y.v[i] = -INFINITY;
	for (int64_t i = 0; i < ref_count(x); i++) {
		double *to;

		ref_index(x, i, index);
		for (int d = 0; d < x->rank; d++)
			index[d] = reduced[d] ? 0 : index[d];
		to = &y.v[ref_offset(&y, index)];
		*to = kind == MAX ? fmax(*to, x->v[i]) : *to + x->v[i];
	}
	for (int64_t i = 0; kind == MEAN && i < ref_count(&y); i++)
		y.v[i] /= taps;
	*n->out[0] = y;
	if (!keep) {
		n->out[0]->rank = rank;
		for (int d = 0; d < rank; d++)
			n->out[0]->dim[d] = squeezed[d];
	}
}

static void reduce_axes(const struct ref_node *n, enum reduction kind)
{
	bool reduced[REF_MAX_RANK] = { false };
	int64_t axes[REF_MAX_RANK];
	int count = ref_list(n, "axes", 1, axes);

	for (int i = 0; i < count; i++)
		reduced[ref_axis(n->in[0], axes[i])] = true;
	for (int d = 0; !count && d < n->in[0]->rank; d++)
		reduced[d] = true;
	reduce(n, reduced, ref_int(n, "keepdims", 1), kind);
}

void ref_reduce_mean(const struct ref_node *n)
{
	reduce_axes(n, MEAN);
}

void ref_reduce_sum(const struct ref_node *n)
{
	reduce_axes(n, SUM);
}

void ref_reduce_max(const struct ref_node *n)
{
	reduce_axes(n, MAX);
}

static void reduce_planes(const struct ref_node *n, enum reduction kind)
{
	bool reduced[REF_MAX_RANK] = { false };

	for (int d = 2; d < n->in[0]->rank; d++)
		reduced[d] = true;
	reduce(n, reduced, true, kind);
}

void ref_global_average_pool(const struct ref_node *n)
{
	reduce_planes(n, MEAN);
}

void ref_global_max_pool(const struct ref_node *n)
{
	reduce_planes(n, MAX);
}

/* One group of numbers, `stride` apart. */
static void softmax_of(const double *x, double *y, int64_t count,
		       int64_t stride)
{
	double most = -INFINITY, sum = 0;

	for (int64_t i = 0; i < count; i++)
		most = fmax(most, x[i * stride]);
	for (int64_t i = 0; i < count; i++)
		sum += exp(x[i * stride] - most);
	for (int64_t i = 0; i < count; i++)
		y[i * stride] = exp(x[i * stride] - most) / sum;
}

void ref_softmax(const struct ref_node *n)
{
	bool joined = n->opset < 13;
	const struct ref_tensor *x = n->in[0];
	int axis = ref_axis(x, ref_int(n, "axis", joined ? 1 : -1));
	struct ref_tensor *y = ref_like(n);
	int64_t stride = joined ? 1 : ref_stride(x, axis);
	int64_t count = joined ? ref_stride(x, axis - 1) : x->dim[axis];

	for (int64_t i = 0; i < ref_count(x); i++)
		if (i / stride % count == 0)
			softmax_of(x->v + i, y->v + i, count, stride);
}
