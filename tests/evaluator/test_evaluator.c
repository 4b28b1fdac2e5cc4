/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of whole graphs: buffers, observers, threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evaluator/evaluator.h"
#include "tests/support/fixture.h"

static struct evaluator *load(struct fixture *f, const char *text)
{
	struct graph *g = graph_parse(&f->arena, text, &f->d);

	assert_non_null(g);
	return evaluator_new(g, &f->d);
}

static const char diamond[] = "input %x f32 2\n"
			      "const %one f32 1 = [1]\n"
			      "%a = Add(%x, %one) : f32 2\n"
			      "%b = Mul(%a, %a) : f32 2\n"
			      "%c = Neg(%b) : f32 2\n"
			      "%e = Add(%c, %x) : f32 2\n"
			      "%f = Add(%e, %a) : f32 2\n"
			      "output %f\noutput %b\noutput %x\noutput %one\n";

/* An early output and an input's value outlive all reuse of buffers. */
static void test_outputs(void **state)
{
	struct evaluator *e = load(*state, diamond);
	const float x[] = { 1, 2 };
	const void *in[] = { x };
	const float *out[4];

	assert_non_null(e);
	for (int run = 0; run < 2; run++) {
		assert_int_equal(evaluator_run(e, in, NULL, NULL,
					       &((struct fixture *)*state)->d),
				 0);
		for (int i = 0; i < 4; i++)
			out[i] = evaluator_output(e, i);
		assert_true(out[0][0] == -1 && out[0][1] == -4);
		assert_true(out[1][0] == 4 && out[1][1] == 9);
		assert_true(out[2][0] == 1 && out[2][1] == 2);
		assert_true(out[3][0] == 1);
	}
	evaluator_free(e);
}

struct watch {
	char seen[64];
	const char *stop_at;
};

static int watch(void *ctx, const struct value *v, void *data)
{
	struct watch *w = ctx;

	strcat(w->seen, v->name);
	if (!strcmp(v->name, "a"))
		((float *)data)[0] = 10;
	return w->stop_at && !strcmp(v->name, w->stop_at);
}

static void test_observer(void **state)
{
	struct fixture *f = *state;
	struct evaluator *e = load(f, diamond);
	const float x[] = { 1, 2 };
	const void *in[] = { x };
	struct watch w = { "", NULL };

	assert_int_equal(evaluator_run(e, in, watch, &w, &f->d), 0);
	assert_string_equal(w.seen, "xabcef");
	/* what it changed is what the readers saw; the caller's x is not */
	assert_true(*(const float *)evaluator_output(e, 1) == 100);
	assert_true(x[0] == 1);
	w = (struct watch){ "", "b" };
	assert_int_equal(evaluator_run(e, in, watch, &w, &f->d), -1);
	assert_string_equal(w.seen, "xab");
	evaluator_free(e);
}

/* Outputs that nobody reads, or that are left out, need no place. */
static void test_unwanted(void **state)
{
	struct fixture *f = *state;
	struct evaluator *e = load(f, "input %x f32 4\n"
				      "%dead = Exp(%x) : f32 4\n"
				      "_ = Log(%x) : _\n"
				      "_, %y = Split(%x) {num_outputs=2} "
				      ": _, f32 2\noutput %y\n");
	const float x[] = { 1, 2, 3, 4 };
	const void *in[] = { x };

	assert_non_null(e);
	assert_int_equal(evaluator_run(e, in, NULL, NULL, &f->d), 0);
	assert_true(((const float *)evaluator_output(e, 0))[1] == 4);
	evaluator_free(e);
}

static void test_refusals(void **state)
{
	static const char *const rows[][2] = {
		{ "input %x f32 ?x2\n%y = Relu(%x) : f32 1x2\noutput %y\n",
		  "the shape of input 'x' is not known" },
		{ "input %x f32 2\n%y = Relu(%x) : f32 ?\noutput %y\n",
		  "the shape of 'y' is not known" },
		{ "input %x f32 1\nconst %s i64 1 = [1073741824]\n"
		  "%y = Expand(%x, %s) : f32 1073741824\n"
		  "%z = Add(%y, %x) : f32 1073741824\noutput %z\n",
		  "more than 4 GiB" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fixture *f;

		fixture_setup((void **)&f);
		assert_null(load(f, rows[i][0]));
		assert_non_null(strstr(f->d.entries[0].text, rows[i][1]));
		fixture_teardown((void **)&f);
	}
	(void)state;
}

static const char network[] =
	"const %x f32 1x8x17x13 = random 5\n"
	"const %w f32 24x8x3x3 = random 1\nconst %b f32 24 = random 2\n"
	"const %v f32 24x1x3x3 = random 3\nconst %m f32 221x40 = random 4\n"
	"%c = Conv(%x, %w, %b) {pads=[1, 1, 1, 1]} act=silu "
	": f32 1x24x17x13\n"
	"%e = Conv(%c, %v) {pads=[1, 1, 1, 1], group=24} act=tanh "
	": f32 1x24x17x13\n"
	"const %s i64 2 = [24, 221]\n"
	"%r = Reshape(%e, %s) : f32 24x221\n"
	"%p = MatMul(%r, %m) : f32 24x40\n"
	"%y = Softmax(%p) : f32 24x40\noutput %y\n";

struct eval_worker {
	const struct graph *g;
	float y[24 * 40];
};

static void *work(void *ctx)
{
	struct eval_worker *w = ctx;
	struct evaluator *e;
	struct diag d;

	diag_init(&d);
	e = evaluator_new(w->g, &d);
	for (int i = 0; e && i < 20; i++)
		if (!evaluator_run(e, NULL, NULL, NULL, &d))
			memcpy(w->y, evaluator_output(e, 0), sizeof(w->y));
	evaluator_free(e);
	diag_free(&d);
	return NULL;
}

static void test_threads_agree(void **state)
{
	enum { COUNT = 4 };
	struct fixture *f = *state;
	struct graph *g = graph_parse(&f->arena, network, &f->d);
	struct eval_worker *w = calloc(COUNT, sizeof(*w));
	pthread_t threads[COUNT];

	assert_non_null(g);
	for (int i = 0; i < COUNT; i++) {
		w[i].g = g;
		assert_int_equal(pthread_create(&threads[i], NULL, work, &w[i]),
				 0);
	}
	for (int i = 0; i < COUNT; i++)
		pthread_join(threads[i], NULL);
	assert_true(w[0].y[0] > 0);
	for (int i = 1; i < COUNT; i++)
		assert_memory_equal(w[0].y, w[i].y, sizeof(w[0].y));
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_outputs, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_observer, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_unwanted, fixture_setup,
						fixture_teardown),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test_setup_teardown(
			test_threads_agree, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
