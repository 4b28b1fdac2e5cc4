/* SPDX-License-Identifier: Apache-2.0 */
/* What a build can do: everything. A program that links the file of `dbconvert
 * inspect --emit ops` instead of this one has what its models need alone. */
#include "runtime/dbrt_internal.h"

const struct dbrt_op_row *const dbrt_op_table[] = {
	[DBP_OP_CONV] = &dbrt_row_conv,
	[DBP_OP_CONV_TRANSPOSE] = &dbrt_row_conv_transpose,
	[DBP_OP_MAX_POOL] = &dbrt_row_max_pool,
	[DBP_OP_AVG_POOL] = &dbrt_row_avg_pool,
	[DBP_OP_ADD] = &dbrt_row_add,
	[DBP_OP_MUL] = &dbrt_row_mul,
	[DBP_OP_TABLE] = &dbrt_row_table,
	[DBP_OP_RESCALE] = &dbrt_row_rescale,
	[DBP_OP_QUANTIZE] = &dbrt_row_quantize,
	[DBP_OP_DEQUANTIZE] = &dbrt_row_dequantize,
	[DBP_OP_COPY] = &dbrt_row_copy,
	[DBP_OP_CONCAT] = &dbrt_row_concat,
	[DBP_OP_TRANSPOSE] = &dbrt_row_transpose,
	[DBP_OP_SLICE] = &dbrt_row_slice,
	[DBP_OP_PAD] = &dbrt_row_pad,
	[DBP_OP_GATHER] = &dbrt_row_gather,
	[DBP_OP_RESIZE] = &dbrt_row_resize,
	[DBP_OP_UNARY] = &dbrt_row_unary,
	[DBP_OP_BINARY] = &dbrt_row_binary,
	[DBP_OP_SOFTMAX] = &dbrt_row_softmax,
	[DBP_OP_REDUCE] = &dbrt_row_reduce,
	[DBP_OP_MATMUL] = &dbrt_row_matmul,
	[DBP_OP_EXPAND] = &dbrt_row_expand,
	[DBP_OP_ARG_MAX] = &dbrt_row_arg_max,
	[DBP_OP_TOP_K] = &dbrt_row_top_k,
	[DBP_OP_ADD_CHANNELS] = &dbrt_row_add_channels,
};
const uint32_t dbrt_op_kinds = DBP_OP_COUNT;
const struct dbrt_detector *const dbrt_part_detector = &dbrt_detector;
const struct dbrt_coding *const dbrt_part_coding = &dbrt_coding;
