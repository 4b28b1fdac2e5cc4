/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "passes/shape_rules.h"

static int product_mismatch(const struct node *n, struct diag *d)
{
	char a[SHAPE_TEXT], b[SHAPE_TEXT];

	shape_print(&n->inputs[0]->shape, a, sizeof(a));
	shape_print(&n->inputs[1]->shape, b, sizeof(b));
	return node_error(d, n, "shapes %s and %s do not multiply", a, b);
}

/* MatMul (opset 13), as numpy.matmul: a vector is a row or a column, whose dim
 * of 1 the result drops; dims before the last two broadcast. */
int shape_matmul(struct node *n, struct diag *d)
{
	struct shape a = n->inputs[0]->shape, b = n->inputs[1]->shape, s;
	bool row = a.rank == 1, column = b.rank == 1;

	if (rule_number(n, 0, d) || rule_same_dtype(n, 1, d) ||
	    rule_rank(n, 0, 1, GRAPH_MAX_RANK, d) ||
	    rule_rank(n, 1, 1, GRAPH_MAX_RANK, d))
		return -1;
	if (row)
		a = shape_of(2, (const int64_t[]){ 1, a.dim[0] });
	if (column)
		b = shape_of(2, (const int64_t[]){ b.dim[0], 1 });
	int64_t rows = a.dim[a.rank - 2], columns = b.dim[b.rank - 1];
	if (a.dim[a.rank - 1] != b.dim[b.rank - 2])
		return product_mismatch(n, d);
	a.rank -= 2;
	b.rank -= 2;
	if (!rule_broadcast(&a, &b, &s))
		return product_mismatch(n, d);
	if (!row)
		s.dim[s.rank++] = rows;
	if (!column)
		s.dim[s.rank++] = columns;
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_gemm(struct node *n, struct diag *d)
{
	const struct shape *a = &n->inputs[0]->shape;
	const struct shape *b = &n->inputs[1]->shape;
	bool ta = node_int(n, "transA", 0) != 0;
	bool tb = node_int(n, "transB", 0) != 0;

	if (rule_number(n, 0, d) || rule_same_dtype(n, 1, d) ||
	    rule_same_dtype(n, 2, d) || rule_rank(n, 0, 2, 2, d) ||
	    rule_rank(n, 1, 2, 2, d))
		return -1;
	if (a->dim[!ta] != b->dim[tb])
		return product_mismatch(n, d);
	struct shape s =
		shape_of(2, (const int64_t[]){ a->dim[ta], b->dim[!tb] });
	if (rule_broadcast_into(n, 2, &s, d))
		return -1;
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

/* Numbers in start, start + delta, ... before limit. */
static int64_t int_range(int64_t start, int64_t limit, int64_t delta)
{
	uint64_t length = 0, step = (uint64_t)delta;

	if (delta > 0 && limit > start)
		length = (uint64_t)limit - (uint64_t)start;
	if (delta < 0 && limit < start) {
		length = (uint64_t)start - (uint64_t)limit;
		step = 0 - step;
	}
	uint64_t count = length > 0 ? (length - 1) / step + 1 : 0;
	return count > (uint64_t)GRAPH_MAX_ELEMENTS ? -1 : (int64_t)count;
}

/* Range (opset 11): max(ceil((limit - start) / delta), 0). */
static int64_t float_range(float start, float limit, float delta)
{
	double count = ceil(((double)limit - (double)start) / (double)delta);

	if (!(count <= (double)GRAPH_MAX_ELEMENTS))
		return -1;
	return count > 0 ? (int64_t)count : 0;
}

static int64_t range_count(const struct node *n)
{
	int64_t v[3];
	float f[3];

	for (int i = 0; i < 3; i++) {
		if (n->inputs[0]->dtype == DT_F32)
			memcpy(&f[i], n->inputs[i]->data, sizeof(f[i]));
		else if (node_const_ints(n, i, &v[i], 1) != 1)
			return -1;
	}
	if (n->inputs[0]->dtype == DT_F32)
		return f[2] == 0 ? -1 : float_range(f[0], f[1], f[2]);
	return v[2] == 0 ? -1 : int_range(v[0], v[1], v[2]);
}

int shape_range(struct node *n, struct diag *d)
{
	enum dtype t = n->inputs[0]->dtype;

	if (t != DT_F32 && rule_index(n, 0, d))
		return -1;
	for (int i = 0; i < 3; i++) {
		const struct value *v = n->inputs[i];

		if (rule_same_dtype(n, i, d) || rule_scalar(n, i, d))
			return -1;
		if (!value_is_const(v))
			return node_error(d, n,
					  "input '%s' depends on the "
					  "data, expected a constant",
					  v->name);
	}
	int64_t count = range_count(n);
	if (count < 0)
		return node_error(d, n,
				  "its start, limit and delta give no "
				  "range, or too long a one");
	struct shape s = shape_of(1, &count);
	return rule_output(n, 0, t, &s, d);
}

/* Shape (opset 15): attributes start and end select some of the dims. */
int shape_shape(struct node *n, struct diag *d)
{
	int rank = n->inputs[0]->shape.rank;
	int64_t start = node_int(n, "start", 0);
	int64_t end = node_int(n, "end", rank);

	start = start < 0 ? start + rank : start;
	end = end < 0 ? end + rank : end;
	start = start < 0 ? 0 : start;
	end = end > rank ? rank : end;
	int64_t count = end > start ? end - start : 0;
	struct shape s = shape_of(1, &count);
	return rule_output(n, 0, DT_I64, &s, d);
}

int shape_size(struct node *n, struct diag *d)
{
	struct shape s = { .rank = 0 };

	return rule_output(n, 0, DT_I64, &s, d);
}

int shape_constant_of_shape(struct node *n, struct diag *d)
{
	const char *name = node_string(n, "dtype", dtype_name(DT_F32));
	enum dtype t = rule_dtype_named(name);
	struct shape s;
	int count = rule_ints(n, 0, s.dim, GRAPH_MAX_RANK, d);

	if (count < 0 || rule_rank(n, 0, 1, 1, d))
		return -1;
	if (t == DT_NONE)
		return node_error(d, n, "type '%s' is not supported", name);
	s.rank = count;
	for (int i = 0; i < count; i++) {
		if (s.dim[i] < 0)
			return node_error(d, n, "dimension %lld is negative",
					  (long long)s.dim[i]);
	}
	return rule_output(n, 0, t, &s, d);
}
