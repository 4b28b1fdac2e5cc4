/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/onnx_op_models.h"

#include <stdlib.h>
#include <string.h>

/* `c` is the convolution's output, 1x4x6x6, and `f` that as 4x36; others are
 * constants of add_constants(). */
struct form {
	const char *op, *inputs;
	const char *ints, *set; /* attributes: `axis=1 keepdims=0`, `axes=1` */
	int64_t opset;
};

static const struct form forms[] = {
	{ "Abs", "c", 0, 0, 0 },
	{ "And", "b b", 0, 0, 0 },
	{ "ArgMax", "c", "axis=1 keepdims=0", 0, 0 },
	{ "ArgMin", "c", "axis=-1 keepdims=1", 0, 0 },
	{ "Cast", "c", "to=6", 0, 0 },
	{ "Ceil", "c", 0, 0, 0 },
	{ "Celu", "c", 0, 0, 0 },
	{ "DequantizeLinear", "q1 s zero", 0, 0, 0 },
	{ "QuantizeLinear", "c s zero", 0, 0, 0 },
	{ "DynamicQuantizeLinear", "c", 0, 0, 0 },
	{ "ConvInteger", "q4 q4", 0, 0, 0 },
	{ "MatMulInteger", "q1 q1 zero", 0, 0, 0 },
	{ "QLinearConv", "q4 s zero q4 s zero s zero", 0, 0, 0 },
	{ "QLinearSigmoid", "q1 s zero s zero", 0, 0, 0 },
	{ "Div", "c v", 0, 0, 0 },
	{ "Equal", "c s", 0, 0, 0 },
	{ "Erf", "c", 0, 0, 0 },
	{ "Exp", "c", 0, 0, 0 },
	{ "Expand", "s shape", 0, 0, 0 },
	{ "Floor", "c", 0, 0, 0 },
	{ "GatherElements", "f index", "axis=1", 0, 0 },
	{ "GatherND", "f index", 0, 0, 0 },
	{ "ScatterND", "f index row", 0, 0, 0 },
	{ "Gelu", "c", 0, 0, 20 },
	{ "Gemm", "f m s", "transA=1", 0, 0 },
	{ "Greater", "c s", 0, 0, 0 },
	{ "GroupNormalization", "c two two", "num_groups=2", 0, 18 },
	{ "GroupNormalization", "c four four", "num_groups=2", 0, 21 },
	{ "HardSwish", "c", 0, 0, 0 },
	{ "LRN", "c", "size=3", 0, 0 },
	{ "LayerNormalization", "f row row", "axis=-1", 0, 0 },
	{ "LessOrEqual", "c s", 0, 0, 0 },
	{ "Log", "c", 0, 0, 0 },
	{ "LogSoftmax", "c", "axis=1", 0, 0 },
	{ "Mean", "c c s", 0, 0, 0 },
	{ "Mod", "index two_i", 0, 0, 0 },
	{ "Not", "b", 0, 0, 0 },
	{ "Or", "b b", 0, 0, 0 },
	{ "Pow", "c s", 0, 0, 0 },
	{ "Range", "zero_i nine one_i", 0, 0, 0 },
	{ "Reciprocal", "c", 0, 0, 0 },
	{ "ReduceL1", "c", "keepdims=0", "axes=1", 13 },
	{ "ReduceL2", "c", "keepdims=1", "axes=2", 13 },
	{ "ReduceMin", "c", "keepdims=1", "axes=3", 13 },
	{ "ReduceProd", "c", "keepdims=1", "axes=1", 13 },
	{ "ReduceSumSquare", "c", "keepdims=1", "axes=1", 13 },
	{ "Round", "c", 0, 0, 0 },
	{ "Shape", "c", 0, 0, 0 },
	{ "Shrink", "c", 0, 0, 0 },
	{ "Sign", "c", 0, 0, 0 },
	{ "Size", "c", 0, 0, 0 },
	{ "Sqrt", "c", 0, 0, 0 },
	{ "Sum", "c c", 0, 0, 0 },
	{ "ThresholdedRelu", "c", 0, 0, 0 },
	{ "Tile", "c shape", 0, 0, 0 },
	{ "TopK", "f k", "axis=1", 0, 0 },
	{ "Upsample", "c sizes", 0, 0, 9 },
	{ "Where", "b c s", 0, 0, 0 },
	{ "Xor", "b b", 0, 0, 0 },
	{ "Dropout", "c", 0, 0, 0 },
	{ "LpPool", "c", 0, "kernel_shape=2 2", 0 },
	{ "ConstantOfShape", "shape", 0, 0, 0 },
};

static void add_constants(struct onnx_builder *b)
{
	static const float numbers[36] = { 0.5f, -1, 2, 3 };
	static const float sizes[] = { 1, 1, 2, 2 };
	static const int64_t shape[] = { 1, 4, 1, 1 }, zero = 0, one = 1;
	static const int64_t k = 3, nine = 9, two = 2;
	static const int8_t codes[4] = { 1, -2, 3, 100 };

	onnx_build_floats(b, "s", "", numbers, 1);
	onnx_build_floats(b, "v", "4x1x1", numbers, 4);
	onnx_build_floats(b, "four", "4", numbers, 4);
	onnx_build_floats(b, "two", "2", numbers, 2);
	onnx_build_floats(b, "row", "36", numbers, 36);
	onnx_build_floats(b, "m", "4x1", numbers, 4);
	onnx_build_floats(b, "sizes", "4", sizes, 4);
	onnx_build_int64s(b, "shape", shape, 4);
	onnx_build_int64s(b, "k", &k, 1);
	onnx_build_int64s(b, "two_i", &two, 1);
	onnx_build_raw(b, onnx_build_initializer(b, "index", ONNX_INT64, "2x2"),
		       shape, sizeof(shape));
	onnx_build_raw(b, onnx_build_initializer(b, "zero_i", ONNX_INT64, ""),
		       &zero, 8);
	onnx_build_raw(b, onnx_build_initializer(b, "one_i", ONNX_INT64, ""),
		       &one, 8);
	onnx_build_raw(b, onnx_build_initializer(b, "nine", ONNX_INT64, ""),
		       &nine, 8);
	onnx_build_raw(b, onnx_build_initializer(b, "q1", ONNX_INT8, "4"),
		       codes, 4);
	onnx_build_raw(b, onnx_build_initializer(b, "q4", ONNX_INT8, "1x1x2x2"),
		       codes, 4);
	onnx_build_raw(b, onnx_build_initializer(b, "zero", ONNX_INT8, ""),
		       codes, 1);
}

/* `NAME=INT` with blanks between. */
static void set_ints(struct onnx_builder *b, Onnx__NodeProto *n,
		     const char *text)
{
	char *copy = onnx_build_text(b, text), *rest;

	for (char *s = strtok_r(copy, " ", &rest); s;
	     s = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(s, '=');

		*value++ = 0;
		onnx_build_attr_int(b, n, s, strtoll(value, NULL, 10));
	}
}

/* `NAME=INT INT...` */
static void set_list(struct onnx_builder *b, Onnx__NodeProto *n,
		     const char *text)
{
	char *name = onnx_build_text(b, text), *next = strchr(name, '=');
	int64_t list[8];
	size_t count = 0;

	*next++ = 0;
	while (*next && count < 8)
		list[count++] = strtoll(next, &next, 10);
	onnx_build_attr_ints(b, n, name, list, count);
}

const char *onnx_op_model(struct onnx_builder *b, uint32_t i)
{
	static const float weights[3 * 4 * 9] = { 0.3f, -0.2f, 0.5f, 0.1f };
	const struct form *f = &forms[i];
	Onnx__NodeProto *n;

	if (i >= sizeof(forms) / sizeof(*forms))
		return NULL;
	if (f->opset)
		b->opset->version = f->opset;
	onnx_build_input(b, "x", ONNX_FLOAT, "1x3x8x8");
	onnx_build_floats(b, "w", "4x3x3x3", weights, 3 * 4 * 9);
	add_constants(b);
	onnx_build_node(b, "Conv", "conv", "x w", "c");
	n = onnx_build_node(b, "Flatten", "flat", "c", "f");
	onnx_build_attr_int(b, n, "axis", 2);
	onnx_build_node(b, "Greater", "more", "c s", "b");
	n = onnx_build_node(b, f->op, "node", f->inputs,
			    strcmp(f->op, "TopK") ? "y" : "y z");
	if (f->ints)
		set_ints(b, n, f->ints);
	if (f->set)
		set_list(b, n, f->set);
	onnx_build_node(b, "Relu", "end", "c", "other");
	onnx_build_output(b, "y");
	onnx_build_output(b, "other");
	return f->op;
}
