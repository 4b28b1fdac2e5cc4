/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of the heads after one change: what lies behind it alone is computed,
 * and the result is that of whole runs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "evaluator/evaluator.h"
#include "quantizer/simulate/head_error.h"
#include "tests/support/fixture.h"
#include "tests/support/random_input.h"

#define ELEMENTS (6 * 6 * 4)
#define SAMPLES 3
#define HEADS 2
#define CHANGES 4

/* Two heads, %y and %z; %a is read twice, and %z lies beside %c. */
static struct graph *build(struct fixture *f)
{
	return fixture_graph(
		f,
		"input %x f32 1x6x6x4\n"
		"const %w1 f32 4x4x1x1 = random 3\n"
		"const %w2 f32 4x4x3x3 = random 4\n"
		"const %w3 f32 4x4x1x1 = random 5\n",
		"%a = Conv(%x, %w1) layout=nhwc act=relu : f32 1x6x6x4\n"
		"%b = Conv(%a, %w2) {pads=[1, 1, 1, 1]} layout=nhwc : f32 "
		"1x6x6x4\n"
		"%c = Conv(%b, %w3) layout=nhwc : f32 1x6x6x4\n"
		"%y = Add(%a, %c) : f32 1x6x6x4\n"
		"%z = Relu(%b) : f32 1x6x6x4\n",
		"output %y\noutput %z\n");
}

static bool is_named(const void *ctx, const struct value *v)
{
	return v->name && !strcmp(v->name, ctx);
}

static void halve(const void *ctx, const struct value *v, float *data)
{
	(void)ctx;
	for (int i = 0; i < shape_elements(&v->shape); i++)
		data[i] /= 2;
}

/* ---- Whole runs ---- */

struct whole_run {
	const struct head_change *c;
};

static int change_value(void *ctx, const struct value *v, void *data)
{
	const struct head_change *c = ((struct whole_run *)ctx)->c;

	if (c && c->touches && c->touches(c->ctx, v))
		c->change(c->ctx, v, data);
	return 0;
}

/* [head][element] of a sample. */
static void run_whole(struct fixture *f, struct graph *g,
		      const struct head_change *c, int sample,
		      float out[HEADS][ELEMENTS])
{
	struct value *w = c && c->node ? c->node->inputs[1] : NULL;
	const void *own = w ? w->data : NULL;
	struct whole_run run = { c };
	struct evaluator *e;
	float x[ELEMENTS];
	const void *inputs[] = { x };

	random_input(x, ELEMENTS, (uint32_t)sample + 1);
	if (w)
		w->data = c->weights;
	e = evaluator_new(g, &f->d);
	assert_non_null(e);
	assert_int_equal(evaluator_run(e, inputs, change_value, &run, &f->d),
			 0);
	for (int h = 0; h < HEADS; h++)
		memcpy(out[h], evaluator_output(e, h), sizeof(out[h]));
	evaluator_free(e);
	if (w)
		w->data = own;
}

static double expected_loss(struct fixture *f, struct graph *g,
			    const struct head_change *c)
{
	float given[SAMPLES][HEADS][ELEMENTS], changed[HEADS][ELEMENTS];
	double loss = 0, n = SAMPLES * ELEMENTS;

	for (int s = 0; s < SAMPLES; s++)
		run_whole(f, g, NULL, s, given[s]);
	for (int h = 0; h < HEADS; h++) {
		double sum = 0, squares = 0, errors = 0;

		for (int s = 0; s < SAMPLES; s++) {
			run_whole(f, g, c, s, changed);
			for (int i = 0; i < ELEMENTS; i++) {
				double x = (double)given[s][h][i];
				double e = (double)changed[h][i] - x;

				sum += x;
				squares += x * x;
				errors += e * e;
			}
		}
		loss += errors / n / (squares / n - sum / n * (sum / n));
	}
	return loss;
}

static void test_changes(void **state)
{
	struct fixture *f = *state;
	struct graph *g = build(f);
	int elements = ELEMENTS;
	const struct samples samples = random_samples(SAMPLES, &elements);
	float other[4 * 4 * 9];
	double loss[CHANGES], again[CHANGES];
	struct head_change changes[CHANGES] = {
		{ .node = graph_find_value(g, "b")->producer,
		  .weights = other },
		{ .node = graph_find_value(g, "c")->producer,
		  .weights = other },
		{ .touches = is_named, .change = halve, .ctx = "a" },
		{ .touches = is_named, .change = halve, .ctx = "x" },
	};

	random_input(other, 4 * 4 * 9, 77);
	assert_int_equal(head_error_measure(g, &samples, 1, changes, CHANGES,
					    loss, NULL, &f->d),
			 0);
	for (int i = 0; i < CHANGES; i++) {
		double expected = expected_loss(f, g, &changes[i]);

		assert_true(expected > 0.01);
		assert_true(fabs(loss[i] / expected - 1) < 1e-9);
	}
	assert_int_equal(head_error_measure(g, &samples, 3, changes, CHANGES,
					    again, NULL, &f->d),
			 0);
	assert_memory_equal(loss, again, sizeof(loss));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changes, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
