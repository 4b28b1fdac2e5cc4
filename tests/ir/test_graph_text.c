/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ir/graph.h"
#include "tests/support/fixture.h"

static char *printed(const struct graph *g, bool full)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_int_equal(graph_print(g, out, full ? GRAPH_PRINT_ALL : 0), 0);
	fclose(out);
	return text;
}

static const char all_forms[] =
	"graph \"a \\\"b\\\" \\x01\"\n"
	"input %x f32 1x3x?x8\n"
	"input %n i64 scalar\n"
	"const %w f32 2x2 = [0.5, -1.0, 1e-07, 3.4028235e+38]\n"
	"%y = Conv(%x, %w, _) {group=1, pads=[1, 1, 0, 0], "
	"auto_pad=\"NOTSET\"} act=clip(0.0, 6.0) layout=nhwc tail \"c/1\" "
	": f32 1x2x4x4\n"
	"%a, _ = Split(%y) {alpha=0.1, scales=[1.0, 2.5]} act=relu "
	": f32 unknown, _\n"
	"const %\"odd name\" i8 3 = [-128, 0, 127]\n"
	"%z = Add(%a, %\"odd name\") : none unknown\n"
	"output %z\n"
	"output %y\n";

static void test_round_trip(void **state)
{
	struct fixture *f = *state;
	struct graph *g = graph_parse(&f->arena, all_forms, &f->d);
	char *text;

	assert_non_null(g);
	text = printed(g, false);
	assert_string_equal(text, all_forms);
	free(text);
}

static void test_constant_forms(void **state)
{
	struct fixture *f = *state;
	struct graph *g = graph_parse(&f->arena,
				      "const %a f32 2 = fill 0.5\n"
				      "const %b i64 3 = seq 5 -2\n"
				      "const %c f32 4 = random 7\n"
				      "const %e f32 0 = []\n"
				      "const %s bool scalar = [1]\n"
				      "%o = Concat(%b, %b) {axis=0}\n"
				      "%q = Add(%a, %c)\n"
				      "output %o # not needed: %q\n",
				      &f->d);
	const float *a, *c;
	const int64_t *b;

	assert_non_null(g);
	a = graph_find_value(g, "a")->data;
	b = graph_find_value(g, "b")->data;
	c = graph_find_value(g, "c")->data;
	assert_true(a[0] == 0.5f && a[1] == 0.5f);
	assert_true(b[0] == 5 && b[1] == 3 && b[2] == 1);
	for (int i = 0; i < 4; i++)
		assert_true(c[i] >= -1 && c[i] <= 1);
	assert_int_equal(graph_find_value(g, "e")->shape.dim[0], 0);
	assert_int_equal(graph_find_value(g, "b")->use_count, 2);
}

static void test_long_constant_is_a_hash(void **state)
{
	struct fixture *f = *state;
	const char *source = "const %c f32 40 = random 7\n"
			     "%y = Relu(%c) : f32 40\noutput %y\n";
	struct graph *g = graph_parse(&f->arena, source, &f->d);
	char *text = printed(g, false), *full = printed(g, true);

	assert_non_null(strstr(text, "= hash "));
	assert_null(graph_parse(&f->arena, text, &f->d));
	g = graph_parse(&f->arena, full, &f->d);
	assert_non_null(g);
	free(text);
	text = printed(g, true);
	assert_string_equal(text, full);
	free(text);
	free(full);
}

static void test_errors_name_the_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "\n\n%y = Bogus(%x)\n", "line 3: 'Bogus' is no operator" },
		{ "%y = Relu(%x)\n", "line 1: no value 'x' before" },
		{ "input %x f33 1\n", "line 1: 'f33' is no element type" },
		{ "input %x f32 1xq\n", "line 1: 'q' is no dim" },
		{ "input %x f32 1\ninput %x f32 1\n",
		  "line 2: value 'x' is there already" },
		{ "const %c f32 2 = [1.0]\n", "line 1: expected ','" },
		{ "const %c f32 ? = [1.0]\n",
		  "line 1: a constant needs a type and a shape" },
		{ "input %x f32 1\n%y = Relu(%x) {a=\"b\n",
		  "line 2: text ends in a quote" },
		{ "input %x f32 1 junk\n",
		  "line 1: the line goes on after its end" },
		{ "output %x\n", "line 1: no value 'x'" },
		{ "input %x f32 1\n%y = Relu(%x, %x)\n",
		  "node '' (Relu): after parsing: wrong number of inputs" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_null(graph_parse(&f->arena, cases[i].text, &f->d));
		assert_string_equal(f->d.entries[i].text, cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_constant_forms, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_long_constant_is_a_hash,
						fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_errors_name_the_line,
						fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
