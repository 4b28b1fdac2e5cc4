/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_OP_H
#define DBC_CONVERTER_LOWER_LOWER_OP_H

#include "converter/lower/lower_state.h"

struct dev_op *lower_op(struct lower *l, enum dbp_op_kind kind,
			const uint32_t *inputs, int input_count, uint32_t out,
			const void *params, size_t params_bytes);
/* The same for one input; returns `out`. */
uint32_t lower_op1(struct lower *l, enum dbp_op_kind kind, uint32_t in,
		   uint32_t out, const void *params, size_t params_bytes);
/* Converts tensor t in the layout of the node, with one or two spatial dims, to
 * rank 4 in order N, H, W, C; and back to the first output of the node. */
uint32_t lower_to_nhwc(struct lower *l, const struct node *n, uint32_t t);
void lower_store_nhwc(struct lower *l, const struct node *n, uint32_t t);
/* The dim of tensor t that is dim `axis` (negative: from the end) of a value
 * of that rank; -1 after lower_refuse(). */
int lower_axis(struct lower *l, uint32_t t, int rank, int64_t axis);
/* The dims of t in the order `perm`. */
uint32_t lower_transpose(struct lower *l, uint32_t t, const int64_t *perm);
/* Float arithmetic; the binary one broadcasts. */
uint32_t lower_unary(struct lower *l, enum dbp_unary kind, uint32_t t, float a,
		     float b);
uint32_t lower_binary(struct lower *l, enum dbp_binary kind, uint32_t a,
		      uint32_t b);
uint32_t lower_binary_scalar(struct lower *l, enum dbp_binary kind, uint32_t a,
			     float b);
/* Applies the fused activation of a node to a float tensor; returns the tensor
 * itself if there is none. DBP_NONE after lower_refuse(). */
uint32_t lower_act_f32(struct lower *l, const struct activation *act,
		       uint32_t t);

/* Applies the activation of the node to its float result and stores its first
 * output. */
int lower_finish_f32(struct lower *l, const struct node *n, uint32_t t);

#endif
