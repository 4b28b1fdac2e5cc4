/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes the device computes on integers, and by a table of codes. */
#include "quantizer/graph/integer_nodes.h"

#include <math.h>
#include <string.h>

bool node_has_weights(const struct node *n)
{
	const struct value *w = node_input(n, 1);

	if (n->tail || !w || !value_is_const(w) || w->dtype != DT_F32)
		return false;
	if (n->op == OP_GEMM)
		return node_int(n, "transB", 0) && !node_int(n, "transA", 0) &&
		       n->inputs[0]->shape.rank == 2;
	return (n->op == OP_CONV || n->op == OP_CONV_TRANSPOSE) &&
	       n->layout == LAYOUT_NHWC;
}

bool node_keeps_scale(enum op op)
{
	return op_info(op)->flags & OPF_KEEPS_SCALE;
}

static bool reduces_image(const struct node *n)
{
	int64_t axes[2];

	return n->op == OP_REDUCE_MEAN && n->inputs[0]->shape.rank == 4 &&
	       node_const_ints(n, 1, axes, 2) == 2 && axes[0] + axes[1] == 3 &&
	       axes[0] * axes[1] == 2;
}

bool node_is_table(const struct node *n)
{
	const unsigned needed = OPF_U | OPF_INTEGER;

	if ((op_info(n->op)->flags & needed) != needed)
		return false;
	for (int i = 1; i < n->input_count; i++)
		if (n->inputs[i] && !value_is_const(n->inputs[i]))
			return false;
	return true;
}

bool trained_grid(const struct node *n, struct trained_grid *grid)
{
	float zero, bits;
	int low;

	if (n->op != OP_QUANT || !node_const_float(n, 1, &grid->scale) ||
	    !node_const_float(n, 2, &zero) || !node_const_float(n, 3, &bits) ||
	    !(grid->scale > 0) || !(bits >= 2 && bits <= 8) ||
	    bits != rintf(bits) || zero != rintf(zero) ||
	    strcmp(node_string(n, "rounding_mode", "ROUND"), "ROUND") != 0)
		return false;
	grid->bits = (int)bits;
	low = -(1 << (grid->bits - 1));
	/* codes of the device are signed */
	zero += node_int(n, "signed", 1) ? 0 : (float)low;
	grid->zero_point = (int32_t)zero;
	return zero >= (float)low && zero < (float)-low;
}

/* Fewer than 8 bits only where the producer can clamp to them. */
static bool takes_grid(const struct node *n)
{
	const struct node *from = n->inputs[0]->producer;
	struct trained_grid grid;

	if (!trained_grid(n, &grid) || node_int(n, "narrow", 0))
		return false;
	return grid.bits == 8 || (from && value_readers(n->inputs[0]) == 1 &&
				  (node_has_weights(from) ||
				   node_is_table(from) || from->op == OP_ADD ||
				   from->op == OP_SUB || from->op == OP_MUL));
}

bool node_is_integer(const struct node *n)
{
	const unsigned flags = op_info(n->op)->flags;

	if (n->tail || n->outputs[0]->dtype != DT_F32 || !(flags & OPF_INTEGER))
		return false;
	if (flags & OPF_U)
		return node_is_table(n);
	if (flags & OPF_W)
		return node_has_weights(n);
	switch (n->op) { /* conditions of some kernels */
	case OP_QUANT:
		return takes_grid(n);
	case OP_AVERAGE_POOL:
	case OP_GLOBAL_AVERAGE_POOL:
		return n->inputs[0]->shape.rank == 4;
	case OP_REDUCE_MEAN:
		return reduces_image(n);
	case OP_RESIZE:
		return n->layout == LAYOUT_NHWC;
	case OP_GATHER:
		return value_is_const(n->inputs[1]);
	default:
		return true;
	}
}

const struct node *value_table_reader(const struct value *v)
{
	const struct node *n = value_only_reader(v);

	if (!n || v->is_output || !(op_info(n->op)->flags & OPF_U) ||
	    n->inputs[0] != v || !node_is_integer(n))
		return NULL;
	return n;
}

const struct node *value_accumulator_table(const struct value *v)
{
	const struct node *conv = v->producer, *n = value_table_reader(v);

	if (!n || !conv || conv->op != OP_CONV || !node_has_weights(conv) ||
	    conv->act.kind != ACT_NONE || n->outputs[0]->dtype != DT_F32)
		return NULL;
	for (int i = 1; i < n->input_count; i++)
		if (n->inputs[i] && shape_elements(&n->inputs[i]->shape) != 1)
			return NULL;
	return n;
}
