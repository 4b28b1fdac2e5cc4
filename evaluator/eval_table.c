/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of each operator. */
#include "evaluator/eval.h"
#include "evaluator/activation.h"
#include "evaluator/simd/simd.h"

static eval_fn *const table[OP_COUNT] = {
	/* without OPF_FUNCTION */
	[OP_ABS] = eval_unary,
	[OP_ADD] = eval_binary,
	[OP_AND] = eval_logic,
	[OP_ARG_MAX] = eval_arg,
	[OP_ARG_MIN] = eval_arg,
	[OP_AVERAGE_POOL] = eval_average_pool,
	[OP_BATCH_NORM] = eval_batch_norm,
	[OP_CAST] = eval_cast,
	[OP_CHANNEL_SHUFFLE] = eval_channel_shuffle,
	[OP_CLIP] = eval_clip,
	[OP_CONCAT] = eval_concat,
	[OP_CONSTANT_OF_SHAPE] = eval_constant_of_shape,
	[OP_CONV] = eval_conv,
	[OP_CONV_TRANSPOSE] = eval_conv_transpose,
	[OP_DEPTH_TO_SPACE] = eval_depth_to_space,
	[OP_DEQUANTIZE_LINEAR] = eval_dequantize,
	[OP_DIV] = eval_binary,
	[OP_DYNAMIC_QUANTIZE_LINEAR] = eval_dynamic_quantize,
	[OP_EQUAL] = eval_compare,
	[OP_EXPAND] = eval_expand,
	[OP_FLATTEN] = eval_copy,
	[OP_GATHER] = eval_gather,
	[OP_GATHER_ELEMENTS] = eval_gather_elements,
	[OP_GATHER_ND] = eval_gather_nd,
	[OP_GELU] = eval_unary,
	[OP_GEMM] = eval_gemm,
	[OP_GLOBAL_AVERAGE_POOL] = eval_average_pool,
	[OP_GLOBAL_MAX_POOL] = eval_max_pool,
	[OP_GREATER] = eval_compare,
	[OP_GREATER_OR_EQUAL] = eval_compare,
	[OP_IDENTITY] = eval_copy,
	[OP_INSTANCE_NORM] = eval_instance_norm,
	[OP_LAYER_NORM] = eval_layer_norm,
	[OP_LESS] = eval_compare,
	[OP_LESS_OR_EQUAL] = eval_compare,
	[OP_LOG_SOFTMAX] = eval_softmax,
	[OP_LRN] = eval_lrn,
	[OP_MAT_MUL] = eval_matmul,
	[OP_MAX] = eval_variadic,
	[OP_MAX_POOL] = eval_max_pool,
	[OP_MEAN] = eval_variadic,
	[OP_MIN] = eval_variadic,
	[OP_MOD] = eval_binary,
	[OP_MUL] = eval_binary,
	[OP_NEG] = eval_unary,
	[OP_NOT] = eval_unary,
	[OP_OR] = eval_logic,
	[OP_PAD] = eval_pad,
	[OP_POW] = eval_binary,
	[OP_PRELU] = eval_binary,
	[OP_QUANTIZE_LINEAR] = eval_quantize,
	[OP_QUANT] = eval_quant,
	[OP_RANGE] = eval_range,
	[OP_REDUCE_L1] = eval_reduce,
	[OP_REDUCE_L2] = eval_reduce,
	[OP_REDUCE_MAX] = eval_reduce,
	[OP_REDUCE_MEAN] = eval_reduce,
	[OP_REDUCE_MIN] = eval_reduce,
	[OP_REDUCE_PROD] = eval_reduce,
	[OP_REDUCE_SUM] = eval_reduce,
	[OP_REDUCE_SUM_SQUARE] = eval_reduce,
	[OP_RELU] = eval_unary,
	[OP_RESHAPE] = eval_copy,
	[OP_RESIZE] = eval_resize,
	[OP_SCATTER_ND] = eval_scatter_nd,
	[OP_SHAPE] = eval_shape,
	[OP_SIGN] = eval_unary,
	[OP_SIZE] = eval_size,
	[OP_SLICE] = eval_slice,
	[OP_SOFTMAX] = eval_softmax,
	[OP_SPACE_TO_DEPTH] = eval_space_to_depth,
	[OP_SPLIT] = eval_split,
	[OP_SQUEEZE] = eval_copy,
	[OP_SUB] = eval_binary,
	[OP_SUM] = eval_variadic,
	[OP_TILE] = eval_tile,
	[OP_TOP_K] = eval_top_k,
	[OP_TRANSPOSE] = eval_transpose,
	[OP_UNSQUEEZE] = eval_copy,
	[OP_WHERE] = eval_where,
	[OP_XOR] = eval_logic,
};

static eval_fn *kernel_of(enum op op)
{
	return op_info(op)->flags & OPF_FUNCTION ? eval_unary : table[op];
}

bool eval_supports(enum op op)
{
	return kernel_of(op) != NULL;
}

static bool is_wanted(const struct node *n)
{
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i])
			return true;
	return false;
}

int eval_node(const struct node *n, const void *const *in, void *const *out,
	      struct diag *d)
{
	const struct eval e = { n, in, out, d };

	if (simd_check(d))
		return -1;
	if (!kernel_of(n->op))
		return node_error(d, n, "cannot be evaluated");
	if (!is_wanted(n))
		return 0;
	if (kernel_of(n->op)(&e))
		return -1;
	if (n->act.kind == ACT_NONE || !n->outputs[0])
		return 0;
	if (n->outputs[0]->dtype != DT_F32)
		return node_error(d, n, "its activation takes no %s",
				  dtype_name(n->outputs[0]->dtype));
	activation_apply_f32(&n->act, out[0], eval_count(&e));
	return 0;
}
