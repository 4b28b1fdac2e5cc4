/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dbrt_internal.h"

#define ROW(name, in_min, in_max, out, params)                           \
	{                                                                \
#name, in_min, in_max, out, params, dbrt_##name##_check, \
			dbrt_##name##_run                                \
	}

/* One row for each operator: least and most inputs, outputs, least bytes of
 * parameters. */
const struct dbrt_op_row dbrt_op_table[DBP_OP_COUNT] = {
	[DBP_OP_CONV] = ROW(conv, 1, 1, 1, sizeof(struct dbp_conv)),
	[DBP_OP_CONV_TRANSPOSE] =
		ROW(conv_transpose, 1, 1, 1, sizeof(struct dbp_conv)),
	[DBP_OP_MAX_POOL] = ROW(max_pool, 1, 1, 1, sizeof(struct dbp_pool)),
	[DBP_OP_AVG_POOL] = ROW(avg_pool, 1, 1, 1, sizeof(struct dbp_pool)),
	[DBP_OP_ADD] = ROW(add, 2, 2, 1, sizeof(struct dbp_add)),
	[DBP_OP_MUL] = ROW(mul, 2, 2, 1, sizeof(struct dbp_mul)),
	[DBP_OP_TABLE] = ROW(table, 1, 1, 1, sizeof(struct dbp_table)),
	[DBP_OP_RESCALE] = ROW(rescale, 1, 1, 1, sizeof(struct dbp_rescale)),
	[DBP_OP_QUANTIZE] = ROW(quantize, 1, 1, 1, 0),
	[DBP_OP_DEQUANTIZE] = ROW(dequantize, 1, 1, 1, 0),
	[DBP_OP_COPY] = ROW(copy, 1, 1, 1, 0),
	[DBP_OP_CONCAT] = ROW(concat, 1, DBRT_MAX_OP_INPUTS, 1,
			      sizeof(struct dbp_concat)),
	[DBP_OP_TRANSPOSE] =
		ROW(transpose, 1, 1, 1, sizeof(struct dbp_transpose)),
	[DBP_OP_SLICE] = ROW(slice, 1, 1, 1, sizeof(struct dbp_slice)),
	[DBP_OP_PAD] = ROW(pad, 1, 1, 1, sizeof(struct dbp_pad)),
	[DBP_OP_GATHER] = ROW(gather, 1, 1, 1, sizeof(struct dbp_gather)),
	[DBP_OP_RESIZE] = ROW(resize, 1, 1, 1, sizeof(struct dbp_resize)),
	[DBP_OP_UNARY] = ROW(unary, 1, 1, 1, sizeof(struct dbp_unary_params)),
	[DBP_OP_BINARY] =
		ROW(binary, 2, 2, 1, sizeof(struct dbp_binary_params)),
	[DBP_OP_SOFTMAX] = ROW(softmax, 1, 1, 1, sizeof(struct dbp_softmax)),
	[DBP_OP_REDUCE] = ROW(reduce, 1, 1, 1, sizeof(struct dbp_reduce)),
	[DBP_OP_MATMUL] = ROW(matmul, 2, 2, 1, 0),
	[DBP_OP_EXPAND] = ROW(expand, 1, 1, 1, 0),
	[DBP_OP_ARG_MAX] = ROW(arg_max, 1, 1, 1, sizeof(struct dbp_softmax)),
	[DBP_OP_TOP_K] = ROW(top_k, 1, 1, 2, sizeof(struct dbp_softmax)),
	[DBP_OP_ADD_CHANNELS] =
		ROW(add_channels, 2, 2, 1, sizeof(struct dbp_add_channels)),
};
