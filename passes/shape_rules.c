/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "passes/shape_rules.h"

int rule_channel_dim(const struct node *n)
{
	return n->layout == LAYOUT_NHWC ? n->inputs[0]->shape.rank - 1 : 1;
}

bool rule_fits(const struct shape *s)
{
	int64_t elements = 1;

	for (int i = 0; i < s->rank; i++) {
		int64_t dim = s->dim[i];

		if (dim < 0 || dim > GRAPH_MAX_ELEMENTS)
			return false;
		if (dim > 0 && elements > GRAPH_MAX_ELEMENTS / dim)
			return false;
		elements *= dim > 0 ? dim : 1;
	}
	return true;
}

enum dtype rule_dtype_named(const char *name)
{
	for (int t = DT_NONE + 1; t < DT_COUNT; t++) {
		if (strcmp(dtype_name((enum dtype)t), name) == 0)
			return (enum dtype)t;
	}
	return DT_NONE;
}

int rule_output(struct node *n, int i, enum dtype t, const struct shape *s,
		struct diag *d)
{
	char text[SHAPE_TEXT];

	if (i >= n->output_count || !n->outputs[i])
		return 0;
	if (s->rank > GRAPH_MAX_RANK)
		return node_error(d, n,
				  "output '%s' would have %d dimensions, "
				  "at most %d are supported",
				  n->outputs[i]->name, s->rank, GRAPH_MAX_RANK);
	if (!rule_fits(s)) {
		shape_print(s, text, sizeof(text));
		return node_error(d, n,
				  "output '%s' would be %s, more than "
				  "%lld elements",
				  n->outputs[i]->name, text,
				  (long long)GRAPH_MAX_ELEMENTS);
	}
	n->outputs[i]->dtype = t;
	n->outputs[i]->shape = *s;
	return 0;
}

int rule_output_same(struct node *n, struct diag *d)
{
	return rule_output(n, 0, n->inputs[0]->dtype, &n->inputs[0]->shape, d);
}

int rule_dtype(const struct node *n, int i, enum dtype t, struct diag *d)
{
	const struct value *v = node_input(n, i);

	if (!v || v->dtype == t)
		return 0;
	return node_error(d, n, "input '%s' is %s, expected %s", v->name,
			  dtype_name(v->dtype), dtype_name(t));
}

int rule_same_dtype(const struct node *n, int i, struct diag *d)
{
	const struct value *v = node_input(n, i), *first = n->inputs[0];

	if (!v || v->dtype == first->dtype)
		return 0;
	return node_error(d, n, "input '%s' is %s, but '%s' is %s", v->name,
			  dtype_name(v->dtype), first->name,
			  dtype_name(first->dtype));
}

int rule_number(const struct node *n, int i, struct diag *d)
{
	const struct value *v = node_input(n, i);

	if (!v || v->dtype != DT_BOOL)
		return 0;
	return node_error(d, n, "input '%s' is bool, expected numbers",
			  v->name);
}

int rule_index(const struct node *n, int i, struct diag *d)
{
	const struct value *v = node_input(n, i);

	if (!v || v->dtype == DT_I64 || v->dtype == DT_I32)
		return 0;
	return node_error(d, n, "input '%s' is %s, expected i64 or i32",
			  v->name, dtype_name(v->dtype));
}

int rule_rank(const struct node *n, int i, int min, int max, struct diag *d)
{
	const struct value *v = node_input(n, i);

	if (!v || (v->shape.rank >= min && v->shape.rank <= max))
		return 0;
	if (min == max)
		return node_error(d, n,
				  "input '%s' has %d dimensions, "
				  "expected %d",
				  v->name, v->shape.rank, min);
	return node_error(d, n,
			  "input '%s' has %d dimensions, expected %d to "
			  "%d",
			  v->name, v->shape.rank, min, max);
}

int rule_vector(const struct node *n, int i, int64_t length, struct diag *d)
{
	const struct value *v = node_input(n, i);
	char text[SHAPE_TEXT];

	if (!v || (v->shape.rank == 1 && v->shape.dim[0] == length))
		return 0;
	shape_print(&v->shape, text, sizeof(text));
	return node_error(d, n, "input '%s' is %s, expected %lld", v->name,
			  text, (long long)length);
}

int rule_scalar(const struct node *n, int i, struct diag *d)
{
	const struct value *v = node_input(n, i);
	char text[SHAPE_TEXT];

	if (!v || shape_elements(&v->shape) == 1)
		return 0;
	shape_print(&v->shape, text, sizeof(text));
	return node_error(d, n, "input '%s' is %s, expected one element",
			  v->name, text);
}

int rule_ints(const struct node *n, int i, int64_t *out, int max,
	      struct diag *d)
{
	const struct value *v = node_input(n, i);

	if (!v)
		return 0;
	if (rule_index(n, i, d))
		return -1;
	if (!value_is_const(v)) {
		node_error(d, n,
			   "input '%s' depends on the data, expected "
			   "a constant",
			   v->name);
		diag_hint(d, "shapes that are only known when the model runs "
			     "are not supported");
		return -1;
	}
	int count = node_const_ints(n, i, out, max);
	if (count < 0)
		return node_error(d, n, "input '%s' has more than %d numbers",
				  v->name, max);
	return count;
}

int rule_axis(const struct node *n, int64_t axis, int rank, struct diag *d)
{
	if (axis < -(int64_t)rank || axis >= rank)
		return node_error(d, n,
				  "axis %lld is out of range for %d "
				  "dimensions",
				  (long long)axis, rank);
	return (int)(axis < 0 ? axis + rank : axis);
}

int rule_axis_attr(const struct node *n, int64_t def, int rank, struct diag *d)
{
	int64_t axis = node_int(n, "axis", def);

	if (axis == INT64_MIN)
		return node_error(d, n, "attribute 'axis' is missing");
	return rule_axis(n, axis, rank, d);
}

int rule_axes(const struct node *n, const int64_t *axes, int count, int rank,
	      struct diag *d)
{
	int mask = 0;

	for (int i = 0; i < count; i++) {
		int axis = rule_axis(n, axes[i], rank, d);

		if (axis < 0)
			return -1;
		if (mask & 1 << axis)
			return node_error(d, n, "axis %d is given twice", axis);
		mask |= 1 << axis;
	}
	return mask;
}

bool rule_broadcast(const struct shape *a, const struct shape *b,
		    struct shape *out)
{
	struct shape s = { .rank = a->rank > b->rank ? a->rank : b->rank };

	for (int i = 1; i <= s.rank; i++) {
		int64_t x = i <= a->rank ? a->dim[a->rank - i] : 1;
		int64_t y = i <= b->rank ? b->dim[b->rank - i] : 1;

		if (x != y && x != 1 && y != 1)
			return false;
		s.dim[s.rank - i] = x == 1 ? y : x;
	}
	*out = s;
	return true;
}

int rule_broadcast_into(const struct node *n, int i, const struct shape *to,
			struct diag *d)
{
	const struct value *v = node_input(n, i);
	char from_text[SHAPE_TEXT], to_text[SHAPE_TEXT];
	struct shape s;

	if (!v || (rule_broadcast(&v->shape, to, &s) && shape_equal(&s, to)))
		return 0;
	shape_print(&v->shape, from_text, sizeof(from_text));
	shape_print(to, to_text, sizeof(to_text));
	return node_error(d, n,
			  "input '%s' of shape %s does not broadcast "
			  "to %s",
			  v->name, from_text, to_text);
}

int rule_one_of(const struct node *n, const char *name,
		const char *const *allowed, struct diag *d)
{
	const char *s = node_string(n, name, allowed[0]);

	for (int i = 0; allowed[i]; i++) {
		if (strcmp(s, allowed[i]) == 0)
			return 0;
	}
	return node_error(d, n,
			  "attribute '%s' is '%s', which is not "
			  "supported",
			  name, s);
}
