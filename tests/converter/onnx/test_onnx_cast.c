/* SPDX-License-Identifier: Apache-2.0 */
/* CastLike, whose type is known when all nodes are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/onnx_case.h"

static const float x[2] = { -1, 2.5f };

static void begin(struct onnx_case *c)
{
	c->builder.opset->version = 18;
	onnx_build_input(&c->builder, "x", ONNX_FLOAT, "2");
	onnx_build_int64s(&c->builder, "three", (int64_t[]){ 3 }, 1);
}

/* Like a float that is computed; the graph lists that one last. */
static void test_computed(void **state)
{
	struct onnx_case *c = *state;

	begin(c);
	onnx_build_node(&c->builder, "CastLike", "k", "three r", "f");
	onnx_build_node(&c->builder, "Mul", "m", "r f", "y");
	onnx_build_node(&c->builder, "Relu", "a", "x", "r");
	onnx_build_output(&c->builder, "y");
	onnx_case_computes(c, x, "2", (float[]){ 0, 7.5f });
}

/* Like a size, and like what such a cast gave: whole numbers. */
static void test_chain(void **state)
{
	struct onnx_case *c = *state;

	begin(c);
	onnx_build_node(&c->builder, "Size", "s", "x", "n");
	onnx_build_node(&c->builder, "CastLike", "k", "x n", "whole");
	onnx_build_node(&c->builder, "CastLike", "l", "x whole", "again");
	onnx_build_node(&c->builder, "Add", "p", "again three", "sum");
	onnx_build_node(&c->builder, "CastLike", "m", "sum x", "y");
	onnx_build_output(&c->builder, "y");
	onnx_case_computes(c, x, "2", (float[]){ 2, 5 });
}

static void test_missing(void **state)
{
	struct onnx_case *c = *state;

	begin(c);
	onnx_build_node(&c->builder, "CastLike", "k", "x", "y");
	onnx_build_output(&c->builder, "y");
	onnx_case_refused(c, "node 'k' (CastLike): input 1 is missing");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_computed, onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_chain, onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_missing, onnx_case_setup,
						onnx_case_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
