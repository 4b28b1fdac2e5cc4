/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_SHAPE_RULES_H
#define DBC_PASSES_SHAPE_RULES_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * The shape rules of shape_infer_node(), one for one or more operators. When a
 * rule runs, the node has a number of inputs and outputs that ops.def allows,
 * required inputs are present, and the type and shape of every input is known.
 * A rule checks the rest and sets every output.
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
shape_rule shape_gather_nd, shape_scatter_nd;
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
shape_rule shape_quantize, shape_dequantize, shape_dynamic_quantize,
	shape_quant;

#define SHAPE_TEXT 128 /* bytes that shape_print() needs at most */

/* At most GRAPH_MAX_ELEMENTS elements, zero dims not counted, so that no
 * product of some dims is larger. */
bool rule_fits(const struct shape *s);
/* The channel dim in the node's layout; the rank must be 2 or more. */
int rule_channel_dim(const struct node *n);
/* The inverse of dtype_name(); DT_NONE if no type has that name. */
enum dtype rule_dtype_named(const char *name);
/* Sets output i. Refuses sizes over GRAPH_MAX_ELEMENTS and ranks over
 * GRAPH_MAX_RANK. An absent output is skipped. */
int rule_output(struct node *n, int i, enum dtype t, const struct shape *s,
		struct diag *d);
/* Gives output 0 the type and shape of input 0. */
int rule_output_same(struct node *n, struct diag *d);

/* Input i has this type, or is absent. */
int rule_dtype(const struct node *n, int i, enum dtype t, struct diag *d);
/* Input i has the type of input 0, or is absent. */
int rule_same_dtype(const struct node *n, int i, struct diag *d);
/* Input i is f32, i64, i32, i8 or u8. */
int rule_number(const struct node *n, int i, struct diag *d);
/* Input i holds indices: i64 or i32. */
int rule_index(const struct node *n, int i, struct diag *d);
/* Input i has a rank of min to max. */
int rule_rank(const struct node *n, int i, int min, int max, struct diag *d);
/* Input i has shape [length], or is absent. */
int rule_vector(const struct node *n, int i, int64_t length, struct diag *d);
/* Input i has one element, or is absent. */
int rule_scalar(const struct node *n, int i, struct diag *d);

/*
 * The integers of input i, which must be constant. Returns their number, 0 if
 * the input is absent, -1 with a diagnostic.
 */
int rule_ints(const struct node *n, int i, int64_t *out, int max,
	      struct diag *d);
/* A negative axis counts from the end; -1 if it is out of range. */
int rule_axis(const struct node *n, int64_t axis, int rank, struct diag *d);
/* Attribute `axis`, required if def is INT64_MIN. */
int rule_axis_attr(const struct node *n, int64_t def, int rank, struct diag *d);
/* Bit i for each axis i among `axes`; -1 if one is out of range or given
 * twice. */
int rule_axes(const struct node *n, const int64_t *axes, int count, int rank,
	      struct diag *d);

/* Multidirectional broadcasting of two shapes; false if they do not fit. */
bool rule_broadcast(const struct shape *a, const struct shape *b,
		    struct shape *out);
/* Input i is absent, or broadcasts into `to` without changing it. */
int rule_broadcast_into(const struct node *n, int i, const struct shape *to,
			struct diag *d);
/* Attribute `name` is absent, or one of the strings (NULL ends them). */
int rule_one_of(const struct node *n, const char *name,
		const char *const *allowed, struct diag *d);

#endif
