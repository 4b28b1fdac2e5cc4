/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "ir/slice.h"
#include "passes/shape_rules.h"

int shape_identity(struct node *n, struct diag *d)
{
	return rule_output_same(n, d);
}

static int concat_mismatch(const struct node *n, int i, struct diag *d)
{
	char a[SHAPE_TEXT], b[SHAPE_TEXT];

	shape_print(&n->inputs[0]->shape, a, sizeof(a));
	shape_print(&n->inputs[i]->shape, b, sizeof(b));
	return node_error(d, n, "input '%s' of shape %s does not fit %s",
			  n->inputs[i]->name, b, a);
}

int shape_concat(struct node *n, struct diag *d)
{
	struct shape s = n->inputs[0]->shape;
	int axis = rule_axis_attr(n, INT64_MIN, s.rank, d);

	if (axis < 0)
		return -1;
	for (int i = 1; i < n->input_count; i++) {
		struct shape t = n->inputs[i]->shape;
		int64_t length = t.rank == s.rank ? t.dim[axis] : 0;

		if (rule_same_dtype(n, i, d))
			return -1;
		t.dim[axis] = s.dim[axis];
		if (!shape_equal(&s, &t))
			return concat_mismatch(n, i, d);
		if (length > GRAPH_MAX_ELEMENTS - s.dim[axis])
			return node_error(d, n, "its output is too large");
		s.dim[axis] += length;
	}
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

/* Length of output i if there is no input `split` (Split, opset 18): equal
 * parts, the last one smaller with num_outputs; -1 if that is not possible. */
static int64_t equal_part(const struct node *n, int64_t dim, int i)
{
	int64_t parts = n->output_count;
	int64_t length = (dim + parts - 1) / parts;

	if (!node_attr(n, "num_outputs"))
		return dim % parts == 0 ? length : -1;
	if (node_int(n, "num_outputs", 0) != parts)
		return -1;
	return i == parts - 1 ? dim - length * (parts - 1) : length;
}

/* Input `split`, known to be constant. The number of outputs is not limited,
 * so the lengths are read in place. */
static int64_t given_part(const struct value *v, int i)
{
	return v->dtype == DT_I64 ? ((const int64_t *)v->data)[i] :
				    ((const int32_t *)v->data)[i];
}

static int check_split(const struct node *n, const struct value *split,
		       struct diag *d)
{
	if (!split)
		return 0;
	if (rule_index(n, 1, d) || rule_vector(n, 1, n->output_count, d))
		return -1;
	if (!value_is_const(split))
		return node_error(d, n,
				  "input '%s' depends on the data, "
				  "expected a constant",
				  split->name);
	return 0;
}

int shape_split(struct node *n, struct diag *d)
{
	struct shape s = n->inputs[0]->shape;
	const struct value *split = node_input(n, 1);
	int axis = rule_axis_attr(n, 0, s.rank, d);

	if (axis < 0 || check_split(n, split, d))
		return -1;
	int64_t dim = s.dim[axis], left = dim;
	for (int i = 0; i < n->output_count; i++) {
		int64_t length = split ? given_part(split, i) :
					 equal_part(n, dim, i);

		if (length < 0 || length > left)
			return node_error(d, n,
					  "%d outputs do not share %lld "
					  "elements",
					  n->output_count, (long long)dim);
		left -= length;
		s.dim[axis] = length;
		if (rule_output(n, i, n->inputs[0]->dtype, &s, d))
			return -1;
	}
	if (left != 0)
		return node_error(d, n,
				  "%lld of %lld elements are in no "
				  "output",
				  (long long)left, (long long)dim);
	return 0;
}

int shape_slice(struct node *n, struct diag *d)
{
	int64_t unused[GRAPH_MAX_RANK];
	struct slice cut;

	for (int i = 1; i < n->input_count; i++) {
		if (rule_ints(n, i, unused, GRAPH_MAX_RANK, d) < 0)
			return -1;
	}
	if (slice_of(n, &cut, d))
		return -1;
	struct shape s = shape_of(cut.rank, cut.count);
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

/* The pad that a mode allows: any for constant, limited by the cells to copy
 * for the others. */
static bool pad_fits(char mode, int64_t pad, int64_t dim)
{
	switch (mode) {
	case 'c':
		return true;
	case 'e':
		return pad <= 0 || dim > 0;
	case 'r':
		return pad < (dim > 0 ? dim : 1);
	case 'w':
		return pad <= dim;
	default:
		assert(!"a padding mode");
		return false;
	}
}

static int pad_dim(const struct node *n, char mode, struct shape *s, int axis,
		   int64_t begin, int64_t end, struct diag *d)
{
	int64_t dim = s->dim[axis], most = GRAPH_MAX_ELEMENTS;

	if (begin < -most || begin > most || end < -most || end > most ||
	    dim + begin + end < 0)
		return node_error(d, n,
				  "pads %lld and %lld are out of range "
				  "for %lld elements",
				  (long long)begin, (long long)end,
				  (long long)dim);
	if (!pad_fits(mode, begin, dim) || !pad_fits(mode, end, dim))
		return node_error(d, n,
				  "pads %lld and %lld are too large for "
				  "%lld elements in mode '%s'",
				  (long long)begin, (long long)end,
				  (long long)dim, node_string(n, "mode", ""));
	s->dim[axis] = dim + begin + end;
	return 0;
}

int shape_pad(struct node *n, struct diag *d)
{
	static const char *const modes[] = { "constant", "reflect", "edge",
					     "wrap", NULL };
	int64_t pads[2 * GRAPH_MAX_RANK];
	int64_t axes[GRAPH_MAX_RANK] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct shape s = n->inputs[0]->shape;

	if (rule_one_of(n, "mode", modes, d) || rule_same_dtype(n, 2, d) ||
	    rule_scalar(n, 2, d))
		return -1;
	int count = rule_ints(n, 1, pads, 2 * GRAPH_MAX_RANK, d);
	int axis_count = rule_ints(n, 3, axes, GRAPH_MAX_RANK, d);
	if (!node_input(n, 3))
		axis_count = s.rank;
	if (count < 0 || axis_count < 0 ||
	    rule_axes(n, axes, axis_count, s.rank, d) < 0)
		return -1;
	if (count != 2 * axis_count)
		return node_error(d, n,
				  "input '%s' has %d numbers, expected "
				  "%d",
				  n->inputs[1]->name, count, 2 * axis_count);
	char mode = node_string(n, "mode", "constant")[0];
	for (int i = 0; i < axis_count; i++) {
		int axis = rule_axis(n, axes[i], s.rank, d);

		if (pad_dim(n, mode, &s, axis, pads[i], pads[axis_count + i],
			    d))
			return -1;
	}
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_tile(struct node *n, struct diag *d)
{
	int64_t repeats[GRAPH_MAX_RANK];
	struct shape s = n->inputs[0]->shape;
	int count = rule_ints(n, 1, repeats, GRAPH_MAX_RANK, d);

	if (count < 0)
		return -1;
	if (count != s.rank)
		return node_error(d, n, "%d repeats for %d dimensions", count,
				  s.rank);
	for (int i = 0; i < count; i++) {
		if (repeats[i] < 0 || repeats[i] > GRAPH_MAX_ELEMENTS)
			return node_error(d, n, "repeat %lld is out of range",
					  (long long)repeats[i]);
		s.dim[i] *= repeats[i];
	}
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_expand(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	char from[SHAPE_TEXT], to[SHAPE_TEXT];
	struct shape want, s;
	int count = rule_ints(n, 1, want.dim, GRAPH_MAX_RANK, d);

	if (count < 0)
		return -1;
	want.rank = count;
	for (int i = 0; i < count; i++) {
		if (want.dim[i] < 0)
			return node_error(d, n, "dimension %lld is negative",
					  (long long)want.dim[i]);
	}
	if (!rule_broadcast(x, &want, &s)) {
		shape_print(x, from, sizeof(from));
		shape_print(&want, to, sizeof(to));
		return node_error(d, n, "shape %s does not expand to %s", from,
				  to);
	}
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

/* Constant indices must all lie in [-dim, dim); others are checked at run
 * time. */
static int check_indices(const struct node *n, const struct value *v,
			 int64_t dim, struct diag *d)
{
	int64_t count = shape_elements(&v->shape);

	for (int64_t i = 0; value_is_const(v) && i < count; i++) {
		int64_t k = v->dtype == DT_I64 ? ((const int64_t *)v->data)[i] :
						 ((const int32_t *)v->data)[i];

		if (k < -dim || k >= dim)
			return node_error(d, n,
					  "index %lld of '%s' is out of "
					  "range for %lld elements",
					  (long long)k, v->name,
					  (long long)dim);
	}
	return 0;
}

int shape_gather(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	const struct shape *index = &n->inputs[1]->shape;
	struct shape s = { .rank = x->rank + index->rank - 1 };
	int axis = rule_axis_attr(n, 0, x->rank, d);

	if (axis < 0 || rule_index(n, 1, d) ||
	    check_indices(n, n->inputs[1], x->dim[axis], d))
		return -1;
	if (s.rank > GRAPH_MAX_RANK)
		return node_error(d, n,
				  "its output would have %d dimensions, "
				  "at most %d are supported",
				  s.rank, GRAPH_MAX_RANK);
	for (int i = 0; i < axis; i++)
		s.dim[i] = x->dim[i];
	for (int i = 0; i < index->rank; i++)
		s.dim[axis + i] = index->dim[i];
	for (int i = axis + 1; i < x->rank; i++)
		s.dim[index->rank + i - 1] = x->dim[i];
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_gather_elements(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	const struct shape *index = &n->inputs[1]->shape;
	int axis = rule_axis_attr(n, 0, x->rank, d);

	if (axis < 0 || rule_index(n, 1, d) ||
	    rule_rank(n, 1, x->rank, x->rank, d) ||
	    check_indices(n, n->inputs[1], x->dim[axis], d))
		return -1;
	for (int i = 0; i < x->rank; i++) {
		if (i != axis && index->dim[i] > x->dim[i])
			return node_error(d, n,
					  "dimension %d of '%s' is %lld, "
					  "expected at most %lld",
					  i, n->inputs[1]->name,
					  (long long)index->dim[i],
					  (long long)x->dim[i]);
	}
	return rule_output(n, 0, n->inputs[0]->dtype, index, d);
}

/* GatherND (opset 13): indices [batch..., outer..., k] into data [batch..., k
 * dims, inner...] give [batch..., outer..., inner...]. */
int shape_gather_nd(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	const struct shape *index = &n->inputs[1]->shape;
	int64_t batch = node_int(n, "batch_dims", 0);
	int outer = index->rank - 1;

	if (rule_index(n, 1, d) || rule_rank(n, 0, 1, GRAPH_MAX_RANK, d) ||
	    rule_rank(n, 1, 1, GRAPH_MAX_RANK, d))
		return -1;
	if (batch < 0 || batch > outer || batch >= x->rank)
		return node_error(d, n,
				  "%lld batch dimensions are out of "
				  "range",
				  (long long)batch);
	for (int i = 0; i < batch; i++) {
		if (x->dim[i] != index->dim[i])
			return node_error(d, n, "batch dimension %d differs",
					  i);
	}
	int64_t k = index->dim[outer];
	if (k < 1 || k > x->rank - batch)
		return node_error(d, n,
				  "indices of %lld numbers are out of "
				  "range",
				  (long long)k);
	struct shape s = shape_of(outer, index->dim);
	int inner = x->rank - (int)(batch + k);
	if (outer + inner > GRAPH_MAX_RANK)
		return node_error(d, n, "its output has too many dimensions");
	for (int i = 0; i < inner; i++)
		s.dim[s.rank++] = x->dim[batch + k + i];
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

/* indices [outer..., k] into data, whose k first dims they select; the updates
 * are [outer..., inner...]. */
static int check_updates(const struct node *n, int64_t k, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	const struct shape *index = &n->inputs[1]->shape;
	const struct shape *updates = &n->inputs[2]->shape;
	struct shape want = shape_of(index->rank - 1, index->dim);
	char text[SHAPE_TEXT];

	for (int i = (int)k; i < x->rank && want.rank < GRAPH_MAX_RANK; i++)
		want.dim[want.rank++] = x->dim[i];
	if (n->inputs[2]->dtype != n->inputs[0]->dtype)
		return node_error(d, n, "input '%s' is %s, expected %s",
				  n->inputs[2]->name,
				  dtype_name(n->inputs[2]->dtype),
				  dtype_name(n->inputs[0]->dtype));
	if (shape_equal(updates, &want))
		return 0;
	shape_print(&want, text, sizeof(text));
	return node_error(d, n,
			  "the shape of '%s' is not %s, as its indices "
			  "have it",
			  n->inputs[2]->name, text);
}

/* ScatterND (opset 11 to 18): input 0 with some of its elements replaced. */
int shape_scatter_nd(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	const struct shape *index = &n->inputs[1]->shape;
	const char *reduction = node_string(n, "reduction", "none");
	int64_t k;

	if (rule_index(n, 1, d) || rule_rank(n, 0, 1, GRAPH_MAX_RANK, d) ||
	    rule_rank(n, 1, 1, GRAPH_MAX_RANK, d))
		return -1;
	if (strcmp(reduction, "none"))
		return node_error(d, n, "reduction '%s' is not supported",
				  reduction);
	k = index->dim[index->rank - 1];
	if (k < 1 || k > x->rank)
		return node_error(d, n,
				  "indices of %lld numbers are out of "
				  "range",
				  (long long)k);
	if (check_updates(n, k, d))
		return -1;
	return rule_output_same(n, d);
}
