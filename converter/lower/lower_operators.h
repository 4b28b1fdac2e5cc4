/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_OPERATORS_H
#define DBC_CONVERTER_LOWER_LOWER_OPERATORS_H

#include "converter/lower/lower_state.h"

/* The functions in the table of lower_table.c, by file. */

/* lower_conv.c */
lower_fn lower_conv, lower_gemm;
/* lower_matmul.c */
lower_fn lower_matmul, lower_gemm_f32, lower_conv_f32;
/* lower_eltwise.c */
lower_fn lower_table_s8, lower_add_s8, lower_mul_s8, lower_elementwise_f32;
lower_fn lower_variadic_f32, lower_where, lower_cast;
/* lower_pool.c */
lower_fn lower_max_pool, lower_average_pool, lower_reduce_s8;
/* lower_reduce.c */
lower_fn lower_reduce_f32, lower_softmax, lower_arg_max, lower_top_k;
lower_fn lower_layer_norm, lower_instance_norm;
/* lower_quantize.c */
lower_fn lower_quantize_linear, lower_dequantize_linear, lower_quant;
lower_fn lower_quant_s8;
/* lower_move.c */
lower_fn lower_view, lower_moving_transpose, lower_channel_shuffle;
lower_fn lower_space_to_depth, lower_depth_to_space, lower_slice, lower_split;
lower_fn lower_concat, lower_pad, lower_gather, lower_expand, lower_tile;
/* lower_resize.c */
lower_fn lower_resize;

#endif
