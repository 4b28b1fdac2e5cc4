/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every pass on graphs in text: testdata/passes/PASS.graph holds cases
 *
 *	=== what the case is about
 *	the graph before (types may be left out)
 *	---
 *	the graph after, as it is printed
 *
 * Each pair is also computed: both graphs give the same outputs for random
 * inputs. With UPDATE=1 in the environment the graphs after are written anew.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "passes/pipeline.h"
#include "evaluator/evaluator.h"
#include "passes/passes.h"

#define FOLDER "testdata/passes"
#define TOLERANCE 1e-5

struct row {
	const char *name;
	pass_fn *run;
};

static const struct row rows[] = {
	{ "infer_shapes", pass_infer_shapes },
	{ "fold_constants", pass_fold_constants },
	{ "drop_identities", pass_drop_identities },
	{ "join_rounding", pass_join_rounding },
	{ "canonicalize_matmul", pass_canonicalize_matmul },
	{ "fold_batchnorm", pass_fold_batchnorm },
	{ "recognise_activations", pass_recognise_activations },
	{ "recognise_shuffles", pass_recognise_shuffles },
	{ "merge_sums", pass_merge_sums },
	{ "recognise_tail", pass_recognise_tail },
	{ "fuse_activations", pass_fuse_activations },
	{ "drop_dead", pass_drop_dead },
	{ "layout_nhwc", pass_layout_nhwc },
};

#define ROWS ((int)(sizeof(rows) / sizeof(*rows)))

struct test_case {
	struct arena arena;
	struct diag d;
	struct config c;
	char title[128];
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

/* Text of the graph after; malloc'ed. */
static char *run_case(struct test_case *t, const struct row *row,
		      const char *before)
{
	t->before = read_graph(t, before);
	t->after = read_graph(t, before);
	if (pass_infer_shapes(t->before, &t->c, &t->d) ||
	    (row->run != pass_infer_shapes &&
	     pass_infer_shapes(t->after, &t->c, &t->d)))
		fail_with(t, "has no shapes");
	if (row->run(t->after, &t->c, &t->d) ||
	    graph_check(t->after, row->name, &t->d))
		fail_with(t, "the pass fails");
	check_function(t);
	return printed(t->after);
}

/* "=== title\n": the text behind it; the title without its end of line. */
static char *take_title(struct test_case *t, const char *pass, char *text)
{
	char *end = strchr(text, '\n');

	if (strncmp(text, "=== ", 4) || !end)
		fail_msg("%s: a case does not begin with ===", pass);
	*end = 0;
	snprintf(t->title, sizeof(t->title), "%s: %s", pass, text + 4);
	return end + 1;
}

/* Runs the case at `text` and writes it to `out`; the next one. */
static char *check_case(const struct row *row, char *text, FILE *out)
{
	struct test_case t = { 0 };
	char *next = strstr(text + 1, "\n=== "), *split, *got, *start;

	arena_init(&t.arena, 0);
	diag_init(&t.d);
	config_init(&t.c);
	if (next)
		*next++ = 0;
	start = text;
	text = take_title(&t, row->name, text);
	split = strstr(text, "---\n");
	if (split) {
		*split = 0;
		split += 4;
	}
	got = run_case(&t, row, text);
	fprintf(out, "%s\n%s---\n%s\n", start, text, got);
	/* the blank line between cases belongs to neither */
	if (!out || !split || strncmp(got, split, strlen(got)) ||
	    split[strlen(got)] > '\n') {
		if (!getenv("UPDATE")) {
			print_message("%s\n--- is now\n%s", t.title, got);
			fail_msg("%s: another graph comes out", t.title);
		}
	}
	free(got);
	arena_free(&t.arena);
	diag_free(&t.d);
	return next;
}

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	char *text = NULL;
	size_t bytes = 0;
	FILE *copy;
	int c;

	if (!in)
		return NULL;
	copy = open_memstream(&text, &bytes);
	assert_non_null(copy);
	while ((c = fgetc(in)) != EOF)
		fputc(c, copy);
	fclose(copy);
	fclose(in);
	return text;
}

static void test_pass(void **state)
{
	const struct row *row = *state;
	char path[256], *text, *at, *now = NULL;
	size_t bytes;
	FILE *out;

	snprintf(path, sizeof(path), FOLDER "/%s.graph", row->name);
	text = read_file(path);
	if (!text)
		fail_msg("%s has no cases: %s", row->name, path);
	out = open_memstream(&now, &bytes);
	assert_non_null(out);
	for (at = text; at && *at;)
		at = check_case(row, at, out);
	fclose(out);
	if (getenv("UPDATE")) {
		out = fopen(path, "wb");
		assert_non_null(out);
		fwrite(now, 1, bytes - 1, out); /* no blank line at the end */
		fclose(out);
	}
	free(now);
	free(text);
}

/* A pass of the pipeline that is not tested here. */
static void test_every_pass(void **state)
{
	(void)state;
	for (int i = 0; i < pipeline_pass_count(); i++) {
		const char *name = pipeline_pass_name(i);
		bool known = false;

		for (int k = 0; k < ROWS; k++) {
			size_t n = strlen(rows[k].name);

			/* NAME or, when it runs again, NAME:2 */
			known |= !strncmp(name, rows[k].name, n) &&
				 (!name[n] || name[n] == ':');
		}
		if (!known)
			fail_msg("pass '%s' has no tests", name);
	}
}

int main(void)
{
	struct CMUnitTest tests[ROWS + 1];

	for (int i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, test_pass, NULL,
						NULL, (void *)&rows[i] };
	tests[ROWS] = (struct CMUnitTest)cmocka_unit_test(test_every_pass);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
