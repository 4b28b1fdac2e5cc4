/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/op_models.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/dbp_builder.h"

#define SIDE 4
#define CHANNELS 4
#define ELEMENTS (SIDE * SIDE * CHANNELS)

/* An operator of one or two inputs of 1 x 4 x 4 x 4. */
struct form {
	int kind, from, to; /* dtypes */
	uint32_t inputs;
	uint32_t out[4];
	uint32_t params[20];
	uint32_t params_bytes;
};

#define SAME                            \
	{                               \
		1, SIDE, SIDE, CHANNELS \
	}
#define UNARY(kind)                                                       \
	{                                                                 \
		DBP_OP_UNARY, DBP_F32, DBP_F32, 1, SAME,                  \
			{ kind, 0xbf000000u /* -0.5 */, 0x3f000000u }, 12 \
	}
#define BINARY(kind)                                                  \
	{                                                             \
		DBP_OP_BINARY, DBP_F32, DBP_F32, 2, SAME, { kind }, 4 \
	}
#define REDUCE(kind)                                                          \
	{                                                                     \
		DBP_OP_REDUCE, DBP_F32, DBP_F32, 1, { 1, 1, SIDE, CHANNELS }, \
			{ kind, 2 }, 8                                        \
	}
#define POOL(kind, type)                                                 \
	{                                                                \
		kind, type, type, 1, SAME, { 3u << 16 | 3, 1u << 16 | 1, \
					     1u << 16 | 1, 1u << 16 | 1, \
					     1u << 16,     1,            \
					     40000,        15 },         \
			32                                               \
	}
#define PAD(type, mode)                                                     \
	{                                                                   \
		DBP_OP_PAD, type, type, 1, { 1, SIDE + 3, SIDE, CHANNELS }, \
			{ 0, 2, 0, 0, 0, 0, mode, 0, 5 }, 36                \
	}
#define RESIZE(type, weight)                                         \
	{                                                            \
		DBP_OP_RESIZE, type, type, 1, { 1, 3, 3, CHANNELS }, \
			{ weight, weight }, 8                        \
	}

static const struct form forms[] = {
	{ DBP_OP_ADD, DBP_S8, DBP_S8, 2, SAME, { 99, 77, 0x007f8007 }, 12 },
	{ DBP_OP_MUL, DBP_S8, DBP_S8, 2, SAME, { 40000, 0x007f8014 }, 8 },
	{ DBP_OP_ADD_CHANNELS, DBP_S8, DBP_S8, 2, SAME, { 0, 0x7f8007 }, 8 },
	{ DBP_OP_TABLE, DBP_S8, DBP_S8, 1, SAME, { 0 }, 4 },
	{ DBP_OP_RESCALE, DBP_S8, DBP_S8, 1, SAME, { 40000, 16 }, 8 },
	{ DBP_OP_QUANTIZE, DBP_F32, DBP_S8, 1, SAME, { 0 }, 0 },
	{ DBP_OP_DEQUANTIZE, DBP_S8, DBP_F32, 1, SAME, { 0 }, 0 },
	{ DBP_OP_COPY, DBP_I32, DBP_I32, 1, { 1, 8, 2, 4 }, { 0 }, 0 },
	{ DBP_OP_CONCAT,
	  DBP_S8,
	  DBP_S8,
	  2,
	  { 1, 4, 4, 8 },
	  { 3, 0, 0, 40000, 16 },
	  20 },
	{ DBP_OP_CONCAT, DBP_F32, DBP_F32, 2, { 1, 8, 4, 4 }, { 1 }, 4 },
	{ DBP_OP_TRANSPOSE, DBP_S8, DBP_S8, 1, SAME, { 0, 3, 1, 2 }, 24 },
	{ DBP_OP_TRANSPOSE, DBP_F32, DBP_F32, 1, SAME, { 0, 2, 3, 1 }, 24 },
	{ DBP_OP_SLICE,
	  DBP_S8,
	  DBP_S8,
	  1,
	  { 1, 2, 4, 2 },
	  { 0, 1, 3, 0, 0, 0, 1, 2, 0xffffffffu, 2, 1, 1 },
	  48 },
	{ DBP_OP_GATHER, DBP_F32, DBP_F32, 1, { 1, 4, 4, 3 }, { 3, 0, 3 }, 12 },
	{ DBP_OP_EXPAND, DBP_F32, DBP_F32, 1, SAME, { 0 }, 0 },
	{ DBP_OP_SOFTMAX, DBP_F32, DBP_F32, 1, SAME, { 3, 0 }, 8 },
	{ DBP_OP_SOFTMAX, DBP_F32, DBP_F32, 1, SAME, { 1, 1 }, 8 },
	{ DBP_OP_ARG_MAX, DBP_F32, DBP_I32, 1, { 1, 4, 1, 4 }, { 2, 0 }, 8 },
	{ DBP_OP_TOP_K, DBP_F32, DBP_F32, 1, { 1, 3, 4, 4 }, { 1, 1 }, 8 },
	{ DBP_OP_MATMUL, DBP_F32, DBP_F32, 2, SAME, { 0 }, 0 },
	POOL(DBP_OP_MAX_POOL, DBP_S8),
	POOL(DBP_OP_MAX_POOL, DBP_F32),
	POOL(DBP_OP_AVG_POOL, DBP_S8),
	POOL(DBP_OP_AVG_POOL, DBP_F32),
	PAD(DBP_S8, DBP_PAD_CONSTANT),
	PAD(DBP_F32, DBP_PAD_EDGE),
	PAD(DBP_S8, DBP_PAD_REFLECT),
	RESIZE(DBP_S8, 0),
	RESIZE(DBP_S8, 64),
	RESIZE(DBP_F32, 64),
	UNARY(1),
	UNARY(2),
	UNARY(3),
	UNARY(4),
	UNARY(5),
	UNARY(6),
	UNARY(7),
	UNARY(8),
	UNARY(9),
	UNARY(10),
	UNARY(11),
	UNARY(12),
	UNARY(13),
	UNARY(14),
	UNARY(15),
	UNARY(16),
	UNARY(17),
	UNARY(18),
	UNARY(19),
	UNARY(20),
	UNARY(21),
	UNARY(22),
	UNARY(23),
	UNARY(24),
	BINARY(1),
	BINARY(2),
	BINARY(3),
	BINARY(4),
	BINARY(5),
	BINARY(6),
	BINARY(7),
	BINARY(8),
	BINARY(9),
	BINARY(10),
	BINARY(11),
	BINARY(12),
	BINARY(13),
	BINARY(14),
	BINARY(15),
	BINARY(16),
	REDUCE(1),
	REDUCE(2),
	REDUCE(3),
	REDUCE(4),
	REDUCE(5),
	REDUCE(6),
	REDUCE(7),
	REDUCE(8),
};

/* At 0: small indices, which are multipliers and a table too, then taps: of
 * the first cell alone at 0, and blended ones at 64. */
static void add_arrays(struct dbp_builder *b)
{
	uint8_t data[512] = { 0 };
	struct dbp_resize_tap taps[3] = { { 0, 1, 512, 0 },
					  { 1, 2, 1024, 0 },
					  { 3, 3, 0, 0 } };

	for (uint32_t i = 128; i < sizeof(data); i++)
		data[i] = (uint8_t)(7 * i);
	memcpy(data + 64, taps, sizeof(taps));
	dbp_add_data(b, data, sizeof(data));
}

static uint32_t add_tensor(struct dbp_builder *b, int dtype,
			   const uint32_t dims[4])
{
	int s8 = dtype == DBP_S8;

	return dbp_add_tensor(b, dtype, 4, dims, s8 ? 0.5f : 0, s8 ? 3 : 0);
}

uint8_t *op_model(uint32_t i, size_t *bytes)
{
	const uint32_t in[] = { 1, SIDE, SIDE, CHANNELS };
	const struct form *f = &forms[i];
	uint32_t x[2], y[2], outputs = 1;
	struct dbp_builder b;
	uint8_t *file;

	if (i >= sizeof(forms) / sizeof(*forms))
		return NULL;
	dbp_builder_init(&b);
	add_arrays(&b);
	for (uint32_t k = 0; k < f->inputs; k++) {
		x[k] = add_tensor(&b, f->from, in);
		dbp_add_input(&b, x[k]);
	}
	y[0] = add_tensor(&b, f->to, f->out);
	dbp_add_output(&b, y[0]);
	if (f->kind == DBP_OP_TOP_K)
		y[outputs++] = add_tensor(&b, DBP_I32, f->out);
	dbp_add_op(&b, f->kind, x, f->inputs, y, outputs,
		   f->params_bytes ? f->params : NULL, f->params_bytes, 0);
	file = dbp_builder_finish(&b, bytes);
	dbp_builder_free(&b);
	return file;
}
