/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients against differences: a loss is a sum of outputs, each times a
 * random number, and each input and weight is nudged. */
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
#include "evaluator/gradient.h"
#include "tests/support/fixture.h"
#include "tests/support/random.h"

#define OPERANDS 4
#define NUDGE 0.01f

static uint32_t seed_now;

static float random_float(void)
{
	return random_signed(&seed_now);
}

static const char *const graphs[] = {
	"input %x f32 1x5x6x4\nconst %w f32 3x4x3x3 = random 1\n"
	"const %b f32 3 = random 2\n"
	"%y = Conv(%x, %w, %b) {pads=[1, 1, 1, 1], strides=[2, 1]} layout=nhwc"
	" : f32 1x3x6x3\noutput %y\n",
	"input %x f32 1x5x6x4\nconst %w f32 6x4x1x1 = random 1\n"
	"const %b f32 6 = random 2\n"
	"%y = Conv(%x, %w, %b) layout=nhwc : f32 1x5x6x6\noutput %y\n",
	"input %x f32 1x7x7x4\nconst %w f32 6x2x3x3 = random 1\n"
	"%y = Conv(%x, %w) {group=2, dilations=[2, 2]} layout=nhwc"
	" : f32 1x3x3x6\noutput %y\n",
	"input %x f32 1x5x6x4\nconst %w f32 4x1x3x3 = random 1\n"
	"const %b f32 4 = random 2\n"
	"%y = Conv(%x, %w, %b) {group=4, pads=[1, 1, 1, 1]} layout=nhwc"
	" : f32 1x5x6x4\noutput %y\n",
	"input %x f32 1x4x4x2\nconst %w f32 3x2x1x1 = random 1\n"
	"%y = Conv(%x, %w) layout=nhwc act=leaky_relu(0.1)"
	" : f32 1x4x4x3\noutput %y\n",
	"input %x f32 1x4x4x2\nconst %w f32 3x2x1x1 = random 1\n"
	"%y = Conv(%x, %w) layout=nhwc act=clip(-0.2, 0.3)"
	" : f32 1x4x4x3\noutput %y\n",
	"input %x f32 2x5\nconst %w f32 3x5 = random 1\n"
	"const %b f32 3 = random 2\n"
	"%y = Gemm(%x, %w, %b) {transB=1} act=relu : f32 2x3\noutput %y\n",
	"input %x f32 1x3x3x4\ninput %z f32 1x3x3x4\n"
	"%y = Add(%x, %z) act=relu : f32 1x3x3x4\noutput %y\n",
	"input %x f32 1x3x3x4\ninput %z f32 1x1x1x4\n"
	"%y = Mul(%x, %z) : f32 1x3x3x4\noutput %y\n",
	"input %x f32 2x3\ninput %z f32 3\n"
	"%y = Sub(%z, %x) : f32 2x3\noutput %y\n",
	"input %x f32 2x3\nconst %z f32 3 = [2, -3, 4]\n"
	"%y = Div(%x, %z) : f32 2x3\noutput %y\n",
	"input %x f32 1x2x2x3\ninput %z f32 1x2x2x2\n"
	"%y = Concat(%x, %z) {axis=3} : f32 1x2x2x5\noutput %y\n",
	"input %x f32 1x2x3x4\nconst %s i64 4 = [1, 4, 3, 2]\n"
	"%y = Reshape(%x, %s) : f32 1x4x3x2\noutput %y\n",
	"input %x f32 1x2x3x4\n"
	"%y = Transpose(%x) {perm=[0, 3, 1, 2]} : f32 1x4x2x3\noutput %y\n",
	"input %x f32 1x2x2x6\nconst %s i64 2 = [2, 4]\n"
	"%a, %y = Split(%x, %s) {axis=3} : f32 1x2x2x2, f32 1x2x2x4\n"
	"output %a\noutput %y\n",
	"input %x f32 1x4x4x2\nconst %p i64 8 = [0, 1, 0, 0, 0, 1, 2, 0]\n"
	"%y = Pad(%x, %p) : f32 1x6x6x2\noutput %y\n",
	"input %x f32 4x3\nconst %i i64 3 = [2, 0, 2]\n"
	"%y = Gather(%x, %i) {axis=1} : f32 4x3\noutput %y\n",
	"input %x f32 1x5x5x3\n%y = MaxPool(%x) {kernel_shape=[3, 3], "
	"strides=[2, 2], pads=[1, 1, 1, 1]} layout=nhwc : f32 1x3x3x3\n"
	"output %y\n",
	"input %x f32 1x5x5x3\n%y = AveragePool(%x) {kernel_shape=[3, 3], "
	"strides=[2, 2], pads=[1, 1, 1, 1]} layout=nhwc : f32 1x3x3x3\n"
	"output %y\n",
	"input %x f32 1x4x4x3\n%y = AveragePool(%x) {kernel_shape=[3, 3], "
	"pads=[1, 1, 1, 1], count_include_pad=1} layout=nhwc"
	" : f32 1x4x4x3\noutput %y\n",
	"input %x f32 1x4x5x3\n%y = GlobalAveragePool(%x) layout=nhwc"
	" : f32 1x1x1x3\noutput %y\n",
	"input %x f32 1x3x2x3\nconst %s f32 4 = [1, 2, 2, 1]\n"
	"%y = Resize(%x, _, %s) {mode=\"nearest\", "
	"coordinate_transformation_mode=\"asymmetric\", "
	"nearest_mode=\"floor\"} layout=nhwc : f32 1x6x4x3\noutput %y\n",
	"input %x f32 1x3x2x3\nconst %s f32 4 = [1, 2, 2, 1]\n"
	"%y = Resize(%x, _, %s) {mode=\"linear\"} layout=nhwc"
	" : f32 1x6x4x3\noutput %y\n",
	"input %x f32 3x4\n%y = Sigmoid(%x) : f32 3x4\noutput %y\n",
	"input %x f32 3x4\n%y = Swish(%x) : f32 3x4\noutput %y\n",
	"input %x f32 3x4\n%y = Tanh(%x) : f32 3x4\noutput %y\n",
	"input %x f32 3x4\n%y = HardSwish(%x) : f32 3x4\noutput %y\n",
};

struct node_case {
	const struct node *n;
	float *in[OPERANDS], *out[OPERANDS], *dout[OPERANDS], *din[OPERANDS];
	float *random[OPERANDS]; /* the loss, an output */
	struct diag *d;
};

static size_t count_of(const struct value *v)
{
	return (size_t)shape_elements(&v->shape);
}

static float *filled(size_t n, bool random)
{
	float *x = calloc(n + 1, sizeof(*x));

	assert_non_null(x);
	for (size_t i = 0; random && i < n; i++)
		x[i] = random_float();
	return x;
}

static void make_buffers(struct node_case *c)
{
	for (int i = 0; i < c->n->input_count; i++) {
		const struct value *v = c->n->inputs[i];

		if (!v)
			continue;
		if (v->dtype != DT_F32) {
			c->in[i] = (float *)(uintptr_t)v->data;
			continue;
		}
		c->in[i] = filled(count_of(v), true);
		if (v->role == VALUE_CONSTANT)
			memcpy(c->in[i], v->data, count_of(v) * sizeof(float));
		c->din[i] = filled(count_of(v), false);
	}
	for (int i = 0; i < c->n->output_count; i++) {
		size_t n = count_of(c->n->outputs[i]);

		c->out[i] = filled(n, false);
		c->random[i] = filled(n, true);
		c->dout[i] = filled(n, false);
		memcpy(c->dout[i], c->random[i], n * sizeof(float));
	}
}

static void free_buffers(struct node_case *c)
{
	for (int i = 0; i < OPERANDS; i++) {
		if (c->din[i])
			free(c->in[i]);
		free(c->din[i]);
		free(c->out[i]);
		free(c->dout[i]);
		free(c->random[i]);
	}
}

static double loss(struct node_case *c)
{
	double total = 0;

	assert_int_equal(eval_node(c->n, (const void *const *)c->in,
				   (void *const *)c->out, c->d),
			 0);
	for (int i = 0; i < c->n->output_count; i++)
		for (size_t k = 0; k < count_of(c->n->outputs[i]); k++)
			total += (double)c->out[i][k] * (double)c->random[i][k];
	return total;
}

static void check_input(struct node_case *c, int i, const char *text)
{
	for (size_t k = 0; k < count_of(c->n->inputs[i]); k++) {
		float kept = c->in[i][k];
		double above, below, slope;

		c->in[i][k] = kept + NUDGE;
		above = loss(c);
		c->in[i][k] = kept - NUDGE;
		below = loss(c);
		c->in[i][k] = kept;
		slope = (above - below) / (2 * (double)NUDGE);
		/* a nudge may cross a bend */
		if (fabs(slope - (double)c->din[i][k]) >
			    0.01 * (1 + fabs(slope)) &&
		    fabs(above + below - 2 * loss(c)) < 1e-5)
			fail_msg("%s: input %d, element %zu: %g, not %g", text,
				 i, k, (double)c->din[i][k], slope);
	}
}

/* No gradient is wanted, or that of one input. */
static void check_unwanted(struct node_case *c)
{
	for (int only = -1; only < c->n->input_count; only++) {
		float *wanted[OPERANDS] = { NULL };

		if (only >= 0)
			wanted[only] = c->din[only];
		assert_int_equal(gradient_node(c->n,
					       (const float *const *)c->in,
					       (const float *const *)c->out,
					       c->dout, wanted, c->d),
				 0);
	}
}

static void check_graph(struct fixture *f, const char *text)
{
	struct graph *g = graph_parse(&f->arena, text, &f->d);
	struct node_case c = { .d = &f->d };
	int checked = 0;

	assert_non_null(g);
	c.n = g->first;
	if (!gradient_supports(c.n))
		fail_msg("no rule: %s", text);
	make_buffers(&c);
	loss(&c);
	assert_int_equal(gradient_node(c.n, (const float *const *)c.in,
				       (const float *const *)c.out, c.dout,
				       c.din, &f->d),
			 0);
	for (int i = 0; i < c.n->input_count; i++)
		if (c.din[i] && !(c.n->inputs[i]->role == VALUE_CONSTANT &&
				  c.n->op != OP_CONV && c.n->op != OP_GEMM)) {
			check_input(&c, i, text);
			checked++;
		}
	assert_true(checked > 0);
	check_unwanted(&c);
	free_buffers(&c);
}

static void test_differences(void **state)
{
	seed_now = 11;
	for (size_t i = 0; i < sizeof(graphs) / sizeof(*graphs); i++)
		check_graph(*state, graphs[i]);
}

/* What has no rule says so. */
static void test_no_rule(void **state)
{
	static const char *const none[] = {
		"input %x f32 2x3\n%y = Softmax(%x) : f32 2x3\noutput %y\n",
		"input %x f32 1x2x4x4\n%y = MaxPool(%x) {kernel_shape=[2, 2]}"
		" : f32 1x2x3x3\noutput %y\n",
		"input %x f32 4\n%y = Identity(%x) act=silu : f32 4\n"
		"output %y\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		struct graph *g = graph_parse(&f->arena, none[i], &f->d);

		assert_non_null(g);
		assert_false(gradient_supports(g->first));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_differences, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_no_rule, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
