/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/shape_rules.h"

static int check_floats(const struct node *n, struct diag *d)
{
	for (int i = 0; i < n->input_count; i++) {
		if (rule_dtype(n, i, DT_F32, d))
			return -1;
	}
	return 0;
}

/* Inputs 1 to n->input_count - 1 have one number for each channel. */
static int check_channels(const struct node *n, int64_t channels,
			  struct diag *d)
{
	for (int i = 1; i < n->input_count; i++) {
		if (rule_vector(n, i, channels, d))
			return -1;
	}
	return 0;
}

/* Outputs after the first are running statistics, used only in training. */
static int check_no_training(const struct node *n, struct diag *d)
{
	bool training = node_int(n, "training_mode", 0) != 0;

	for (int i = 1; i < n->output_count; i++)
		training |= n->outputs[i] != NULL;
	if (!training)
		return 0;
	node_error(d, n, "it is in training mode");
	diag_hint(d, "export the model for inference (eval mode)");
	return -1;
}

int shape_batch_norm(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;

	if (check_floats(n, d) || check_no_training(n, d) ||
	    rule_rank(n, 0, 1, GRAPH_MAX_RANK, d))
		return -1;
	/* BatchNormalization (opset 15): a vector has one channel */
	int64_t channels = x->rank > 1 ? x->dim[rule_channel_dim(n)] : 1;
	if (check_channels(n, channels, d))
		return -1;
	return rule_output_same(n, d);
}

int shape_instance_norm(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;

	if (check_floats(n, d) || rule_rank(n, 0, 3, GRAPH_MAX_RANK, d) ||
	    check_channels(n, x->dim[rule_channel_dim(n)], d))
		return -1;
	return rule_output_same(n, d);
}

/* LayerNormalization (opset 17): scale and bias broadcast into the dims from
 * axis. */
int shape_layer_norm(struct node *n, struct diag *d)
{
	const struct shape *x = &n->inputs[0]->shape;
	int axis = rule_axis_attr(n, -1, x->rank, d);

	if (axis < 0 || check_floats(n, d))
		return -1;
	struct shape inner = shape_of(x->rank - axis, x->dim + axis);
	if (rule_broadcast_into(n, 1, &inner, d) ||
	    rule_broadcast_into(n, 2, &inner, d))
		return -1;
	return rule_output_same(n, d);
}

int shape_lrn(struct node *n, struct diag *d)
{
	int64_t size = node_int(n, "size", 0);

	if (rule_dtype(n, 0, DT_F32, d) ||
	    rule_rank(n, 0, 2, GRAPH_MAX_RANK, d))
		return -1;
	if (size < 1 || size > INT32_MAX)
		return node_error(d, n, "attribute 'size' is %lld",
				  (long long)size);
	return rule_output_same(n, d);
}
