/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files that ask for much: copies of functions, constants, inputs, work.
 * Each is refused with one message before anything large is allocated or
 * computed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/onnx_case.h"

#define TITLE_BYTES 64

/* Each function calls the next one twice: 2^15 copies of the last. */
static void test_doubling_functions(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	char name[TITLE_BYTES], next[TITLE_BYTES];

	for (int i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), "F%d", i);
		snprintf(next, sizeof(next), "F%d", i + 1);
		onnx_build_function(b, name, "X", "Y");
		onnx_build_call(b, next, "a", "X", "t");
		onnx_build_call(b, next, "b", "t", "Y");
		onnx_build_function_end(b);
	}
	onnx_build_function(b, "F15", "X", "Y");
	onnx_build_node(b, "Relu", "r", "X", "Y");
	onnx_build_function_end(b);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x3");
	onnx_build_call(b, "F0", "call", "x", "y");
	onnx_build_output(b, "y");
	onnx_case_refused(c, "node 'call/a/a/a/a/b/b/b/b/b/b/b/b/b/b/a/r' "
			     "(Relu): is one node too many: at most 6144 nodes "
			     "are read from a file of 32");
}

/* Copies of one function among many: each call finds it at once. */
static void test_many_functions(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	char name[TITLE_BYTES], from[TITLE_BYTES] = "x", to[TITLE_BYTES];

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "F%d", i);
		onnx_build_function(b, name, "X", "Y");
		onnx_build_node(b, i == 2999 ? "Neg" : "Relu", "n", "X", "Y");
		onnx_build_function_end(b);
	}
	onnx_build_input(b, "x", ONNX_FLOAT, "3");
	for (int i = 0; i < 3000; i++) {
		snprintf(to, sizeof(to), "t%d", i);
		onnx_build_call(b, "F2999", to, from, to);
		strcpy(from, to);
	}
	onnx_build_output(b, from);
	onnx_case_computes(c, (float[]){ -1, 0, 2 }, "3",
			   (float[]){ -1, 0, 2 });
}

/* A constant of 2^28 floats, repeated by an operator after a small one. */
static void build_bomb(struct onnx_builder *b, const char *op)
{
	bool fills = !strcmp(op, "ConstantOfShape");

	onnx_build_int64s(b, "dims", (int64_t[]){ 16384, 16384 }, 2);
	onnx_build_floats(b, "one", "1x1", (float[]){ 1 }, 1);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x1");
	onnx_build_node(b, op, "n", fills ? "dims" : "one dims", "t");
	onnx_build_node(b, "Add", "add", "x t", "y");
	onnx_build_output(b, "y");
}

static void test_large_constants(void **state)
{
	struct onnx_case *c = *state;
	static const char *const ops[] = { "ConstantOfShape", "Expand",
					   "Tile" };
	char message[256];

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		onnx_case_reset(c);
		build_bomb(&c->builder, ops[i]);
		snprintf(message, sizeof(message),
			 "node 'n' (%s): computing this constant would need "
			 "1024 MB, 64 MB are left for a model of this size",
			 ops[i]);
		onnx_case_load_refused(c, message);
	}
}

/* Many constants of a moderate size share one budget. */
static void test_constants_add_up(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	char name[2 * TITLE_BYTES], sum[TITLE_BYTES] = "x";

	onnx_build_int64s(b, "dims", (int64_t[]){ 1, 1 << 20 }, 2);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x1");
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		onnx_build_node(b, "ConstantOfShape", name, "dims", name);
		snprintf(name, sizeof(name), "%s t%d", sum, i);
		snprintf(sum, sizeof(sum), "s%d", i);
		onnx_build_node(b, "Add", sum, name, sum);
	}
	onnx_build_output(b, sum);
	onnx_case_load_refused(
		c, "node 't16' (ConstantOfShape): computing this constant "
		   "would need 4 MB, 0 MB are left for a model of this size");
}

/* A constant of few elements that takes 10^12 steps. */
static void test_slow_constant(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	Onnx__NodeProto *n;

	onnx_build_int64s(b, "dims", (int64_t[]){ 1, 1, 2048, 2048 }, 4);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x1x1x1");
	onnx_build_node(b, "ConstantOfShape", "c", "dims", "t");
	n = onnx_build_node(b, "MaxPool", "pool", "t", "p");
	onnx_build_attr_ints(b, n, "kernel_shape", (int64_t[]){ 1024, 1024 },
			     2);
	onnx_build_node(b, "Add", "add", "x p", "y");
	onnx_build_output(b, "y");
	onnx_case_load_refused(c, "node 'pool' (MaxPool): computing this "
				  "constant takes too long for a model of this "
				  "size");
}

static void test_large_input(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	onnx_build_input(b, "x", ONNX_FLOAT, "1x3x17000x17000");
	onnx_build_node(b, "Relu", "n", "x", "y");
	onnx_build_output(b, "y");
	onnx_case_load_refused(c, "input 'x' would need 3308 MB, at most 256 "
				  "MB are used for a model of this size");
}

static void test_large_run(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	onnx_build_int64s(b, "times", (int64_t[]){ 1, 1, 1000, 1000 }, 4);
	onnx_build_input(b, "x", ONNX_FLOAT, "1x3x16x16");
	onnx_build_node(b, "Tile", "n", "x times", "y");
	onnx_build_output(b, "y");
	onnx_case_load_refused(c, "node 'n' (Tile): running it would need "
				  "2930 MB, at most 256 MB are used for a "
				  "model of this size");
}

static void test_slow_run(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;

	onnx_build_input(b, "x", ONNX_FLOAT, "1x1x4096x4096");
	onnx_build_node(b, "MatMul", "n", "x x", "y");
	onnx_build_output(b, "y");
	onnx_case_load_refused(
		c, "node 'n' (MatMul): the network computes too much up to "
		   "here for a model of this size (7.03e+10 operations, at "
		   "most 1.72e+10)");
}

static void test_unknown_operators(void **state)
{
	struct onnx_case *c = *state;
	struct onnx_builder *b = &c->builder;
	char op[TITLE_BYTES];

	onnx_build_input(b, "x", ONNX_FLOAT, "3");
	for (int i = 0; i < 5000; i++) {
		snprintf(op, sizeof(op), "Op%d", i);
		onnx_build_node(b, op, op, "x", op);
	}
	onnx_build_output(b, "Op0");
	assert_null(onnx_case_read(c));
	assert_int_equal(c->d.count, 21); /* twenty types, and the rest */
	assert_non_null(strstr(c->d.entries[20].text,
			       "4980 more nodes have operators that are not "
			       "supported"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_doubling_functions,
						onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_many_functions,
						onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_large_constants,
						onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_constants_add_up,
						onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_slow_constant,
						onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(
			test_large_input, onnx_case_setup, onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_large_run, onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_slow_run, onnx_case_setup,
						onnx_case_teardown),
		cmocka_unit_test_setup_teardown(test_unknown_operators,
						onnx_case_setup,
						onnx_case_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
