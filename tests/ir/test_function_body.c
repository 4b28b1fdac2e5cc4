/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of functions: what reads, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ir/function_body.h"

static void test_words(void **state)
{
	struct function_body b;

	(void)state;
	assert_int_equal(function_body_parse("x -1.5 Elu(alpha=0.5) Mul", &b),
			 0);
	assert_int_equal(b.count, 4);
	assert_int_equal(b.steps[0].kind, FUNCTION_X);
	assert_int_equal(b.steps[1].kind, FUNCTION_NUMBER);
	assert_true(b.steps[1].number == -1.5f);
	assert_int_equal(b.steps[2].kind, FUNCTION_OP);
	assert_int_equal(b.steps[2].node.op, OP_ELU);
	assert_true(node_float(&b.steps[2].node, "alpha", 1) == 0.5f);
	assert_int_equal(b.steps[3].operands, 2);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"1",
		"x x",
		"Exp",
		"x Add",
		"x y Add",
		"x  Exp",
		"x 1z Add",
		"x Conv",
		"x Function",
		"x Elu(",
		"x Elu()",
		"x Elu(alpha)",
		"x Elu(alpha=)",
		"x Elu(alpha=1",
		"x Elu(alpha=1)x",
		"x Elu(delta=1)",
		"x Selu(alpha=1,gamma=1,beta=1)",
		"x x x x x x x x x Add Add Add Add Add Add Add Add",
	};
	struct function_body b;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!function_body_parse(texts[i], &b))
			fail_msg("'%s' is taken", texts[i]);
}

static void test_too_long(void **state)
{
	struct function_body b;
	char text[2 + 5 * FUNCTION_MAX_STEPS] = "x";

	(void)state;
	for (int i = 1; i < FUNCTION_MAX_STEPS; i++)
		strcat(text, " Exp");
	assert_int_equal(function_body_parse(text, &b), 0);
	strcat(text, " Exp");
	assert_int_equal(function_body_parse(text, &b), -1);
}

/* What is written reads back; what a body cannot have is told. */
static void test_written(void **state)
{
	struct attr approximate = { .name = "approximate",
				    .kind = ATTR_STRING,
				    .s = "tanh" };
	const struct node gelu = { .op = OP_GELU, .attrs = &approximate };
	const struct node exp = { .op = OP_EXP };
	struct function_text t = { .length = 0 };
	struct function_body b;

	(void)state;
	function_write_x(&t);
	function_write_op(&t, &exp);
	assert_string_equal(t.text, "x Exp");
	assert_false(t.full);
	assert_int_equal(function_body_parse(t.text, &b), 0);
	function_write_op(&t, &gelu);
	assert_true(t.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
