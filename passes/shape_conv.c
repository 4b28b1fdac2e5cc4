/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/window.h"
#include "passes/shape_rules.h"

static int check_groups(const struct node *n, int64_t channels, int64_t *groups,
			struct diag *d)
{
	*groups = node_int(n, "group", 1);
	if (*groups < 1 || channels < 1 || channels % *groups != 0)
		return node_error(d, n,
				  "%lld groups do not divide %lld "
				  "channels",
				  (long long)*groups, (long long)channels);
	return 0;
}

static int weight_mismatch(const struct node *n, int64_t channels,
			   int64_t groups, struct diag *d)
{
	char text[SHAPE_TEXT];

	shape_print(&n->inputs[1]->shape, text, sizeof(text));
	return node_error(d, n,
			  "weight '%s' of shape %s does not fit %lld "
			  "channels in %lld groups",
			  n->inputs[1]->name, text, (long long)channels,
			  (long long)groups);
}

static int check_floats(const struct node *n, struct diag *d)
{
	for (int i = 0; i < n->input_count; i++) {
		if (rule_dtype(n, i, DT_F32, d))
			return -1;
	}
	return 0;
}

int shape_conv(struct node *n, struct diag *d)
{
	const struct shape *weight = &n->inputs[1]->shape;
	struct window w;
	int64_t groups;

	if (check_floats(n, d) || window_of(n, &w, d) ||
	    check_groups(n, w.channels, &groups, d))
		return -1;
	if (weight->dim[1] != w.channels / groups)
		return weight_mismatch(n, w.channels, groups, d);
	if (weight->dim[0] < 1 || weight->dim[0] % groups != 0)
		return node_error(d, n,
				  "%lld groups do not divide %lld output "
				  "channels",
				  (long long)groups, (long long)weight->dim[0]);
	if (rule_vector(n, 2, weight->dim[0], d))
		return -1;
	struct shape s = window_output(&w, n, weight->dim[0]);
	return rule_output(n, 0, DT_F32, &s, d);
}

int shape_conv_transpose(struct node *n, struct diag *d)
{
	const struct shape *weight = &n->inputs[1]->shape;
	struct window w;
	int64_t groups;

	if (check_floats(n, d) || window_of(n, &w, d) ||
	    check_groups(n, w.channels, &groups, d))
		return -1;
	if (weight->dim[0] != w.channels || weight->dim[1] < 1)
		return weight_mismatch(n, w.channels, groups, d);
	/* both are at most GRAPH_MAX_ELEMENTS: no overflow */
	int64_t channels = weight->dim[1] * groups;
	if (rule_vector(n, 2, channels, d))
		return -1;
	struct shape s = window_output(&w, n, channels);
	return rule_output(n, 0, DT_F32, &s, d);
}

int shape_pool(struct node *n, struct diag *d)
{
	enum dtype t = n->inputs[0]->dtype;
	struct window w;

	/* MaxPool (opset 12) takes 8-bit integers too */
	if (!(n->op == OP_MAX_POOL && (t == DT_I8 || t == DT_U8)) &&
	    rule_dtype(n, 0, DT_F32, d))
		return -1;
	if (window_of(n, &w, d))
		return -1;
	struct shape s = window_output(&w, n, w.channels);
	return rule_output(n, 0, t, &s, d);
}
