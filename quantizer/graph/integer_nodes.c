/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes the device computes on integers, and by a table of codes. */
#include "quantizer/graph/integer_nodes.h"

#include <math.h>
#include <string.h>

#include "ir/code_range.h"

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

/* A Quant that rounds to nearest, with one scale. */
static bool has_one_grid(const struct node *n, float *scale, float *zero,
			 float *bits)
{
	const char *mode = node_string(n, "rounding_mode", "ROUND");

	return n->op == OP_QUANT && node_const_float(n, 1, scale) &&
	       node_const_float(n, 2, zero) && node_const_float(n, 3, bits) &&
	       *scale > 0 && *bits >= 2 && *bits == rintf(*bits) &&
	       *zero == rintf(*zero) &&
	       (!strcmp(mode, "ROUND") || !strcmp(mode, "HALF_EVEN"));
}

bool trained_grid(const struct node *n, struct trained_grid *grid)
{
	struct code_range codes;
	float zero, bits;
	int low;

	if (!has_one_grid(n, &grid->scale, &zero, &bits) || bits > 8)
		return false;
	grid->bits = (int)bits;
	codes = quant_code_range(n, grid->bits);
	low = -(1 << (grid->bits - 1));
	/* codes of the device are signed */
	zero += codes.is_signed ? 0 : (float)low;
	grid->zero_point = (int32_t)zero;
	grid->low = (int)codes.low + (codes.is_signed ? 0 : low);
	grid->high = (int)codes.high + (codes.is_signed ? 0 : low);
	return zero >= (float)low && zero < (float)-low;
}

bool finer_grid(const struct node *n, float *scale)
{
	float zero, bits;

	return has_one_grid(n, scale, &zero, &bits) && bits > 8;
}

bool trained_grid_fills(const struct trained_grid *grid)
{
	int half = 1 << (grid->bits - 1);

	return grid->low == -half && grid->high == half - 1;
}

bool value_clamps_to(const struct value *v, const struct trained_grid *grid)
{
	const struct node *from = v->producer;

	if (!trained_grid_fills(grid))
		return false;
	return grid->bits == 8 ||
	       (from && (node_has_weights(from) || node_is_table(from) ||
			 from->op == OP_ADD || from->op == OP_SUB ||
			 from->op == OP_MUL));
}

bool node_is_integer(const struct node *n)
{
	const unsigned flags = op_info(n->op)->flags;
	struct trained_grid grid;
	float scale;

	if (n->tail || n->outputs[0]->dtype != DT_F32 || !(flags & OPF_INTEGER))
		return false;
	if (flags & OPF_U)
		return node_is_table(n);
	if (flags & OPF_W)
		return node_has_weights(n);
	switch (n->op) { /* conditions of some kernels */
	case OP_QUANT:
		return trained_grid(n, &grid) || finer_grid(n, &scale);
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
