/* SPDX-License-Identifier: Apache-2.0 */
/* GroupNormalization: mean and variance of each group, worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/onnx_case.h"

/* Two groups of two channels of two pixels: means 2.5 and 20, variances 1.25
 * and 100. */
static const float x[8] = { 1, 2, 3, 4, 10, 10, 30, 30 };
#define A 1.3416407865f /* 1.5 / sqrt(1.25) */
#define B 0.4472135955f /* 0.5 / sqrt(1.25) */

static Onnx__NodeProto *build(struct onnx_case *c, int opset,
			      const char *scales)
{
	struct onnx_builder *b = &c->builder;
	Onnx__NodeProto *n;

	b->opset->version = opset;
	onnx_build_input(b, "x", ONNX_FLOAT, "1x4x1x2");
	n = onnx_build_node(b, "GroupNormalization", "g", scales, "y");
	onnx_build_attr_float(b, n, "epsilon", 0);
	onnx_build_output(b, "y");
	return n;
}

static void test_scale_of_groups(void **state)
{
	struct onnx_case *c = *state;

	onnx_build_floats(&c->builder, "s", "2", (float[]){ 1, 2 }, 2);
	onnx_build_floats(&c->builder, "b", "2", (float[]){ 0, 5 }, 2);
	onnx_build_attr_int(&c->builder, build(c, 18, "x s b"), "num_groups",
			    2);
	onnx_case_computes(c, x, "1x4x1x2",
			   (float[]){ -A, -B, B, A, 3, 3, 7, 7 });
}

static void test_scale_of_channels(void **state)
{
	struct onnx_case *c = *state;

	onnx_build_floats(&c->builder, "s", "4", (float[]){ 1, 2, 3, 4 }, 4);
	onnx_build_floats(&c->builder, "b", "4", (float[]){ 0, 1, 2, 3 }, 4);
	onnx_build_attr_int(&c->builder, build(c, 21, "x s b"), "num_groups",
			    2);
	onnx_case_computes(
		c, x, "1x4x1x2",
		(float[]){ -A, -B, 1 + 2 * B, 1 + 2 * A, -1, -1, 7, 7 });
}

static void test_groups_that_do_not_fit(void **state)
{
	struct onnx_case *c = *state;

	onnx_build_floats(&c->builder, "s", "4", (float[]){ 1, 2, 3, 4 }, 4);
	onnx_build_floats(&c->builder, "b", "4", (float[]){ 0, 1, 2, 3 }, 4);
	onnx_build_attr_int(&c->builder, build(c, 21, "x s b"), "num_groups",
			    3);
	onnx_case_refused(c, "node 'g' (GroupNormalization): 4 channels are "
			     "not 3 equal groups");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scale_of_groups,
						onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_scale_of_channels,
						onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_groups_that_do_not_fit,
						onnx_case_setup,
						onnx_case_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
