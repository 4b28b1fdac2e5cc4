/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ONNX project's own cases, an operator each: reader, shapes, evaluator.
 * Every case runs twice. With all its inputs made constants, folding computes
 * it. With the first input fed from outside it goes through all passes, so
 * that both layouts and fused activations are computed as well; cases whose
 * first input decides on shapes cannot, and are counted; so are those with
 * something that is not supported.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "converter/onnx/onnx_read.h"
#include "converter/data/tensor_file.h"
#include "evaluator/evaluator.h"
#include "passes/passes.h"

#define CASES "../shared/onnx-cases"
/* What the ONNX project allows. */
#define RELATIVE 1e-3
#define ABSOLUTE 1e-7

/* Cases that do not end in "not supported". */
#define SUPPORTED 695

enum outcome { PASSED, FAILED, REFUSED, NOT_FED, OUTCOMES };

struct conformance_case {
	char folder[1100];
	bool is_fed; /* the first input comes from outside */
	struct arena arena;
	struct diag d;
	struct graph *g;
	struct tensor fed;
};

static int mismatch(struct conformance_case *c, const char *what)
{
	if (!c->d.count)
		diag_error(&c->d, "%s", what);
	return -1;
}

static int read_data(struct conformance_case *c, const char *kind, int i,
		     struct tensor *t)
{
	char path[1200];

	snprintf(path, sizeof(path), "%s/test_data_set_0/%s_%d.pb", c->folder,
		 kind, i);
	return tensor_read(path, t, &c->d);
}

static int make_constant(struct conformance_case *c, struct value *v,
			 const struct tensor *t)
{
	void *data = arena_alloc(&c->arena, tensor_bytes(t) + 1);

	if (!data || t->dtype != v->dtype)
		return mismatch(c, "an input is of another type");
	memcpy(data, t->data, tensor_bytes(t));
	v->role = VALUE_CONSTANT;
	v->data = data;
	v->shape = t->shape;
	return 0;
}

static int bind_inputs(struct conformance_case *c)
{
	struct graph *g = c->g;
	int kept = 0;

	for (int i = 0; i < g->input_count; i++) {
		struct value *v = g->inputs[i];
		struct tensor t;
		int err = 0;

		if (read_data(c, "input", i, &t))
			return -1;
		if (i == 0 && c->is_fed) {
			v->shape = t.shape;
			c->fed = t;
			g->inputs[kept++] = v;
			continue;
		}
		err = make_constant(c, v, &t);
		tensor_free(&t);
		if (err)
			return -1;
	}
	g->input_count = kept;
	return 0;
}

static int run_passes(struct conformance_case *c)
{
	static pass_fn *const passes[] = {
		pass_infer_shapes,       pass_fold_constants,
		pass_drop_identities,    pass_canonicalize_matmul,
		pass_fold_batchnorm,     pass_recognise_activations,
		pass_recognise_shuffles, pass_merge_sums,
		pass_drop_identities,    pass_fuse_activations,
		pass_drop_dead,          pass_layout_nhwc,
		pass_drop_identities,    pass_drop_dead,
	};
	size_t count = c->is_fed ? sizeof(passes) / sizeof(*passes) : 2;
	struct config config;

	config_init(&config);
	for (size_t i = 0; i < count; i++)
		if (passes[i](c->g, &config, &c->d) ||
		    graph_check(c->g, "a pass", &c->d))
			return -1;
	return 0;
}

static double element(enum dtype t, const void *data, int64_t i)
{
	switch (t) {
	case DT_F32:
		return (double)((const float *)data)[i];
	case DT_I64:
		return (double)((const int64_t *)data)[i];
	case DT_I32:
		return (double)((const int32_t *)data)[i];
	case DT_I8:
		return (double)((const int8_t *)data)[i];
	default:
		return (double)((const uint8_t *)data)[i];
	}
}

static bool is_close(double got, double want)
{
	if (isnan(want) || isinf(want))
		return isnan(want) ? isnan(got) : got == want;
	return fabs(got - want) <= ABSOLUTE + RELATIVE * fabs(want);
}

static int compare(struct conformance_case *c, const struct value *v,
		   const void *got, const struct tensor *want)
{
	int64_t n = shape_elements(&want->shape);

	if (v->dtype != want->dtype || !shape_equal(&v->shape, &want->shape))
		return mismatch(c, "an output has another type or shape");
	for (int64_t i = 0; i < n; i++) {
		double a = element(v->dtype, got, i);
		double b = element(v->dtype, want->data, i);

		if (!is_close(a, b))
			return diag_error(&c->d,
					  "'%s'[%lld] is %g, expected "
					  "%g",
					  v->name, (long long)i, a, b);
	}
	return 0;
}

static int check_outputs(struct conformance_case *c, const struct evaluator *e)
{
	for (int i = 0; i < c->g->output_count; i++) {
		struct tensor want;
		int err;

		if (read_data(c, "output", i, &want))
			return -1;
		err = compare(c, c->g->outputs[i], evaluator_output(e, i),
			      &want);
		tensor_free(&want);
		if (err)
			return -1;
	}
	return 0;
}

static int evaluate(struct conformance_case *c)
{
	struct evaluator *e = evaluator_new(c->g, &c->d);
	const void *inputs[1] = { NULL };
	struct tensor in = { 0 };
	int err = e ? 0 : -1;

	if (!err && c->g->input_count) {
		const struct value *x = c->g->inputs[0];
		/* the layout pass has turned it where the shapes differ */
		enum layout layout = shape_equal(&c->fed.shape, &x->shape) ?
					     LAYOUT_NCHW :
					     LAYOUT_NHWC;

		err = tensor_init(&in, x->dtype, &x->shape) ||
		      tensor_convert(&c->fed, "input_0", x->dtype, &x->shape,
				     layout, in.data, &c->d);
		inputs[0] = in.data;
	}
	if (!err)
		err = evaluator_run(e, inputs, NULL, NULL, &c->d) ||
		      check_outputs(c, e);
	tensor_free(&in);
	evaluator_free(e);
	return err ? -1 : 0;
}

/* By the first diagnostic. */
static enum outcome classify(const struct conformance_case *c)
{
	const char *text = c->d.count ? c->d.entries[0].text : "?";

	if (strstr(text, "not supported"))
		return REFUSED;
	if (c->is_fed && strstr(text, "expected a constant"))
		return NOT_FED;
	print_message("%s%s: %s\n", c->folder, c->is_fed ? " (fed)" : "", text);
	return FAILED;
}

static enum outcome run_case(const char *source, const char *name, bool is_fed)
{
	struct conformance_case c = { .is_fed = is_fed };
	enum outcome outcome = PASSED;
	char path[1200];
	uint8_t sha256[32];

	arena_init(&c.arena, 0);
	diag_init(&c.d);
	snprintf(c.folder, sizeof(c.folder), CASES "/%s/%s", source, name);
	snprintf(path, sizeof(path), "%s/model.onnx", c.folder);
	c.g = onnx_read(path, &c.arena, sha256, &c.d);
	if (!c.g || bind_inputs(&c) || run_passes(&c) || evaluate(&c))
		outcome = classify(&c);
	tensor_free(&c.fed);
	diag_free(&c.d);
	arena_free(&c.arena);
	return outcome;
}

/* MANIFEST.tsv: source, case, ..., class. */
static bool read_row(char *line, const char **source, const char **name)
{
	char *tab = strchr(line, '\t'), *second;
	const char *class = strrchr(line, '\t');

	if (!tab || !class || strcmp(class, "\trun\n"))
		return false;
	*tab = '\0';
	second = strchr(tab + 1, '\t');
	*second = '\0';
	*source = line;
	*name = tab + 1;
	return true;
}

static void test_cases(void **state)
{
	FILE *manifest = fopen(CASES "/MANIFEST.tsv", "r");
	int count[2][OUTCOMES] = { { 0 } };
	const char *source, *name;
	char line[1024];

	(void)state;
	if (!manifest) {
		print_message("skipped: " CASES " is not there\n");
		skip();
	}
	while (fgets(line, sizeof(line), manifest))
		if (read_row(line, &source, &name))
			for (int fed = 0; fed < 2; fed++)
				count[fed][run_case(source, name, fed)]++;
	fclose(manifest);
	for (int fed = 0; fed < 2; fed++)
		print_message("%s: %d right, %d wrong, %d not supported, "
			      "%d cannot be fed\n",
			      fed ? "behind all passes" : "as constants",
			      count[fed][PASSED], count[fed][FAILED],
			      count[fed][REFUSED], count[fed][NOT_FED]);
	assert_int_equal(count[0][FAILED] + count[1][FAILED], 0);
	assert_true(count[0][PASSED] >= SUPPORTED);
	assert_true(count[1][PASSED] + count[1][NOT_FED] >= SUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
