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

/* Scales that depend on the data have no form in the graph. */
static void test_dynamic_scales(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	onnx_build_input(b, "x", ONNX_FLOAT, "1x1x1x3");
	onnx_build_node(b, "DynamicQuantizeLinear", "n", "x", "q s z");
	onnx_build_node(b, "DequantizeLinear", "dq", "q s z", "y");
	onnx_build_output(b, "y");
	onnx_case_refused(c, "node 'n' (DynamicQuantizeLinear): operator is "
			     "not supported (opset 17)");
	assert_non_null(strstr(c->d.entries[0].hint, "QDQ"));
}

int main(void)
{
#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(name, onnx_case_setup, \
					onnx_case_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_conv),
		TEST(test_matmul),
		TEST(test_add),
		TEST(test_dynamic_scales),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
