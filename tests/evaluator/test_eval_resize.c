/* SPDX-License-Identifier: Apache-2.0 */
/* Resize (opset 19): one scale for both axes, and cells at ties. The expected
 * cells are worked out from the formulas of the ONNX text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/onnx_case.h"

/* x [1,1,3,4] holds 10 * row + column: a result tells its source cell. */
static const float cells[12] = { 0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23 };

static void build(struct onnx_case *c, const char *policy,
		  const int64_t sizes[2])
{
	struct onnx_builder *b = &c->builder;
	Onnx__NodeProto *n;

	b->opset->version = 19;
	onnx_build_input(b, "x", ONNX_FLOAT, "1x1x3x4");
	onnx_build_int64s(b, "sizes", sizes, 2);
	n = onnx_build_node(b, "Resize", "r", "x - - sizes", "y");
	onnx_build_attr_ints(b, n, "axes", (int64_t[]){ 2, 3 }, 2);
	onnx_build_attr_string(b, n, "keep_aspect_ratio_policy", policy);
	onnx_build_attr_string(b, n, "coordinate_transformation_mode",
			       "asymmetric");
	onnx_build_attr_string(b, n, "nearest_mode", "floor");
	onnx_build_output(b, "y");
}

/* y[i][j] = x[rows[i]][columns[j]] */
static void check(struct onnx_case *c, const char *shape, const int *rows,
		  int height, const int *columns, int width)
{
	float expected[64];

	for (int i = 0; i < height; i++)
		for (int j = 0; j < width; j++)
			expected[i * width + j] =
				(float)(10 * rows[i] + columns[j]);
	onnx_case_computes(c, cells, shape, expected);
}

/* 5x6 at most: the scale is 1.5, not 5 / 3; 4.5 rows are rounded up to 5. */
static void test_not_larger(void **state)
{
	build(*state, "not_larger", (int64_t[]){ 5, 6 });
	check(*state, "1x1x5x6", (int[]){ 0, 0, 1, 2, 2 }, 5,
	      (int[]){ 0, 0, 1, 2, 2, 3 }, 6);
}

/* 4x8 at least: the scale is 2. */
static void test_not_smaller(void **state)
{
	build(*state, "not_smaller", (int64_t[]){ 4, 8 });
	check(*state, "1x1x6x8", (int[]){ 0, 0, 1, 1, 2, 2 }, 6,
	      (int[]){ 0, 0, 1, 1, 2, 2, 3, 3 }, 8);
}

/* The same scale in both directions also where the size stays: 2 rows of 3 and
 * 4 of 4 columns at most are a scale of 2 / 3. */
static void test_shrinks(void **state)
{
	build(*state, "not_larger", (int64_t[]){ 2, 4 });
	check(*state, "1x1x2x3", (int[]){ 0, 1 }, 2, (int[]){ 0, 1, 3 }, 3);
}

/* Half pixels, rounded with ties to the lower cell: in float,
 * 3.5 / 0.7f - 0.5 is 4.5, a tie, and not a little more. */
static void test_tie_in_float(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	onnx_build_input(b, "x", ONNX_FLOAT, "1x1x6");
	onnx_build_floats(b, "scales", "3", (float[]){ 1, 1, 0.7f }, 3);
	onnx_build_node(b, "Resize", "r", "x - scales", "y");
	onnx_build_output(b, "y");
	onnx_case_computes(c, (float[]){ 0, 1, 2, 3, 4, 5 }, "1x1x4",
			   (float[]){ 0, 2, 3, 4 });
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_not_larger, onnx_case_setup, onnx_case_teardown),
		cmocka_unit_test_setup_teardown(
			test_not_smaller, onnx_case_setup, onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_shrinks, onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(
			test_tie_in_float, onnx_case_setup, onnx_case_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
