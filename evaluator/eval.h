/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_EVAL_H
#define DBC_EVALUATOR_EVAL_H

#include "evaluator/blas.h"
#include "evaluator/evaluator.h"

/* One node at work: the arguments of eval_node(). */
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

static inline int64_t eval_count(const struct eval *e)
{
	return shape_elements(eval_out(e, 0));
}

static inline bool eval_has(const struct eval *e, int i)
{
	return i < e->n->input_count && e->n->inputs[i];
}

/* Dim of the channels of a spatial operator's first input. */
static inline int eval_channel_dim(const struct eval *e)
{
	return e->n->layout == LAYOUT_NHWC ? eval_in(e, 0)->rank - 1 : 1;
}

/* An attribute that names a dim, counted from the end where negative. */
int eval_axis(const struct eval *e, int64_t def, int rank);
/* Products of the dims before and behind one. */
int64_t shape_outer(const struct shape *s, int axis);
int64_t shape_inner(const struct shape *s, int axis);

/* Any element as a wide number, and back with C's conversions. */
int64_t element_int(enum dtype t, const void *data, int64_t i);
double element_double(enum dtype t, const void *data, int64_t i);
void element_store_int(enum dtype t, void *data, int64_t i, int64_t v);
/* Integer inputs whose values are data: `count` of them. */
int64_t eval_index(const struct eval *e, int slot, int64_t i);

/*
 * Walks an output of up to GRAPH_MAX_RANK dims with the element offsets of
 * up to three operands that broadcast into it (numpy rules): rows are runs
 * along the last dim, on which each operand's step is 0 or 1.
 */
struct broadcast {
	int rank, operands;
	int64_t dim[GRAPH_MAX_RANK], row;
	int64_t stride[3][GRAPH_MAX_RANK];
	int64_t index[GRAPH_MAX_RANK];
	int64_t at[3], step[3];
	int64_t rows_left;
};
void broadcast_begin(struct broadcast *b, const struct shape *out,
		     const struct shape *const *in, int operands);
/* False when all rows are done. */
bool broadcast_next(struct broadcast *b);

/* y[i] = act(y[i]). */
void activation_apply_f32(const struct activation *act, float *y, int64_t n);

/*
 * The one that suits the node. Codes times a scale sum up to numbers that a
 * QuantizeLinear behind rounds again: there the order of float sums would
 * decide near ties, so they are summed in double.
 */
gemm_fn *eval_gemm_for(const struct eval *e);

eval_fn eval_unary, eval_cast, eval_binary, eval_compare, eval_logic;
eval_fn eval_variadic, eval_where, eval_clip;
eval_fn eval_copy, eval_transpose, eval_concat, eval_split, eval_slice;
eval_fn eval_pad, eval_gather, eval_gather_elements, eval_gather_nd;
eval_fn eval_expand, eval_tile, eval_depth_to_space, eval_space_to_depth;
eval_fn eval_channel_shuffle, eval_shape, eval_size, eval_range;
eval_fn eval_constant_of_shape;
eval_fn eval_conv, eval_conv_transpose, eval_gemm, eval_matmul;
eval_fn eval_max_pool, eval_average_pool;
eval_fn eval_batch_norm, eval_instance_norm, eval_layer_norm, eval_lrn;
eval_fn eval_softmax, eval_reduce, eval_arg, eval_top_k, eval_resize;
eval_fn eval_quantize, eval_dequantize, eval_quant;

#endif
