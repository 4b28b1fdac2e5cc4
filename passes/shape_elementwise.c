/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/shape_rules.h"

int shape_unary_float(struct node *n, struct diag *d)
{
	return rule_dtype(n, 0, DT_F32, d) ? -1 : rule_output_same(n, d);
}

int shape_unary_number(struct node *n, struct diag *d)
{
	return rule_number(n, 0, d) ? -1 : rule_output_same(n, d);
}

int shape_unary_bool(struct node *n, struct diag *d)
{
	return rule_dtype(n, 0, DT_BOOL, d) ? -1 : rule_output_same(n, d);
}

int shape_gelu(struct node *n, struct diag *d)
{
	static const char *const forms[] = { "none", "tanh", NULL };

	if (rule_one_of(n, "approximate", forms, d))
		return -1;
	return shape_unary_float(n, d);
}

int shape_clip(struct node *n, struct diag *d)
{
	for (int i = 1; i < 3; i++) {
		if (rule_same_dtype(n, i, d) || rule_scalar(n, i, d))
			return -1;
	}
	return shape_unary_number(n, d);
}

int shape_cast(struct node *n, struct diag *d)
{
	const char *to = node_string(n, "to", NULL);

	if (!to)
		return node_error(d, n, "attribute 'to' is missing");
	enum dtype t = rule_dtype_named(to);
	if (t == DT_NONE)
		return node_error(d, n, "type '%s' is not supported", to);
	return rule_output(n, 0, t, &n->inputs[0]->shape, d);
}

/* The shape that all inputs broadcast to. */
static int broadcast_all(const struct node *n, struct shape *s, struct diag *d)
{
	char a[SHAPE_TEXT], b[SHAPE_TEXT];

	*s = n->inputs[0]->shape;
	for (int i = 1; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];
		struct shape before = *s;

		if (rule_broadcast(&before, &v->shape, s))
			continue;
		shape_print(&before, a, sizeof(a));
		shape_print(&v->shape, b, sizeof(b));
		return node_error(d, n,
				  "shapes %s and %s ('%s') do not "
				  "broadcast",
				  a, b, v->name);
	}
	return 0;
}

/* All inputs have one type and broadcast; the output's type is `t`, or theirs
 * if `t` is DT_NONE. */
static int broadcast_rule(struct node *n, enum dtype t, struct diag *d)
{
	struct shape s;

	for (int i = 1; i < n->input_count; i++) {
		if (rule_same_dtype(n, i, d))
			return -1;
	}
	if (broadcast_all(n, &s, d))
		return -1;
	return rule_output(n, 0, t == DT_NONE ? n->inputs[0]->dtype : t, &s, d);
}

int shape_arithmetic(struct node *n, struct diag *d)
{
	return rule_number(n, 0, d) ? -1 : broadcast_rule(n, DT_NONE, d);
}

int shape_variadic(struct node *n, struct diag *d)
{
	return shape_arithmetic(n, d);
}

int shape_logic(struct node *n, struct diag *d)
{
	return rule_dtype(n, 0, DT_BOOL, d) ? -1 :
					      broadcast_rule(n, DT_BOOL, d);
}

int shape_compare(struct node *n, struct diag *d)
{
	return rule_number(n, 0, d) ? -1 : broadcast_rule(n, DT_BOOL, d);
}

int shape_equality(struct node *n, struct diag *d)
{
	return broadcast_rule(n, DT_BOOL, d);
}

/* Pow (opset 15): the exponent may have another type. */
int shape_pow(struct node *n, struct diag *d)
{
	struct shape s;

	if (rule_number(n, 0, d) || rule_number(n, 1, d) ||
	    broadcast_all(n, &s, d))
		return -1;
	return rule_output(n, 0, n->inputs[0]->dtype, &s, d);
}

int shape_mod(struct node *n, struct diag *d)
{
	if (n->inputs[0]->dtype == DT_F32 && node_int(n, "fmod", 0) == 0)
		return node_error(d, n, "floats need attribute 'fmod' = 1");
	return shape_arithmetic(n, d);
}

int shape_prelu(struct node *n, struct diag *d)
{
	if (rule_number(n, 0, d) || rule_same_dtype(n, 1, d) ||
	    rule_broadcast_into(n, 1, &n->inputs[0]->shape, d))
		return -1;
	return rule_output_same(n, d);
}

int shape_where(struct node *n, struct diag *d)
{
	const struct value *x = n->inputs[1], *y = n->inputs[2];
	struct shape s;

	if (rule_dtype(n, 0, DT_BOOL, d) || rule_dtype(n, 2, x->dtype, d) ||
	    broadcast_all(n, &s, d))
		return -1;
	return rule_output(n, 0, y->dtype, &s, d);
}
