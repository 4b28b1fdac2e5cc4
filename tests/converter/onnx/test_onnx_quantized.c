/* SPDX-License-Identifier: Apache-2.0 */
/* Quantized models with scales, zero points and widths that are wrong: one
 * message each. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/onnx_case.h"

/* A pair of x [1,3,4,4]; the scale and zero point are given. */
static void build_pair(struct onnx_case *c, const char *scale_shape,
		       const float *scale, size_t scales, int type,
		       const char *zero_shape, const void *zero, size_t bytes,
		       int axis)
{
	struct onnx_builder *b = &c->builder;
	Onnx__NodeProto *n;

	onnx_case_reset(c);
	b->opset->version = 21;
	onnx_build_input(b, "x", ONNX_FLOAT, "1x3x4x4");
	onnx_build_floats(b, "s", scale_shape, scale, scales);
	onnx_build_raw(b, onnx_build_initializer(b, "z", type, zero_shape),
		       zero, bytes);
	n = onnx_build_node(b, "QuantizeLinear", "q", "x s z", "c");
	onnx_build_attr_int(b, n, "axis", axis);
	n = onnx_build_node(b, "DequantizeLinear", "d", "c s z", "y");
	onnx_build_attr_int(b, n, "axis", axis);
	onnx_build_output(b, "y");
}

static void test_scales(void **state)
{
	static const struct {
		float scale;
		const char *message;
	} rows[] = {
		{ 0, "node 'q' (QuantizeLinear): scale 0 in 's' is out of "
		     "range" },
		{ -0.5f, "node 'q' (QuantizeLinear): scale -0.5 in 's' is out "
			 "of range" },
		{ NAN, "node 'q' (QuantizeLinear): scale nan in 's' is out of "
		       "range" },
		{ INFINITY, "node 'q' (QuantizeLinear): scale inf in 's' is "
			    "out of range" },
	};
	const int8_t zero = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		build_pair(*state, "", &rows[i].scale, 1, ONNX_INT8, "", &zero,
			   1, 1);
		onnx_case_load_refused(*state, rows[i].message);
	}
}

static void test_lengths(void **state)
{
	static const float scale[4] = { 1, 1, 1, 1 };
	static const int8_t zero[4] = { 0 };

	build_pair(*state, "4", scale, 4, ONNX_INT8, "4", zero, 4, 1);
	onnx_case_load_refused(*state, "node 'q' (QuantizeLinear): input 's' "
				       "is 4, expected 3");
	build_pair(*state, "3", scale, 3, ONNX_INT8, "3", zero, 3, 2);
	onnx_case_load_refused(*state, "node 'q' (QuantizeLinear): input 's' "
				       "is 3, expected 4");
	build_pair(*state, "3", scale, 3, ONNX_INT8, "3", zero, 3, 4);
	onnx_case_load_refused(*state, "node 'q' (QuantizeLinear): axis 4 is "
				       "out of range for 4 dimensions");
	build_pair(*state, "3", scale, 3, ONNX_INT8, "2", zero, 2, 1);
	onnx_case_load_refused(*state, "node 'q' (QuantizeLinear): scale 's' "
				       "and zero point 'z' differ in shape");
}

static void test_types(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	const float one = 1;

	build_pair(c, "", &one, 1, ONNX_INT32, "", (int32_t[]){ 0 }, 4, 1);
	onnx_case_refused(c, "node 'q' (QuantizeLinear): codes of type int32 "
			     "are not supported");
	build_pair(c, "", &one, 1, ONNX_FLOAT, "", &one, 4, 1);
	onnx_case_refused(c, "node 'q' (QuantizeLinear): codes of type float "
			     "are not supported");
	build_pair(c, "", &one, 1, ONNX_INT8, "", (int8_t[]){ 0 }, 1, 1);
	onnx_build_raw(b, onnx_build_initializer(b, "u", ONNX_UINT8, ""),
		       (uint8_t[]){ 0 }, 1);
	b->graph.node[1]->input[2] = onnx_build_text(b, "u");
	onnx_case_load_refused(c, "node 'd' (DequantizeLinear): input 'u' is "
				  "u8, but 'c' is i8");
}

static void build_quant(struct onnx_case *c, float scale, float zero,
			float bits, const char *mode)
{
	struct onnx_builder *b = &c->builder;
	Onnx__NodeProto *n;

	onnx_case_reset(c);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x3");
	onnx_build_floats(b, "s", "", &scale, 1);
	onnx_build_floats(b, "z", "", &zero, 1);
	onnx_build_floats(b, "b", "", &bits, 1);
	n = onnx_build_node(b, "Quant", "q", "x s z b", "y");
	n->domain = onnx_build_text(b, "qonnx.custom_op.general");
	onnx_build_attr_string(b, n, "rounding_mode", mode);
	onnx_build_output(b, "y");
}

static void test_qonnx(void **state)
{
	static const struct {
		float scale, zero, bits;
		const char *message;
	} rows[] = {
		{ -1, 0, 4,
		  "node 'q' (Quant): scale -1 in 's' is out of "
		  "range" },
		{ 1, 9, 4,
		  "node 'q' (Quant): zero point 9 in 'z' is none of "
		  "its codes, -8 to 7" },
		{ 1, NAN, 4,
		  "node 'q' (Quant): zero point nan in 'z' is none "
		  "of its codes, -8 to 7" },
		{ 1, 0, 0, "node 'q' (Quant): bit width 0 is out of range" },
		{ 1, 0, 33, "node 'q' (Quant): bit width 33 is out of range" },
		{ 1, 0, NAN,
		  "node 'q' (Quant): bit width nan is out of "
		  "range" },
		{ 1, 0, 2.5f,
		  "node 'q' (Quant): bit width 2.5 is not a whole "
		  "number" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		build_quant(*state, rows[i].scale, rows[i].zero, rows[i].bits,
			    "ROUND");
		onnx_case_load_refused(*state, rows[i].message);
	}
	build_quant(*state, 1, 0, 4, "to the nearest of all");
	onnx_case_refused(*state, "node 'q' (Quant): rounding 'to the nearest "
				  "of all' is not supported");
	build_quant(*state, 0.5f, 0, 4, "floor");
	onnx_case_computes(*state, (float[]){ 0.7f, -0.1f, 9 }, "1x3",
			   (float[]){ 0.5f, -0.5f, 3.5f });
}

static void test_bipolar(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	Onnx__NodeProto *n;

	onnx_build_input(b, "x", ONNX_FLOAT, "1x3");
	onnx_build_floats(b, "s", "", (float[]){ 0.5f }, 1);
	n = onnx_build_node(b, "BipolarQuant", "q", "x s", "y");
	n->domain = onnx_build_text(b, "qonnx.custom_op.general");
	onnx_build_output(b, "y");
	onnx_case_computes(c, (float[]){ 0, -0.1f, 9 }, "1x3",
			   (float[]){ 0.5f, -0.5f, 0.5f });
	n->input[1] = onnx_build_text(b, "");
	onnx_case_refused(c, "node 'q' (BipolarQuant): input 1 is missing");
}

int main(void)
{
#define TEST(name)                                             \
	cmocka_unit_test_setup_teardown(name, onnx_case_setup, \
					onnx_case_teardown)
	static const struct CMUnitTest tests[] = {
		TEST(test_scales), TEST(test_lengths), TEST(test_types),
		TEST(test_qonnx),  TEST(test_bipolar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
