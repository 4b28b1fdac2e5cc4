/* SPDX-License-Identifier: Apache-2.0 */
/* Operators along axes, in float. */
#include "converter/lower/lower_operators.h"

#include "converter/lower/lower_op.h"
#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_tensor.h"

static const enum dbp_reduce_kind reduce_kinds[OP_COUNT] = {
	[OP_REDUCE_SUM] = DBP_R_SUM,
	[OP_REDUCE_MEAN] = DBP_R_MEAN,
	[OP_REDUCE_MAX] = DBP_R_MAX,
	[OP_REDUCE_MIN] = DBP_R_MIN,
	[OP_REDUCE_PROD] = DBP_R_PROD,
	[OP_REDUCE_L1] = DBP_R_L1,
	[OP_REDUCE_L2] = DBP_R_L2,
	[OP_REDUCE_SUM_SQUARE] = DBP_R_SUM_SQUARE,
};

/* The reduced dims stay, as 1. */
static uint32_t reduce(struct lower *l, enum dbp_reduce_kind kind, uint32_t x,
		       uint32_t axes)
{
	struct dbp_reduce p = { (uint32_t)kind, axes };
	struct shape s = lower_shape(l, x);

	for (int i = 0; i < s.rank; i++)
		if (axes >> i & 1)
			s.dim[i] = 1;
	return lower_op1(l, DBP_OP_REDUCE, x,
			 lower_tensor(l, DBP_F32, &s, NULL), &p, sizeof(p));
}

int lower_reduce_f32(struct lower *l, const struct node *n)
{
	int rank = n->inputs[0]->shape.rank, count = 0;
	int64_t list[GRAPH_MAX_RANK];
	uint32_t x = lower_f32(l, n->inputs[0]), axes = 0;

	if (node_input(n, 1)) {
		count = node_const_ints(n, 1, list, GRAPH_MAX_RANK);
		if (count < 0)
			return lower_refuse(l,
					    "computed axes are not supported");
	}
	for (int i = 0; i < count; i++) {
		int axis = lower_axis(l, x, rank, list[i]);

		if (axis < 0)
			return -1;
		axes |= 1u << axis;
	}
	if (!count && node_int(n, "noop_with_empty_axes", 0))
		return lower_finish_f32(l, n, x);
	if (!count)
		axes = (1u << l->m->tensors[x].rank) - 1;
	return lower_finish_f32(l, n, reduce(l, reduce_kinds[n->op], x, axes));
}

int lower_softmax(struct lower *l, const struct node *n)
{
	uint32_t x = lower_f32(l, n->inputs[0]);
	int axis = lower_axis(l, x, n->inputs[0]->shape.rank,
			      node_int(n, "axis", -1));
	struct dbp_softmax p = { (uint32_t)axis, n->op == OP_LOG_SOFTMAX };
	struct shape s = lower_shape(l, x);

	if (axis < 0)
		return -1;
	x = lower_op1(l, DBP_OP_SOFTMAX, x, lower_tensor(l, DBP_F32, &s, NULL),
		      &p, sizeof(p));
	return lower_finish_f32(l, n, x);
}

int lower_arg_max(struct lower *l, const struct node *n)
{
	uint32_t x = lower_f32(l, n->inputs[0]);
	int axis = lower_axis(l, x, n->inputs[0]->shape.rank,
			      node_int(n, "axis", 0));
	struct dbp_softmax p = { (uint32_t)axis, 0 };
	struct shape s = lower_shape(l, x);

	if (axis < 0)
		return -1;
	if (node_int(n, "select_last_index", 0))
		return lower_refuse(l, "the last of equal numbers "
				       "(select_last_index) is not supported");
	if (n->op == OP_ARG_MIN)
		x = lower_unary(l, DBP_U_NEG, x, 0, 0);
	s.dim[axis] = 1;
	x = lower_op1(l, DBP_OP_ARG_MAX, x, lower_tensor(l, DBP_I32, &s, NULL),
		      &p, sizeof(p));
	lower_store(l, n->outputs[0], x);
	return 0;
}

int lower_top_k(struct lower *l, const struct node *n)
{
	uint32_t x = lower_f32(l, n->inputs[0]), out[2];
	int axis = lower_axis(l, x, n->inputs[0]->shape.rank,
			      node_int(n, "axis", -1));
	struct dbp_softmax p = { (uint32_t)axis, !node_int(n, "largest", 1) };
	struct shape s = lower_shape(l, x);
	int64_t k;

	if (axis < 0)
		return -1;
	if (node_const_ints(n, 1, &k, 1) != 1 || k < 1 || k > s.dim[axis])
		return lower_refuse(l, "the count is not a constant from 1 to "
				       "the size of the axis");
	s.dim[axis] = k;
	out[0] = lower_tensor(l, DBP_F32, &s, NULL);
	out[1] = lower_tensor(l, DBP_I32, &s, NULL);
	dev_add_op(l->m, DBP_OP_TOP_K, &x, 1, out, 2, &p, sizeof(p))->node = n;
	for (int i = 0; i < 2; i++)
		if (i < n->output_count && n->outputs[i])
			lower_store(l, n->outputs[i], out[i]);
	return 0;
}

/* (x - mean) / sqrt(variance + epsilon) */
static uint32_t normalised(struct lower *l, uint32_t x, uint32_t axes,
			   float epsilon)
{
	uint32_t d, t;

	d = lower_binary(l, DBP_B_SUB, x, reduce(l, DBP_R_MEAN, x, axes));
	t = reduce(l, DBP_R_MEAN, lower_binary(l, DBP_B_MUL, d, d), axes);
	t = lower_binary_scalar(l, DBP_B_ADD, t, epsilon);
	t = lower_unary(l, DBP_U_SQRT, t, 0, 0);
	return lower_binary(l, DBP_B_DIV, d, t);
}

/* Over the dims from `axis` on. */
int lower_layer_norm(struct lower *l, const struct node *n)
{
	uint32_t x = lower_f32(l, n->inputs[0]), axes = 0;
	int axis = lower_axis(l, x, n->inputs[0]->shape.rank,
			      node_int(n, "axis", -1));

	if (axis < 0)
		return -1;
	if ((n->output_count > 1 && n->outputs[1]) ||
	    (n->output_count > 2 && n->outputs[2]))
		return lower_refuse(
			l, "the mean and deviation outputs are not supported");
	for (int i = axis; i < l->m->tensors[x].rank; i++)
		axes |= 1u << i;
	x = normalised(l, x, axes, node_float(n, "epsilon", 1e-5f));
	x = lower_binary(l, DBP_B_MUL, x, lower_f32(l, n->inputs[1]));
	if (node_input(n, 2))
		x = lower_binary(l, DBP_B_ADD, x, lower_f32(l, n->inputs[2]));
	return lower_finish_f32(l, n, x);
}

/* Over the image for each channel, with one scale and bias for each channel. */
int lower_instance_norm(struct lower *l, const struct node *n)
{
	bool nhwc = n->layout == LAYOUT_NHWC;
	uint32_t x = lower_f32(l, n->inputs[0]), axes = 0;
	int rank = l->m->tensors[x].rank;
	struct shape s = { .rank = rank };
	uint32_t part;

	if (rank != n->inputs[0]->shape.rank || rank < 3)
		return lower_refuse(
			l, "an input of %d dimensions is not supported",
			n->inputs[0]->shape.rank);
	for (int i = 0; i < rank; i++) {
		bool is_channel = i == (nhwc ? rank - 1 : 1);

		s.dim[i] = is_channel ? l->m->tensors[x].dims[i] : 1;
		if (i > 0 && !is_channel)
			axes |= 1u << i;
	}
	x = normalised(l, x, axes, node_float(n, "epsilon", 1e-5f));
	part = lower_reshape(l, lower_f32(l, n->inputs[1]), &s);
	x = lower_binary(l, DBP_B_MUL, x, part);
	part = lower_reshape(l, lower_f32(l, n->inputs[2]), &s);
	return lower_finish_f32(l, n, lower_binary(l, DBP_B_ADD, x, part));
}
