/* SPDX-License-Identifier: Apache-2.0 */
/* Every operator of ir/ops.def has its row in every table that is indexed by
 * operators, and every device operator of schemas/dbp.h its row in the
 * runtime. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evaluator/evaluator.h"
#include "evaluator/gradient.h"
#include "passes/layout_move.h"
#include "passes/shape_infer.h"
#include "runtime/dbrt_internal.h"
#include "tests/support/fixture.h"

#define COUNT 4 /* elements of a test's values */

static void test_every_operator_has_its_rows(void **state)
{
	(void)state;
	for (int i = OP_NONE + 1; i < OP_COUNT; i++) {
		enum op op = (enum op)i;

		if (op_from_name(op_info(op)->name) != op)
			fail_msg("%s: no name", op_info(op)->name);
		if (!shape_infer_supports(op))
			fail_msg("%s: no shape rule", op_info(op)->name);
		if (!eval_supports(op))
			fail_msg("%s: no kernel", op_info(op)->name);
	}
}

/* Operators that stop a Transpose: it stays in front of them. */
static bool keeps_transpose(enum op op)
{
	static const enum op list[] = {
		OP_BATCH_NORM,
		OP_CONSTANT_OF_SHAPE,
		OP_DYNAMIC_QUANTIZE_LINEAR,
		OP_EXPAND,
		OP_FLATTEN,
		OP_GATHER,
		OP_GATHER_ELEMENTS,
		OP_GATHER_ND,
		OP_GEMM,
		OP_IDENTITY,
		OP_LAYER_NORM,
		OP_MAT_MUL,
		OP_RANGE,
		OP_SCATTER_ND,
		OP_SHAPE,
		OP_SIZE,
		OP_SQUEEZE,
		OP_TILE,
		OP_UNSQUEEZE,
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i] == op)
			return true;
	return false;
}

static void test_every_operator_has_a_layout_rule(void **state)
{
	(void)state;
	for (int i = OP_NONE + 1; i < OP_COUNT; i++) {
		enum op op = (enum op)i;
		int rules = layout_is_spatial(op) + layout_sinks(op) +
			    keeps_transpose(op);

		if (rules != 1)
			fail_msg("%s: %d layout rules, expected 1",
				 op_info(op)->name, rules);
	}
}

/* A node of `inputs` inputs of one type; NULL if its shape rule refuses it. */
static struct node *make_node(struct fixture *f, enum op op, const char *type,
			      int inputs)
{
	char head[256] = "", node[128];
	size_t at = 0;

	for (int i = 0; i < inputs; i++)
		at += (size_t)snprintf(head + at, sizeof(head) - at,
				       "input %%x%d %s 4\n", i, type);
	at = (size_t)snprintf(node, sizeof(node), "%%y = %s(",
			      op_info(op)->name);
	for (int i = 0; i < inputs; i++)
		at += (size_t)snprintf(node + at, sizeof(node) - at, "%s%%x%d",
				       i ? ", " : "", i);
	snprintf(node + at, sizeof(node) - at, ")%s\n",
		 op == OP_CAST     ? " {to=\"f32\"}" :
		 op == OP_FUNCTION ? " {body=\"x Exp 1 Add\"}" :
		 op == OP_MOD      ? " {fmod=1}" :
				     "");
	struct graph *g = fixture_graph(f, head, node, "output %y\n");
	struct diag d;
	int err;

	diag_init(&d);
	err = shape_infer_node(g, g->first, &d);
	diag_free(&d);
	return err ? NULL : g->first;
}

static void run_gradient(const struct node *n, const void *const *in,
			 void *const *out, struct diag *d)
{
	float dy[COUNT] = { 1, 1, 1, 1 }, dx[2][COUNT] = { { 0 } };
	float *dout[] = { dy }, *din[] = { dx[0], dx[1] };

	assert_int_equal(gradient_node(n, (const float *const *)in,
				       (const float *const *)out, dout, din, d),
			 0);
}

/* Evaluates the node: a kernel without a case for its operator is an assert.
 * False if the shape rule or the kernel refuses the type. */
static bool run_node(struct fixture *f, enum op op, const char *type)
{
	static const float floats[COUNT] = { 0.25f, 0.5f, 1, 2 };
	static const int64_t ints[COUNT] = { 1, 2, 3, 4 };
	static const uint8_t bools[COUNT] = { 0, 1, 1, 0 };
	const void *data = !strcmp(type, "f32") ? (const void *)floats :
			   !strcmp(type, "i64") ? (const void *)ints :
						  (const void *)bools;
	int inputs = op_info(op)->flags & (OPF_B | OPF_V) ? 2 : 1;
	struct node *n = make_node(f, op, type, inputs);
	const void *in[2] = { data, data };
	int64_t y[COUNT];
	void *out[1] = { y };

	if (!n)
		return false;
	if (eval_node(n, in, out, &f->d))
		return false;
	if (gradient_supports(n))
		run_gradient(n, in, out, &f->d);
	return true;
}

static bool is_reduction(enum op op)
{
	return !strncmp(op_info(op)->name, "Reduce", 6);
}

static void test_every_kernel_has_its_case(void **state)
{
	static const char *const types[] = { "f32", "i64", "bool" };

	for (int i = OP_NONE + 1; i < OP_COUNT; i++) {
		enum op op = (enum op)i;
		int runs = 0;

		if (!(op_info(op)->flags & (OPF_U | OPF_B | OPF_V)) &&
		    !is_reduction(op))
			continue;
		for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++)
			runs += run_node(*state, op, types[t]);
		if (!runs)
			fail_msg("%s: takes no type", op_info(op)->name);
	}
}

/* Float operators of one input have a gradient, but for Cast. */
static void test_every_unary_operator_has_a_gradient(void **state)
{
	for (int i = OP_NONE + 1; i < OP_COUNT; i++) {
		enum op op = (enum op)i;
		struct node *n;

		if (!(op_info(op)->flags & OPF_U) || op == OP_CAST)
			continue;
		n = make_node(*state, op, "f32", 1);
		if (n && !gradient_supports(n))
			fail_msg("%s: no gradient", op_info(op)->name);
	}
}

static void test_every_device_operator_has_its_row(void **state)
{
	(void)state;
	for (int k = DBP_OP_CONV; k < DBP_OP_COUNT; k++) {
		const struct dbrt_op_row *row = dbrt_op_table[k];

		if (!row || !row->name || !row->check || !row->run)
			fail_msg("device operator %d has no row", k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_operator_has_its_rows),
		cmocka_unit_test(test_every_operator_has_a_layout_rule),
		cmocka_unit_test_setup_teardown(test_every_kernel_has_its_case,
						fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_every_unary_operator_has_a_gradient, fixture_setup,
			fixture_teardown),
		cmocka_unit_test(test_every_device_operator_has_its_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
