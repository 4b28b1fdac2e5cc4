/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every pass of the pipeline on graphs in text: testdata/passes/PASS.graph
 * holds cases (tests/support/golden_file.h), the graph before (types may be
 * left out) and the graph after, as it is printed. Each pair is also computed:
 * both graphs give the same outputs for random inputs.
 */
#include <assert.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evaluator/evaluator.h"
#include "ir/tensor.h"
#include "passes/passes.h"
#include "passes/pipeline.h"
#include "tests/support/golden_file.h"

#define FOLDER "testdata/passes"
#define TOLERANCE 1e-5

struct test_case {
	struct arena arena;
	struct diag d;
	struct config c;
	const char *title;
	struct graph *before, *after;
};

static void fail_with(const struct test_case *t, const char *what)
{
	fail_msg("%s: %s: %s", t->title, what,
		 t->d.count ? t->d.entries[t->d.count - 1].text : "");
}

static char *printed(const struct graph *g)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	assert_int_equal(graph_print(g, out, 0), 0);
	fclose(out);
	return text;
}

/* ---- The same function ---- */

static uint32_t random_state;

static double random_number(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (double)(random_state >> 8) / (1 << 23) - 1;
}

/* Inputs of the graph before, as its readers take them. */
static void *random_input(const struct value *v)
{
	int64_t n = shape_elements(&v->shape);
	char *data = calloc((size_t)n + 1, dtype_size(v->dtype));

	assert_non_null(data);
	for (int64_t i = 0; i < n; i++) {
		double x = 4 * random_number();

		if (v->dtype == DT_F32)
			((float *)data)[i] = (float)x;
		else if (v->dtype == DT_I64)
			((int64_t *)data)[i] = x > 0;
		else
			((uint8_t *)data)[i] = (uint8_t)(x + 4);
	}
	return data;
}

/* An input that has become channels-last: the same picture. */
static void *channels_last(const struct value *from, const void *data)
{
	int64_t c = from->shape.dim[1];
	int64_t area = from->shape.dim[2] * from->shape.dim[3];
	float *out = calloc((size_t)(c * area), sizeof(*out));

	assert_non_null(out);
	for (int64_t k = 0; k < c; k++)
		for (int64_t i = 0; i < area; i++)
			out[i * c + k] = ((const float *)data)[k * area + i];
	return out;
}

/* An input that has become a float one. */
static void *as_floats(const struct value *v, const void *data)
{
	int64_t n = shape_elements(&v->shape);
	float *out = calloc((size_t)n + 1, sizeof(*out));

	assert_non_null(out);
	for (int64_t i = 0; i < n; i++)
		out[i] = (float)tensor_element(v->dtype, data, i);
	return out;
}

static double element(const struct value *v, const void *data, int64_t i)
{
	switch (v->dtype) {
	case DT_F32:
		return (double)((const float *)data)[i];
	case DT_I64:
		return (double)((const int64_t *)data)[i];
	case DT_I32:
		return ((const int32_t *)data)[i];
	default:
		return ((const uint8_t *)data)[i];
	}
}

static void compare(struct test_case *t, const struct value *v,
		    const void *want, const void *got)
{
	double range = 1e-6;

	for (int64_t i = 0; i < shape_elements(&v->shape); i++)
		range = fmax(range, fabs(element(v, want, i)));
	for (int64_t i = 0; i < shape_elements(&v->shape); i++) {
		double w = element(v, want, i), g = element(v, got, i);

		if (!(fabs(w - g) <= TOLERANCE * range))
			fail_msg("%s: output '%s': element %lld is %g, "
				 "before the pass %g",
				 t->title, v->name, (long long)i, g, w);
	}
}

static struct evaluator *evaluate(struct test_case *t, const struct graph *g,
				  void *const *inputs)
{
	struct evaluator *e = evaluator_new(g, &t->d);

	if (!e ||
	    evaluator_run(e, (const void *const *)inputs, NULL, NULL, &t->d))
		fail_with(t, "cannot be computed");
	return e;
}

static void check_function(struct test_case *t)
{
	void *first[8], *second[8];
	struct evaluator *a, *b;

	assert_int_equal(t->before->input_count, t->after->input_count);
	assert_int_equal(t->before->output_count, t->after->output_count);
	random_state = 1;
	for (int i = 0; i < t->before->input_count; i++) {
		const struct value *v = t->before->inputs[i];

		first[i] = random_input(v);
		second[i] =
			v->dtype != t->after->inputs[i]->dtype ?
				as_floats(v, first[i]) :
			shape_equal(&v->shape, &t->after->inputs[i]->shape) ?
				first[i] :
				channels_last(v, first[i]);
	}
	a = evaluate(t, t->before, first);
	b = evaluate(t, t->after, second);
	for (int i = 0; i < t->before->output_count; i++)
		compare(t, t->before->outputs[i], evaluator_output(a, i),
			evaluator_output(b, i));
	evaluator_free(a);
	evaluator_free(b);
	for (int i = 0; i < t->before->input_count; i++) {
		if (second[i] != first[i])
			free(second[i]);
		free(first[i]);
	}
}

/* ---- One case ---- */

static struct graph *read_graph(struct test_case *t, const char *text)
{
	struct graph *g = graph_parse(&t->arena, text, &t->d);

	if (!g)
		fail_with(t, "does not read");
	return g;
}

struct pass_row {
	const char *name;
	pass_fn *run;
};

static void apply(struct test_case *t, const struct pass_row *pass,
		  const char *before)
{
	t->before = read_graph(t, before);
	t->after = read_graph(t, before);
	if (pass_infer_shapes(t->before, &t->c, &t->d) ||
	    (pass->run != pass_infer_shapes &&
	     pass_infer_shapes(t->after, &t->c, &t->d)))
		fail_with(t, "has no shapes");
	if (pass->run(t->after, &t->c, &t->d) ||
	    graph_check(t->after, pass->name, &t->d))
		fail_with(t, "the pass fails");
}

static char *run_case(const char *title, const char *before, const void *arg)
{
	struct test_case t = { .title = title };
	char *got;

	arena_init(&t.arena, 0);
	diag_init(&t.d);
	config_init(&t.c);
	apply(&t, arg, before);
	check_function(&t);
	got = printed(t.after);
	arena_free(&t.arena);
	diag_free(&t.d);
	return got;
}

static void test_pass(void **state)
{
	const struct pass_row *pass = *state;
	char path[256];

	snprintf(path, sizeof(path), FOLDER "/%s.graph", pass->name);
	golden_file_check(path, run_case, pass);
}

/* A pass that runs more than once is tested once, under its first name. */
static bool is_known(const struct pass_row *rows, int count, pass_fn *run)
{
	for (int i = 0; i < count; i++)
		if (rows[i].run == run)
			return true;
	return false;
}

#define MAX_PASSES 64

int main(void)
{
	static struct pass_row rows[MAX_PASSES];
	struct CMUnitTest tests[MAX_PASSES];
	int count = 0;

	for (int i = 0; i < pipeline_pass_count(); i++) {
		struct pass_row row = { pipeline_pass_name(i),
					pipeline_pass_fn(i) };

		if (is_known(rows, count, row.run))
			continue;
		assert(count < MAX_PASSES);
		rows[count] = row;
		tests[count] = (struct CMUnitTest){ row.name, test_pass, NULL,
						    NULL, &rows[count] };
		count++;
	}
	return _cmocka_run_group_tests("passes", tests, (size_t)count, NULL,
				       NULL);
}
