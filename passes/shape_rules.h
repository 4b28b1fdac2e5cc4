/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_SHAPE_RULES_H
#define DBC_PASSES_SHAPE_RULES_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * The rules behind shape_infer_node(), one or a few operators each. When a
 * rule runs, the node has the number of inputs and outputs that ops.def
 * allows, required inputs are there, and every input's type and shape is
 * known. A rule checks the rest and sets every output.
 */
typedef int shape_rule(struct node *n, struct diag *d);

/* shape_elementwise.c */
shape_rule shape_unary_float, shape_unary_number, shape_unary_bool;
shape_rule shape_gelu, shape_clip, shape_cast;
shape_rule shape_arithmetic, shape_pow, shape_mod, shape_logic, shape_compare;
shape_rule shape_equality, shape_prelu, shape_variadic, shape_where;
/* shape_conv.c */
shape_rule shape_conv, shape_conv_transpose, shape_pool;
/* shape_move.c */
shape_rule shape_identity, shape_concat, shape_split, shape_slice, shape_pad;
shape_rule shape_tile, shape_expand, shape_gather, shape_gather_elements;
shape_rule shape_gather_nd;
/* shape_order.c */
shape_rule shape_reshape, shape_flatten, shape_squeeze, shape_unsqueeze;
shape_rule shape_transpose, shape_depth_to_space, shape_space_to_depth;
shape_rule shape_channel_shuffle;
/* shape_reduce.c */
shape_rule shape_reduce, shape_arg, shape_softmax, shape_top_k;
/* shape_norm.c */
shape_rule shape_batch_norm, shape_instance_norm, shape_layer_norm, shape_lrn;
/* shape_misc.c */
shape_rule shape_matmul, shape_gemm, shape_range, shape_shape, shape_size;
shape_rule shape_constant_of_shape;
/* shape_resize.c */
shape_rule shape_resize;
/* shape_quant.c */
shape_rule shape_quantize, shape_dequantize, shape_quant;

#define SHAPE_TEXT 128 /* bytes that shape_print() needs at most */

/* No more than GRAPH_MAX_ELEMENTS, zero dims not counted, so that no product
 * of some of the dims is more either. */
bool rule_fits(const struct shape *s);
/* Where the channels stand in the node's layout; rank must be 2 or more. */
int rule_channel_dim(const struct node *n);
/* The inverse of dtype_name(); DT_NONE where no type has that name. */
enum dtype rule_dtype_named(const char *name);
/* Sets output i; refuses sizes over GRAPH_MAX_ELEMENTS and ranks over
 * GRAPH_MAX_RANK. An output left out is skipped. */
int rule_output(struct node *n, int i, enum dtype t, const struct shape *s,
		struct diag *d);
/* Output 0 with input 0's type and shape. */
int rule_output_same(struct node *n, struct diag *d);

/* Input i has this type; an absent one is fine. */
int rule_dtype(const struct node *n, int i, enum dtype t, struct diag *d);
/* Input i has the type of input 0; an absent one is fine. */
int rule_same_dtype(const struct node *n, int i, struct diag *d);
/* Input i is f32, i64, i32, i8 or u8. */
int rule_number(const struct node *n, int i, struct diag *d);
/* Input i holds indices: i64 or i32. */
int rule_index(const struct node *n, int i, struct diag *d);
/* Input i has a rank of min to max. */
int rule_rank(const struct node *n, int i, int min, int max, struct diag *d);
/* Input i, where present, has shape [length]. */
int rule_vector(const struct node *n, int i, int64_t length, struct diag *d);
/* Input i, where present, has one element. */
int rule_scalar(const struct node *n, int i, struct diag *d);

/*
 * Integers of input i, which must be constant: their number, 0 where the
 * input is absent, -1 with a diagnostic.
 */
int rule_ints(const struct node *n, int i, int64_t *out, int max,
	      struct diag *d);
/* A negative axis counts from the end; -1 where out of range. */
int rule_axis(const struct node *n, int64_t axis, int rank, struct diag *d);
/* Attribute `axis`, required where def is INT64_MIN. */
int rule_axis_attr(const struct node *n, int64_t def, int rank, struct diag *d);
/* Bit i for each axis i among `axes`; -1 where out of range or twice. */
int rule_axes(const struct node *n, const int64_t *axes, int count, int rank,
	      struct diag *d);

/* NumPy's rules, two shapes into one; false where they do not fit. */
bool rule_broadcast(const struct shape *a, const struct shape *b,
		    struct shape *out);
/* Input i, where present, broadcasts into `to` without changing it. */
int rule_broadcast_into(const struct node *n, int i, const struct shape *to,
			struct diag *d);
/* Attribute `name` is one of the strings (NULL ends them), or absent. */
int rule_one_of(const struct node *n, const char *name,
		const char *const *allowed, struct diag *d);

#endif
