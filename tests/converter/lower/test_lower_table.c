/* SPDX-License-Identifier: Apache-2.0 */
/* The table of lowered operators: its rows agree with the operators' traits
 * and with the evaluator, and every elementwise row makes valid operators. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "converter/lower/lower.h"
#include "converter/lower/lower_operators.h"
#include "converter/lower/lower_table.h"
#include "evaluator/evaluator.h"

static void test_rows(void **state)
{
	(void)state;
	for (int i = OP_NONE + 1; i < OP_COUNT; i++) {
		enum op op = (enum op)i;
		const struct lower_row *row = lower_row_of(op);
		const struct op_info *info = op_info(op);

		if (!row->integer && !row->real)
			continue;
		if (!eval_supports(op))
			fail_msg("%s: is lowered, not evaluated", info->name);
		if (!row->real && op != OP_CONV_TRANSPOSE)
			fail_msg("%s: has no float form", info->name);
		if (row->integer == lower_table_s8 &&
		    !(info->flags & (OPF_U | OPF_B | OPF_V)))
			fail_msg("%s: a table, but not elementwise",
				 info->name);
		if (row->real == lower_elementwise_f32 &&
		    !(info->flags & (OPF_U | OPF_B)))
			fail_msg("%s: is not elementwise", info->name);
	}
}

/* Elementwise operators without a row run on the host only: none. */
static void test_elementwise_have_rows(void **state)
{
	(void)state;
	for (int i = OP_NONE + 1; i < OP_COUNT; i++) {
		const struct op_info *info = op_info((enum op)i);

		if ((info->flags & (OPF_U | OPF_B)) &&
		    !lower_row_of((enum op)i)->real)
			fail_msg("%s: has no float form", info->name);
	}
}

static bool takes_booleans(enum op op)
{
	return op == OP_AND || op == OP_OR || op == OP_XOR || op == OP_NOT;
}

static void check_kinds(const struct device_model *m, const char *name)
{
	assert_true(m->op_count > 0);
	for (uint32_t i = 0; i < m->op_count; i++) {
		const struct dev_op *op = &m->ops[i];

		if (op->kind != DBP_OP_UNARY && op->kind != DBP_OP_BINARY)
			continue;
		/* both parameter structs begin with the kind */
		if (!*(const uint32_t *)op->params)
			fail_msg("%s: an operator of kind 0", name);
	}
}

/* Lowers the operator in a graph without others. */
static void lower_alone(enum op op)
{
	const char *name = op_info(op)->name;
	const char *x = takes_booleans(op) ? "%b" : "%x";
	struct device_model m;
	struct config c;
	struct arena a;
	struct graph *g;
	struct diag d;
	char text[512];

	snprintf(text, sizeof(text),
		 "input %%x f32 1x4\n"
		 "const %%k f32 1 = random 1\n"
		 "%%b = Greater(%%x, %%k) : bool 1x4\n"
		 "%%y = %s(%s%s%s)%s : f32 1x4\n"
		 "%%z = Add(%%y, %%k) : f32 1x4\n"
		 "output %%z\n",
		 name, x, op_info(op)->min_inputs > 1 ? ", " : "",
		 op_info(op)->min_inputs > 1 ? x : "",
		 op == OP_FUNCTION ? " {body=\"x Exp 1 Add\"}" : "");
	arena_init(&a, 0);
	diag_init(&d);
	config_init(&c);
	g = graph_parse(&a, text, &d);
	if (!g || dev_init(&m, &a, &d) || lower_graph(g, &c, &m, &d))
		fail_msg("%s", d.entries[0].text);
	check_kinds(&m, name);
	arena_free(&a);
	diag_free(&d);
}

static void test_elementwise(void **state)
{
	(void)state;
	for (int i = OP_NONE + 1; i < OP_COUNT; i++) {
		lower_fn *real = lower_row_of((enum op)i)->real;

		if (real == lower_elementwise_f32 || real == lower_variadic_f32)
			lower_alone((enum op)i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_elementwise_have_rows),
		cmocka_unit_test(test_elementwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
