/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on integers, with values worked out by hand. */
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

/* x [1,1,1,3] in codes of 0.5, behind it `op` with codes of 0.25 */
static void build(struct onnx_builder *b, const char *op, const char *inputs)
{
	onnx_build_floats(b, "half", "", (float[]){ 0.5f }, 1);
	onnx_build_floats(b, "quarter", "", (float[]){ 0.25f }, 1);
	build_codes(b, "zero", ONNX_INT8, "", (int8_t[]){ 0 }, 1);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x1x1x3");
	onnx_build_node(b, "QuantizeLinear", "q", "x half zero", "xq");
	onnx_build_node(b, op, "n", inputs, "yq");
	onnx_build_node(b, "DequantizeLinear", "dq", "yq quarter zero", "y");
	onnx_build_output(b, "y");
}

/* Weights of codes 3 and -2 times 0.25 and 0.5; a bias of codes 8 and 4 times
 * half of that. */
static void test_conv(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	onnx_build_floats(b, "scales", "2", (float[]){ 0.25f, 0.5f }, 2);
	build_codes(b, "zeros", ONNX_INT8, "2", (int8_t[]){ 0, 0 }, 2);
	build_codes(b, "w", ONNX_INT8, "2x1x1x1", (int8_t[]){ 3, -2 }, 2);
	build_codes(b, "bias", ONNX_INT32, "2", (int32_t[]){ 8, 4 }, 8);
	build(b, "QLinearConv",
	      "xq half zero w scales zeros quarter zero bias");
	onnx_case_computes(c, (float[]){ 1, 2, -1 }, "1x2x1x3",
			   (float[]){ 1.75f, 2.5f, 0.25f, 0, -1, 2 });
}

static void test_matmul(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_codes(b, "w", ONNX_INT8, "3x1", (int8_t[]){ 1, -2, 3 }, 3);
	build(b, "QLinearMatMul", "xq half zero w half zero quarter zero");
	onnx_case_computes(c, (float[]){ 1, 2, -1 }, "1x1x1x1",
			   (float[]){ -3 });
}

static void test_add(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_codes(b, "w", ONNX_INT8, "1", (int8_t[]){ 5 }, 1);
	build(b, "QLinearAdd", "xq half zero w quarter zero quarter zero");
	b->graph.node[1]->domain = onnx_build_text(b, "com.microsoft");
	onnx_case_computes(c, (float[]){ 1, 2, -1 }, "1x1x1x3",
			   (float[]){ 2.25f, 3.25f, 0.25f });
}

/* An operator of ONNX Runtime on the codes of x. */
static Onnx__NodeProto *build_microsoft(struct onnx_builder *b, const char *op,
					const char *inputs)
{
	Onnx__NodeProto *n;

	build(b, op, inputs);
	n = b->graph.node[1];
	n->domain = onnx_build_text(b, "com.microsoft");
	return n;
}

static void test_concat(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	Onnx__NodeProto *n;

	build_codes(b, "w", ONNX_INT8, "1x1x1x2", (int8_t[]){ 3, -4 }, 2);
	n = build_microsoft(b, "QLinearConcat",
			    "quarter zero xq half zero w quarter zero");
	onnx_build_attr_int(b, n, "axis", 3);
	onnx_case_computes(c, (float[]){ 1, 2, -1 }, "1x1x1x5",
			   (float[]){ 1, 2, -1, 0.75f, -1 });
}

static void test_pools(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	Onnx__NodeProto *n;

	n = build_microsoft(b, "QLinearAveragePool",
			    "xq half zero quarter zero");
	onnx_build_attr_ints(b, n, "kernel_shape", (int64_t[]){ 1, 2 }, 2);
	onnx_case_computes(c, (float[]){ 1, 2, -1 }, "1x1x1x2",
			   (float[]){ 1.5f, 0.5f });
	onnx_case_reset(c);
	build_microsoft(b, "QLinearGlobalAveragePool",
			"xq half zero quarter zero");
	onnx_case_computes(c, (float[]){ 1, 2, 0 }, "1x1x1x1", (float[]){ 1 });
	/* the last dim holds the channels */
	onnx_case_reset(c);
	n = build_microsoft(b, "QLinearGlobalAveragePool",
			    "xq half zero quarter zero");
	onnx_build_attr_int(b, n, "channels_last", 1);
	onnx_case_computes(c, (float[]){ 1, 2, -1 }, "1x1x1x3",
			   (float[]){ 1, 2, -1 });
}

/* Before opset 13 all dims from the axis on are one; here it is of one. */
static void test_softmax(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	Onnx__NodeProto *n;

	n = build_microsoft(b, "QLinearSoftmax", "xq half zero quarter zero");
	onnx_build_attr_int(b, n, "axis", 3);
	onnx_build_attr_int(b, n, "opset", 12);
	onnx_case_computes(c, (float[]){ 1, 1, -9 }, "1x1x1x3",
			   (float[]){ 0.5f, 0.5f, 0 });
}

static void test_where(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_codes(b, "which", ONNX_BOOL, "3", (uint8_t[]){ 1, 0, 1 }, 3);
	build_codes(b, "w", ONNX_INT8, "1", (int8_t[]){ 5 }, 1);
	build_microsoft(b, "QLinearWhere",
			"which xq half zero w quarter zero quarter zero");
	onnx_case_computes(c, (float[]){ 1, 2, -1 }, "1x1x1x3",
			   (float[]){ 1, 1.25f, -1 });
}

/* y = 2 x w + c, where c has the scale of x times that of w and alpha. */
static void build_gemm(struct onnx_builder *b, const char *output)
{
	Onnx__NodeProto *n;
	char inputs[64];

	onnx_build_floats(b, "half", "", (float[]){ 0.5f }, 1);
	onnx_build_floats(b, "quarter", "", (float[]){ 0.25f }, 1);
	onnx_build_floats(b, "scales", "2", (float[]){ 0.25f, 0.5f }, 2);
	build_codes(b, "zero", ONNX_INT8, "", (int8_t[]){ 0 }, 1);
	build_codes(b, "zeros", ONNX_INT8, "2", (int8_t[]){ 0, 0 }, 2);
	build_codes(b, "w", ONNX_INT8, "2x3", (int8_t[]){ 1, -2, 3, 0, 1, 0 },
		    6);
	build_codes(b, "bias", ONNX_INT32, "2", (int32_t[]){ 8, 4 }, 8);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x3");
	onnx_build_node(b, "QuantizeLinear", "q", "x half zero", "xq");
	snprintf(inputs, sizeof(inputs), "xq half zero w scales zeros bias%s",
		 output);
	n = onnx_build_node(b, "QGemm", "n", inputs, "yq");
	n->domain = onnx_build_text(b, "com.microsoft");
	onnx_build_attr_float(b, n, "alpha", 2);
	onnx_build_attr_int(b, n, "transB", 1);
}

static void test_gemm(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_gemm(b, " quarter zero");
	onnx_build_node(b, "DequantizeLinear", "dq", "yq quarter zero", "y");
	onnx_build_output(b, "y");
	onnx_case_computes(c, (float[]){ 1, 2, -1 }, "1x2", (float[]){ -1, 4 });
	/* without a scale the output is float */
	onnx_case_reset(c);
	build_gemm(b, "");
	onnx_build_node(b, "Neg", "neg", "yq", "y");
	onnx_build_output(b, "y");
	onnx_case_computes(c, (float[]){ 1, 2, -1 }, "1x2", (float[]){ 1, -4 });
}

static void test_hostile(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	build_microsoft(b, "QLinearConcat", "quarter zero");
	onnx_build_attr_int(b, b->graph.node[1], "axis", 1);
	onnx_case_refused(c, "node 'n' (QLinearConcat): has no operands");
	onnx_case_reset(c);
	build(b, "QLinearMatMul", "xq half zero xq - zero quarter zero");
	onnx_case_refused(c, "node 'n' (QLinearMatMul): input 4 is missing");
	onnx_case_reset(c);
	build(b, "QLinearMatMul", "xq half zero xq half zero - zero");
	onnx_case_refused(c, "node 'n' (QLinearMatMul): input 6 is missing");
	onnx_case_reset(c);
	build_microsoft(b, "QLinearSigmoid", "xq half zero half zero xq");
	onnx_case_refused(c, "node 'n' (QLinearSigmoid): has 6 inputs, "
			     "expected at most 5");
	onnx_case_reset(c);
	build_microsoft(b, "QLinearReduceSum", "xq half zero half zero");
	onnx_case_refused(c, "node 'n' (com.microsoft.QLinearReduceSum): "
			     "operator is not supported (opset 17)");
	assert_non_null(strstr(c->d.entries[0].hint, "QDQ"));
}

int main(void)
{
#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(name, onnx_case_setup, \
					onnx_case_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_conv),   TEST(test_matmul), TEST(test_add),
		TEST(test_concat), TEST(test_pools),  TEST(test_softmax),
		TEST(test_where),  TEST(test_gemm),   TEST(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
