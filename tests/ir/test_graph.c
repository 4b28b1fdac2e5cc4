/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ir/graph.h"

struct graph_fixture {
	struct arena arena;
	struct diag d;
	struct graph *g;
};

static int setup(void **state)
{
	struct graph_fixture *f = calloc(1, sizeof(*f));

	arena_init(&f->arena, 0);
	diag_init(&f->d);
	f->g = graph_new(&f->arena);
	*state = f;
	return f->g ? 0 : -1;
}

static int teardown(void **state)
{
	struct graph_fixture *f = *state;

	arena_free(&f->arena);
	diag_free(&f->d);
	free(f);
	return 0;
}

static const struct shape one = { .rank = 1, .dim = { 1 } };

static struct value *new_value(struct graph *g, const char *name)
{
	return graph_value(g, name, DT_F32, &one);
}

static struct node *relu(struct graph *g, struct value *in, struct value *out)
{
	return graph_node(g, OP_RELU, out->name, &in, 1, &out, 1, NULL);
}

static void test_names_are_unique(void **state)
{
	struct graph *g = ((struct graph_fixture *)*state)->g;

	assert_string_equal(new_value(g, "x")->name, "x");
	assert_string_equal(new_value(g, "x")->name, "x.2");
	assert_string_equal(new_value(g, "x")->name, "x.3");
	for (int i = 0; i < 5000; i++)
		assert_non_null(new_value(g, i % 2 ? "x" : NULL));
	for (size_t i = 0; i < g->value_count; i++)
		assert_ptr_equal(graph_find_value(g, g->values[i]->name),
				 g->values[i]);
	assert_null(graph_find_value(g, "y"));
}

static void test_replace_moves_readers_and_output(void **state)
{
	struct graph_fixture *f = *state;
	struct graph *g = f->g;
	struct value *x = new_value(g, "x"), *a = new_value(g, "a");
	struct value *b = new_value(g, "b"), *inputs[2];
	struct value *sum = new_value(g, "sum");
	struct node *drop;

	graph_add_input(g, x);
	relu(g, x, a);
	drop = relu(g, a, b);
	inputs[0] = inputs[1] = b;
	graph_node(g, OP_ADD, "add", inputs, 2, &sum, 1, NULL);
	graph_add_output(g, b);
	graph_add_output(g, sum);
	assert_int_equal(graph_replace(g, b, a), 0);
	graph_remove(g, drop);
	assert_int_equal(graph_check(g, "test", &f->d), 0);
	assert_string_equal(a->name, "b");
	assert_ptr_equal(g->outputs[0], a);
	assert_int_equal(value_readers(a), 3);
	assert_int_equal(g->node_count, 2);
}

static void test_output_that_becomes_an_input_keeps_its_name(void **state)
{
	struct graph_fixture *f = *state;
	struct graph *g = f->g;
	struct value *x = new_value(g, "x"), *y = new_value(g, "y");
	struct node *drop;

	graph_add_input(g, x);
	drop = relu(g, x, y);
	graph_add_output(g, y);
	assert_int_equal(graph_replace(g, y, x), 0);
	graph_remove(g, drop);
	assert_int_equal(graph_check(g, "test", &f->d), 0);
	assert_string_equal(g->outputs[0]->name, "y");
	assert_int_equal(g->outputs[0]->producer->op, OP_IDENTITY);
	assert_string_equal(g->inputs[0]->name, "x");
}

static void test_sort_is_stable_and_finds_cycles(void **state)
{
	struct graph_fixture *f = *state;
	struct graph *g = f->g;
	struct value *x = new_value(g, "x"), *a = new_value(g, "a");
	struct value *b = new_value(g, "b"), *c = new_value(g, "c");

	graph_add_input(g, x);
	struct node *nc = relu(g, b, c), *nb = relu(g, a, b);
	struct node *na = relu(g, x, a);

	graph_add_output(g, c);
	assert_int_equal(graph_check(g, "test", &f->d), -1);
	assert_string_equal(f->d.entries[0].text,
			    "node 'c' (Relu): after test: input 'b' is not "
			    "computed before");
	assert_int_equal(graph_sort(g, &f->d), 0);
	assert_ptr_equal(g->first, na);
	assert_ptr_equal(na->next, nb);
	assert_ptr_equal(nb->next, nc);
	assert_int_equal(graph_check(g, "test", &f->d), 0);
	assert_int_equal(graph_set_input(g, na, 0, c), 0);
	assert_int_equal(graph_sort(g, &f->d), -1);
	assert_non_null(
		strstr(f->d.entries[1].text, "depends on its own output"));
}

static void test_check_finds_broken_links(void **state)
{
	struct graph_fixture *f = *state;
	struct graph *g = f->g;
	struct value *x = new_value(g, "x"), *a = new_value(g, "a");
	struct node *n;

	graph_add_input(g, x);
	n = relu(g, x, a);
	graph_add_output(g, a);
	assert_int_equal(graph_check(g, "test", &f->d), 0);
	x->use_count = 0;
	assert_int_equal(graph_check(g, "test", &f->d), -1);
	x->use_count = 1;
	a->producer = NULL;
	assert_int_equal(graph_check(g, "test", &f->d), -1);
	a->producer = n;
	g->node_count = 2;
	assert_int_equal(graph_check(g, "test", &f->d), -1);
	g->node_count = 1;
	a->is_output = false;
	assert_int_equal(graph_check(g, "test", &f->d), -1);
	a->is_output = true;
	assert_int_equal(graph_check(g, "test", &f->d), 0);
}

static void test_attributes(void **state)
{
	struct graph_fixture *f = *state;
	struct graph *g = f->g;
	struct value *x = new_value(g, "x"), *a = new_value(g, "a");
	const int64_t pads[] = { 1, 2, 3 };
	int64_t out[2] = { 0 };
	struct node *n;

	graph_add_input(g, x);
	n = relu(g, x, a);
	assert_int_equal(node_int(n, "axis", -7), -7);
	assert_int_equal(node_set_int(g, n, "axis", 3), 0);
	assert_int_equal(node_set_float(g, n, "alpha", 0.5f), 0);
	assert_int_equal(node_set_string(g, n, "mode", "linear"), 0);
	assert_int_equal(node_set_ints(g, n, "pads", pads, 3), 0);
	assert_int_equal(node_int(n, "axis", -7), 3);
	assert_true(node_float(n, "alpha", 0) == 0.5f);
	assert_string_equal(node_string(n, "mode", ""), "linear");
	assert_int_equal(node_ints(n, "pads", out, 2), 3);
	assert_int_equal(out[1], 2);
	/* another kind under the same name replaces it */
	assert_int_equal(node_set_float(g, n, "axis", 2), 0);
	assert_int_equal(node_int(n, "axis", -7), -7);
	node_drop_attr(n, "alpha");
	assert_null(node_attr(n, "alpha"));
	assert_non_null(node_attr(n, "pads"));
}

static void test_shapes(void **state)
{
	const int64_t dims[] = { 1, 3, 240, 320 };
	struct shape s = shape_of(4, dims), huge = s;
	char text[64], cut[6];

	(void)state;
	shape_print(&s, text, sizeof(text));
	assert_string_equal(text, "1x3x240x320");
	shape_print(&s, cut, sizeof(cut));
	assert_string_equal(cut, "1x3x2");
	assert_int_equal(shape_elements(&s), 230400);
	huge.dim[0] = huge.dim[1] = INT64_MAX / 2;
	assert_int_equal(shape_elements(&huge), -1);
	huge.dim[3] = 0;
	assert_int_equal(shape_elements(&huge), 0);
	s.dim[2] = -1;
	assert_int_equal(shape_elements(&s), -1);
	shape_print(&s, text, sizeof(text));
	assert_string_equal(text, "1x3x?x320");
}

static void test_arena_cap_and_alignment(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20);
	assert_int_equal((uintptr_t)arena_alloc(&a, 100) % 64, 0);
	assert_int_equal((uintptr_t)arena_alloc(&a, 3) % 16, 0);
	assert_non_null(arena_alloc(&a, 0));
	assert_non_null(arena_alloc(&a, 500000));
	assert_null(arena_alloc(&a, 600000));
	assert_null(arena_array(&a, SIZE_MAX / 4, 8));
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	arena_free(&a);
	assert_non_null(arena_alloc(&a, 600000));
	arena_free(&a);
}

static void test_diag_escapes_and_cuts(void **state)
{
	struct graph_fixture *f = *state;
	char *name = malloc(10000);

	memset(name, 'a', 9999);
	name[9999] = 0;
	diag_set_file(&f->d, "m.onnx");
	diag_error(&f->d, "bad\n\x1b[31m");
	diag_hint(&f->d, "try %d", 5);
	diag_error(&f->d, "%s", name);
	assert_string_equal(f->d.entries[0].text, "m.onnx: bad\\x0a\\x1b[31m");
	assert_string_equal(f->d.entries[0].hint, "try 5");
	assert_true(strlen(f->d.entries[1].text) < 2100);
	assert_non_null(strstr(f->d.entries[1].text, "aa..."));
	assert_true(diag_failed(&f->d));
	free(name);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names_are_unique),
		TEST(test_replace_moves_readers_and_output),
		TEST(test_output_that_becomes_an_input_keeps_its_name),
		TEST(test_sort_is_stable_and_finds_cycles),
		TEST(test_check_finds_broken_links),
		TEST(test_attributes),
		TEST(test_shapes),
		TEST(test_arena_cap_and_alignment),
		TEST(test_diag_escapes_and_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
