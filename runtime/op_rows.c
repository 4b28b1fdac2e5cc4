/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of operators, each of them a separate object: the linker leaves
 * out those that the table does not name. */
#include "runtime/dbrt_internal.h"

/* Least and most inputs, outputs, least bytes of parameters. */
#define ROW(name, in_min, in_max, out, params)                            \
	const struct dbrt_op_row dbrt_row_##name = { #name,               \
						     in_min,              \
						     in_max,              \
						     out,                 \
						     params,              \
						     dbrt_##name##_check, \
						     dbrt_##name##_run }

ROW(conv, 1, 1, 1, sizeof(struct dbp_conv));
ROW(conv_transpose, 1, 1, 1, sizeof(struct dbp_conv));
ROW(max_pool, 1, 1, 1, sizeof(struct dbp_pool));
ROW(avg_pool, 1, 1, 1, sizeof(struct dbp_pool));
ROW(add, 2, 2, 1, sizeof(struct dbp_add));
ROW(mul, 2, 2, 1, sizeof(struct dbp_mul));
ROW(table, 1, 1, 1, sizeof(struct dbp_table));
ROW(rescale, 1, 1, 1, sizeof(struct dbp_rescale));
ROW(quantize, 1, 1, 1, 0);
ROW(dequantize, 1, 1, 1, 0);
ROW(copy, 1, 1, 1, 0);
ROW(concat, 1, DBRT_MAX_OP_INPUTS, 1, sizeof(struct dbp_concat));
ROW(transpose, 1, 1, 1, sizeof(struct dbp_transpose));
ROW(slice, 1, 1, 1, sizeof(struct dbp_slice));
ROW(pad, 1, 1, 1, sizeof(struct dbp_pad));
ROW(gather, 1, 1, 1, sizeof(struct dbp_gather));
ROW(resize, 1, 1, 1, sizeof(struct dbp_resize));
ROW(unary, 1, 1, 1, sizeof(struct dbp_unary_params));
ROW(binary, 2, 2, 1, sizeof(struct dbp_binary_params));
ROW(softmax, 1, 1, 1, sizeof(struct dbp_softmax));
ROW(reduce, 1, 1, 1, sizeof(struct dbp_reduce));
ROW(matmul, 2, 2, 1, 0);
ROW(expand, 1, 1, 1, 0);
ROW(arg_max, 1, 1, 1, sizeof(struct dbp_softmax));
ROW(top_k, 1, 1, 2, sizeof(struct dbp_softmax));
ROW(add_channels, 2, 2, 1, sizeof(struct dbp_add_channels));
