/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_EVAL_H
#define DBC_EVALUATOR_EVAL_H

#include "evaluator/evaluator.h"

/* The arguments of eval_node(). */
struct eval {
	const struct node *n;
	const void *const *in;
	void *const *out;
	struct diag *d;
};

typedef int eval_fn(const struct eval *e);

static inline const struct shape *eval_in(const struct eval *e, int i)
{
	return &e->n->inputs[i]->shape;
}

static inline const struct shape *eval_out(const struct eval *e, int i)
{
	return &e->n->outputs[i]->shape;
}

/* Elements of output 0. */
static inline int64_t eval_count(const struct eval *e)
{
	return shape_elements(eval_out(e, 0));
}

/* Optional input i is given. */
static inline bool eval_has(const struct eval *e, int i)
{
	return i < e->n->input_count && e->n->inputs[i];
}

/* The channel dim of a spatial operator's first input. */
static inline int eval_channel_dim(const struct eval *e)
{
	return e->n->layout == LAYOUT_NHWC ? eval_in(e, 0)->rank - 1 : 1;
}

/* A unary or binary operator on `count` floats; y may be an operand. */
void eval_unary_floats(const struct node *n, const float *x, float *y,
		       int64_t count);
void eval_binary_floats(enum op op, const float *a, const float *b, float *y,
			int64_t count);

/* Attribute `axis`; a negative one counts from the last dim of `rank`. */
int eval_axis(const struct eval *e, int64_t def, int rank);
/* Element i of an integer input. */
int64_t eval_index(const struct eval *e, int slot, int64_t i);

/*
 * The kernels: one for each row of eval_table.c, in eval_NAME.c. The graph
 * holds each operator in the form of the newest opset (see ir/ops.def).
 */
eval_fn eval_unary, eval_function, eval_cast, eval_binary, eval_compare,
	eval_logic;
eval_fn eval_variadic, eval_where, eval_clip;
eval_fn eval_copy, eval_transpose, eval_concat, eval_split, eval_slice;
eval_fn eval_pad, eval_gather, eval_gather_elements, eval_gather_nd;
eval_fn eval_scatter_nd;
eval_fn eval_expand, eval_tile, eval_depth_to_space, eval_space_to_depth;
eval_fn eval_channel_shuffle, eval_shape, eval_size, eval_range;
eval_fn eval_constant_of_shape;
eval_fn eval_conv, eval_conv_transpose, eval_gemm, eval_matmul;
eval_fn eval_max_pool, eval_average_pool;
eval_fn eval_batch_norm, eval_instance_norm, eval_layer_norm, eval_lrn;
eval_fn eval_softmax, eval_reduce, eval_arg, eval_top_k, eval_resize;
eval_fn eval_quantize, eval_dequantize, eval_dynamic_quantize, eval_quant;

#endif
