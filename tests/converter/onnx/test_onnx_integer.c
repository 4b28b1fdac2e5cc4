/* SPDX-License-Identifier: Apache-2.0 */
/* Operators whose activations are quantized while they run, and fused ones,
 * with values worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/onnx_case.h"

static void build_codes(struct onnx_builder *b, const char *name, int type,
			const char *shape, const void *codes, size_t bytes)
{
	onnx_build_raw(b, onnx_build_initializer(b, name, type, shape), codes,
		       bytes);
}

/* Codes of x: their range with 0 is 255, so the scale is 1. */
static void build_dynamic(struct onnx_builder *b, const char *shape)
{
	onnx_build_floats(b, "quarter", "", (float[]){ 0.25f }, 1);
	onnx_build_input(b, "x", ONNX_FLOAT, shape);
	onnx_build_node(b, "DynamicQuantizeLinear", "q", "x", "xq s z");
}

static Onnx__NodeProto *microsoft(struct onnx_builder *b, const char *op,
				  const char *inputs, const char *outputs)
{
	Onnx__NodeProto *n = onnx_build_node(b, op, "n", inputs, outputs);

	n->domain = onnx_build_text(b, "com.microsoft");
	return n;
}

static void test_dynamic_quantize(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_dynamic(b, "4");
	onnx_build_node(b, "DequantizeLinear", "dq", "xq s z", "y");
	onnx_build_output(b, "y");
	onnx_case_computes(c, (float[]){ -55, 200, 0.5f, 1.5f }, "4",
			   (float[]){ -55, 200, 0, 2 });
	/* a range of nothing */
	onnx_case_computes(c, (float[]){ 0, 0, 0, 0 }, "4",
			   (float[]){ 0, 0, 0, 0 });
}

static void test_conv(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_dynamic(b, "1x1x1x3");
	build_codes(b, "w", ONNX_UINT8, "2x1x1x2", (uint8_t[]){ 9, 5, 1, 7 },
		    4);
	build_codes(b, "zw", ONNX_UINT8, "2", (uint8_t[]){ 6, 7 }, 2);
	onnx_build_node(b, "ConvInteger", "n", "xq w z zw", "sum");
	onnx_build_attr_ints(b, b->graph.node[1], "pads",
			     (int64_t[]){ 0, 0, 0, 1 }, 4);
	onnx_build_node(b, "Cast", "cast", "sum", "f");
	onnx_build_attr_int(b, b->graph.node[2], "to", ONNX_FLOAT);
	onnx_build_node(b, "Mul", "k", "s quarter", "scale");
	onnx_build_node(b, "Mul", "mul", "f scale", "y");
	onnx_build_output(b, "y");
	onnx_case_computes(c, (float[]){ -55, 200, 4 }, "1x2x1x3",
			   (float[]){ -91.25f, 149, 3, 82.5f, -300, -6 });
}

static void test_matmul(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_dynamic(b, "1x3");
	build_codes(b, "w", ONNX_INT8, "3x2", (int8_t[]){ 1, 2, 3, 4, 5, 6 },
		    6);
	onnx_build_node(b, "MatMulInteger", "n", "xq w z", "sum");
	onnx_build_node(b, "Cast", "cast", "sum", "y");
	onnx_build_attr_int(b, b->graph.node[2], "to", ONNX_FLOAT);
	onnx_build_output(b, "y");
	onnx_case_computes(c, (float[]){ -55, 200, 4 }, "1x2",
			   (float[]){ 565, 714 });
}

/* One zero point for the scales of both columns. */
static void test_matmul_to_float(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_dynamic(b, "1x2");
	onnx_build_floats(b, "scales", "2", (float[]){ 0.25f, 0.5f }, 2);
	onnx_build_floats(b, "bias", "2", (float[]){ 1, -1 }, 2);
	build_codes(b, "w", ONNX_UINT8, "2x2", (uint8_t[]){ 4, 2, 5, 1 }, 4);
	build_codes(b, "zw", ONNX_UINT8, "", (uint8_t[]){ 3 }, 1);
	microsoft(b, "MatMulIntegerToFloat", "xq w s scales z zw bias", "y");
	onnx_build_output(b, "y");
	onnx_case_computes(c, (float[]){ -55, 200 }, "1x2",
			   (float[]){ 87.25f, -173.5f });
}

static void test_dynamic_matmul(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	onnx_build_floats(b, "half", "", (float[]){ 0.5f }, 1);
	build_codes(b, "w", ONNX_INT8, "2x2", (int8_t[]){ 4, 2, 5, 1 }, 4);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x2");
	microsoft(b, "DynamicQuantizeMatMul", "x w half", "y");
	onnx_build_output(b, "y");
	onnx_case_computes(c, (float[]){ -55, 200 }, "1x2",
			   (float[]){ 390, 45 });
}

static void test_hostile(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_dynamic(b, "1x2");
	onnx_build_node(b, "MatMulInteger", "n", "xq", "y");
	onnx_build_output(b, "y");
	onnx_case_refused(c, "node 'n' (MatMulInteger): input 1 is missing");
	onnx_case_reset(c);
	build_dynamic(b, "1x2");
	onnx_build_node(b, "ConvInteger", "n", "xq xq z z z", "y");
	onnx_build_output(b, "y");
	onnx_case_refused(c, "node 'n' (ConvInteger): has 5 inputs, expected "
			     "at most 4");
	onnx_case_reset(c);
	build_dynamic(b, "1x2");
	microsoft(b, "MatMulIntegerToFloat", "xq xq s - z z", "y");
	onnx_build_output(b, "y");
	onnx_case_refused(c, "node 'n' (MatMulIntegerToFloat): input 3 is "
			     "missing");
}

/* ---- Fused operators ---- */

static void build_fused(struct onnx_builder *b, const char *op,
			const char *activation, const char *shape,
			const char *weights, const char *inputs)
{
	Onnx__NodeProto *n;

	onnx_build_input(b, "x", ONNX_FLOAT, shape);
	onnx_build_floats(b, "w", weights, (float[]){ 2, -1 }, 2);
	onnx_build_floats(b, "bias", "1", (float[]){ 0.5f }, 1);
	n = microsoft(b, op, inputs, "y");
	onnx_build_attr_string(b, n, "activation", activation);
	onnx_build_output(b, "y");
}

static void test_fused_conv(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_fused(b, "FusedConv", "Relu", "1x1x1x3", "1x1x1x2", "x w bias");
	onnx_case_computes(c, (float[]){ 1, 2, 7 }, "1x1x1x2",
			   (float[]){ 0.5f, 0 });
	/* the sum comes before the activation, here without a minimum */
	onnx_case_reset(c);
	build_fused(b, "FusedConv", "Clip", "1x1x1x3", "1x1x1x2",
		    "x w bias sum");
	onnx_build_floats(b, "sum", "2", (float[]){ 1, -1 }, 2);
	onnx_build_attr_floats(b, b->graph.node[0], "activation_params",
			       (float[]){ -3, 1 }, 2);
	onnx_case_computes(c, (float[]){ 1, 2, 7 }, "1x1x1x2",
			   (float[]){ 1, -3 });
	onnx_case_reset(c);
	build_fused(b, "FusedConv", "Selu", "1x1x1x3", "1x1x1x2", "x w");
	onnx_case_refused(c, "node 'n' (FusedConv): activation 'Selu' is not "
			     "supported");
}

static void test_fused_products(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_fused(b, "FusedGemm", "LeakyRelu", "1x2", "2x1", "x w bias");
	onnx_build_attr_float(b, b->graph.node[0], "activation_alpha", 0.5f);
	onnx_case_computes(c, (float[]){ 1, 4 }, "1x1", (float[]){ -0.75f });
	onnx_case_reset(c);
	build_fused(b, "FusedMatMul", "", "1x2", "1x2", "x w");
	onnx_build_attr_int(b, b->graph.node[0], "transB", 1);
	onnx_build_attr_float(b, b->graph.node[0], "alpha", 0.5f);
	onnx_case_computes(c, (float[]){ 1, 4 }, "1x1", (float[]){ -1 });
}

int main(void)
{
#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(name, onnx_case_setup, \
					onnx_case_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_dynamic_quantize), TEST(test_conv),
		TEST(test_matmul),           TEST(test_matmul_to_float),
		TEST(test_dynamic_matmul),   TEST(test_hostile),
		TEST(test_fused_conv),       TEST(test_fused_products),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
