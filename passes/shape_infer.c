/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/shape_infer.h"
#include "passes/shape_rules.h"

static shape_rule *const rules[OP_COUNT] = {
	/* without OPF_FUNCTION */
	[OP_ABS] = shape_unary_number,
	[OP_ADD] = shape_arithmetic,
	[OP_AND] = shape_logic,
	[OP_ARG_MAX] = shape_arg,
	[OP_ARG_MIN] = shape_arg,
	[OP_AVERAGE_POOL] = shape_pool,
	[OP_BATCH_NORM] = shape_batch_norm,
	[OP_CAST] = shape_cast,
	[OP_CLIP] = shape_clip,
	[OP_CONCAT] = shape_concat,
	[OP_CONSTANT_OF_SHAPE] = shape_constant_of_shape,
	[OP_CONV] = shape_conv,
	[OP_CONV_TRANSPOSE] = shape_conv_transpose,
	[OP_DEPTH_TO_SPACE] = shape_depth_to_space,
	[OP_DEQUANTIZE_LINEAR] = shape_dequantize,
	[OP_DIV] = shape_arithmetic,
	[OP_DYNAMIC_QUANTIZE_LINEAR] = shape_dynamic_quantize,
	[OP_EQUAL] = shape_equality,
	[OP_EXPAND] = shape_expand,
	[OP_FLATTEN] = shape_flatten,
	[OP_GATHER] = shape_gather,
	[OP_GATHER_ELEMENTS] = shape_gather_elements,
	[OP_GATHER_ND] = shape_gather_nd,
	[OP_GELU] = shape_gelu,
	[OP_GEMM] = shape_gemm,
	[OP_GLOBAL_AVERAGE_POOL] = shape_pool,
	[OP_GLOBAL_MAX_POOL] = shape_pool,
	[OP_GREATER] = shape_compare,
	[OP_GREATER_OR_EQUAL] = shape_compare,
	[OP_IDENTITY] = shape_identity,
	[OP_INSTANCE_NORM] = shape_instance_norm,
	[OP_LAYER_NORM] = shape_layer_norm,
	[OP_LESS] = shape_compare,
	[OP_LESS_OR_EQUAL] = shape_compare,
	[OP_LOG_SOFTMAX] = shape_softmax,
	[OP_LRN] = shape_lrn,
	[OP_MAT_MUL] = shape_matmul,
	[OP_MAX] = shape_variadic,
	[OP_MAX_POOL] = shape_pool,
	[OP_MEAN] = shape_variadic,
	[OP_MIN] = shape_variadic,
	[OP_MOD] = shape_mod,
	[OP_MUL] = shape_arithmetic,
	[OP_NEG] = shape_unary_number,
	[OP_NOT] = shape_unary_bool,
	[OP_OR] = shape_logic,
	[OP_PAD] = shape_pad,
	[OP_POW] = shape_pow,
	[OP_PRELU] = shape_prelu,
	[OP_QUANTIZE_LINEAR] = shape_quantize,
	[OP_RANGE] = shape_range,
	[OP_REDUCE_L1] = shape_reduce,
	[OP_REDUCE_L2] = shape_reduce,
	[OP_REDUCE_MAX] = shape_reduce,
	[OP_REDUCE_MEAN] = shape_reduce,
	[OP_REDUCE_MIN] = shape_reduce,
	[OP_REDUCE_PROD] = shape_reduce,
	[OP_REDUCE_SUM] = shape_reduce,
	[OP_REDUCE_SUM_SQUARE] = shape_reduce,
	[OP_RELU] = shape_unary_number,
	[OP_RESHAPE] = shape_reshape,
	[OP_RESIZE] = shape_resize,
	[OP_SCATTER_ND] = shape_scatter_nd,
	[OP_SHAPE] = shape_shape,
	[OP_SIGN] = shape_unary_number,
	[OP_SIZE] = shape_size,
	[OP_SLICE] = shape_slice,
	[OP_SOFTMAX] = shape_softmax,
	[OP_SPACE_TO_DEPTH] = shape_space_to_depth,
	[OP_SPLIT] = shape_split,
	[OP_SQUEEZE] = shape_squeeze,
	[OP_SUB] = shape_arithmetic,
	[OP_SUM] = shape_variadic,
	[OP_TILE] = shape_tile,
	[OP_TOP_K] = shape_top_k,
	[OP_TRANSPOSE] = shape_transpose,
	[OP_UNSQUEEZE] = shape_unsqueeze,
	[OP_WHERE] = shape_where,
	[OP_XOR] = shape_logic,
	[OP_QUANT] = shape_quant,
	[OP_CHANNEL_SHUFFLE] = shape_channel_shuffle,
};

static shape_rule *rule_of(enum op op)
{
	if (op <= OP_NONE || op >= OP_COUNT)
		return NULL;
	return op_info(op)->flags & OPF_FUNCTION ? shape_unary_float :
						   rules[op];
}

static int check_counts(const struct node *n, struct diag *d)
{
	const struct op_info *info = op_info(n->op);

	if (n->input_count < info->min_inputs ||
	    (info->max_inputs >= 0 && n->input_count > info->max_inputs))
		return node_error(d, n, "it has %d inputs", n->input_count);
	if (n->output_count < 1 ||
	    (info->max_outputs >= 0 && n->output_count > info->max_outputs))
		return node_error(d, n, "it has %d outputs", n->output_count);
	return 0;
}

static int check_inputs(const struct node *n, struct diag *d)
{
	const struct op_info *info = op_info(n->op);

	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];
		bool optional = info->max_inputs >= 0 && i >= info->min_inputs;

		if (!v && !optional)
			return node_error(d, n, "input %d is missing", i);
		if (!v)
			continue;
		if (v->dtype == DT_NONE)
			return node_error(d, n,
					  "the type of input '%s' is not "
					  "known",
					  v->name);
		if (!shape_known(&v->shape))
			return node_error(d, n,
					  "the shape of input '%s' is "
					  "not known",
					  v->name);
		if (!rule_fits(&v->shape))
			return node_error(d, n, "input '%s' is too large",
					  v->name);
	}
	return 0;
}

bool shape_infer_supports(enum op op)
{
	return rule_of(op) != NULL;
}

int shape_infer_node(struct graph *g, struct node *n, struct diag *d)
{
	(void)g;
	if (!rule_of(n->op))
		return node_error(d, n, "the operator is not known");
	if (check_counts(n, d) || check_inputs(n, d))
		return -1;
	return rule_of(n->op)(n, d);
}
