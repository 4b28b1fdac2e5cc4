/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ir/graph.h"

static const struct op_info ops[OP_COUNT] = {
	[OP_NONE] = { "none", 0, 0, 0, 0, 0 },
#define OP(e, name, since, mini, maxi, maxo, flags) \
	[OP_##e] = { name, since, mini, maxi, maxo, flags },
#include "ir/ops.def"
#undef OP
};

const struct op_info *op_info(enum op op)
{
	return &ops[op];
}

enum op op_from_name(const char *name)
{
	for (int i = OP_NONE + 1; i < OP_COUNT; i++)
		if (!strcmp(ops[i].name, name))
			return (enum op)i;
	return OP_NONE;
}

size_t dtype_size(enum dtype t)
{
	static const size_t size[DT_COUNT] = {
		[DT_F32] = 4, [DT_I64] = 8, [DT_I32] = 4,
		[DT_I8] = 1,  [DT_U8] = 1,  [DT_BOOL] = 1,
	};

	return size[t];
}

const char *dtype_name(enum dtype t)
{
	static const char *const name[DT_COUNT] = {
		[DT_NONE] = "none", [DT_F32] = "f32", [DT_I64] = "i64",
		[DT_I32] = "i32",   [DT_I8] = "i8",   [DT_U8] = "u8",
		[DT_BOOL] = "bool",
	};

	return name[t];
}

const char *act_name(enum act_kind kind)
{
	static const char *const name[ACT_COUNT] = {
		[ACT_NONE] = "none",       [ACT_RELU] = "relu",
		[ACT_CLIP] = "clip",       [ACT_LEAKY_RELU] = "leaky_relu",
		[ACT_SILU] = "silu",       [ACT_HARD_SWISH] = "hard_swish",
		[ACT_SIGMOID] = "sigmoid", [ACT_HARD_SIGMOID] = "hard_sigmoid",
		[ACT_TANH] = "tanh",       [ACT_GELU] = "gelu",
		[ACT_MISH] = "mish",       [ACT_ELU] = "elu",
	};

	return name[kind];
}
