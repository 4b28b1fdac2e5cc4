/* SPDX-License-Identifier: Apache-2.0 */
/* Equalization of outliers among channels: the network computes the same to the
 * bit, its accuracy at few bits does not depend on factors between layers, and
 * what is no outlier, or cannot be scaled, stays. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "converter/pack/pack.h"
#include "quantizer/graph/equalize_channels.h"
#include "quantizer/quantizer.h"
#include "tests/support/fixture.h"
#include "tests/support/lower_and_pack.h"
#include "tests/support/packed_decibels.h"
#include "tests/support/quantizer_steps.h"
#include "tests/support/random_input.h"

#define ELEMENTS (12 * 12 * 4)

/* %c is produced by %w and read by the convolution of %d. */
static const char before[] = "input %x f32 1x12x12x4\n"
			     "const %w f32 8x4x3x3 = random 3\n"
			     "const %b f32 8 = random 4\n"
			     "const %k f32 8x1x3x3 = random 5\n"
			     "const %v f32 8x8x1x1 = random 6\n"
			     "const %u f32 8x16x1x1 = random 7\n"
			     "const %z f32 4x8x1x1 = random 9\n"
			     "%c = Conv(%x, %w, %b) {pads=[1, 1, 1, 1]} "
			     "layout=nhwc act=relu : f32 1x12x12x8\n";
static const char behind[] =
	"%y = Conv(%d, %z) layout=nhwc : f32 1x12x12x4\noutput %y\n";

static const char dense[] =
	"%d = Conv(%c, %v) layout=nhwc act=relu : f32 1x12x12x8\n";
static const char depthwise[] =
	"%d = Conv(%c, %k) {group=8, pads=[1, 1, 1, 1]} layout=nhwc act=relu "
	": f32 1x12x12x8\n";
static const char moved[] =
	"%s = ChannelShuffle(%c) {groups=2} layout=nhwc : f32 1x12x12x8\n"
	"%p = MaxPool(%s) {kernel_shape=[3, 3], pads=[1, 1, 1, 1]} layout=nhwc "
	": f32 1x12x12x8\n"
	"%j = Concat(%p, %c) {axis=3} : f32 1x12x12x16\n"
	"%d = Conv(%j, %u) layout=nhwc act=relu : f32 1x12x12x8\n";
static const char summed[] =
	"%e = Conv(%c, %v) layout=nhwc act=relu : f32 1x12x12x8\n"
	"%d = Add(%c, %e) : f32 1x12x12x8\n";

static struct graph *build(struct fixture *f, const char *middle)
{
	return fixture_graph(f, before, middle, behind);
}

static const float *weights(const struct graph *g, const char *output)
{
	return graph_find_value(g, output)->producer->inputs[1]->data;
}

/* Channels 1, 3 and 6 of %c times 1024, 64 and 1/4096; its readers' weights the
 * other way. */
static void add_factors(struct graph *g)
{
	static const float factors[8] = {
		1, 1024, 1, 64, 1, 1, 1 / 4096.0f, 1
	};
	struct node *c = graph_find_value(g, "c")->producer;
	float *w = (float *)(uintptr_t)c->inputs[1]->data;
	float *b = (float *)(uintptr_t)c->inputs[2]->data;

	for (int o = 0; o < 8; o++) {
		for (int i = 0; i < 36; i++)
			w[o * 36 + i] *= factors[o];
		b[o] *= factors[o];
	}
	for (struct node *n = c->next; n; n = n->next) {
		const struct shape *s;
		bool is_depthwise;

		if (n->op != OP_CONV || n->inputs[0]->name[0] == 'd')
			continue;
		s = &n->inputs[1]->shape;
		is_depthwise = s->dim[1] == 1;
		w = (float *)(uintptr_t)n->inputs[1]->data;
		for (int64_t i = 0; i < shape_elements(s); i++) {
			int64_t channel = is_depthwise ? i / 9 : i % s->dim[1];

			/* of the shuffled ones: 0 4 1 5 2 6 3 7 */
			if (s->dim[1] == 16)
				channel = channel >= 8 ?
						  channel - 8 :
						  channel % 2 * 4 + channel / 2;
			w[i] /= factors[channel];
		}
	}
}

static void equalize(struct fixture *f, struct graph *g)
{
	struct channel_groups groups;

	find_channel_groups(f, g, &groups);
	assert_int_equal(equalize_channels(g, &groups, &f->arena), 0);
}

static void check_same_outputs(struct fixture *f, const struct graph *a,
			       const struct graph *b)
{
	float want[ELEMENTS], got[ELEMENTS];

	run_float(f, a, want, ELEMENTS);
	run_float(f, b, got, ELEMENTS);
	assert_memory_equal(got, want, sizeof(got));
}

static double row_size(const struct graph *g, int output)
{
	const float *w = weights(g, "c") + (size_t)output * 36;
	double sum = 0;

	for (int i = 0; i < 36; i++)
		sum += (double)w[i] * (double)w[i];
	return sqrt(sum);
}

static void test_outliers_are_brought_back(void **state)
{
	static const char *const middles[] = { dense, depthwise, moved };

	for (int i = 0; i < 3; i++) {
		struct graph *plain = build(*state, middles[i]);
		struct graph *g = build(*state, middles[i]);

		add_factors(g);
		check_same_outputs(*state, plain, g);
		equalize(*state, g);
		check_same_outputs(*state, plain, g);
		for (int o = 0; o < 8; o++) {
			double ratio = row_size(g, o) / row_size(plain, o);

			assert_true(ratio >= 0.25 && ratio <= 4);
		}
	}
}

static void test_others_stay(void **state)
{
	struct graph *plain = build(*state, dense);
	struct graph *g = build(*state, dense);

	equalize(*state, g);
	assert_memory_equal(weights(g, "c"), weights(plain, "c"),
			    8 * 36 * sizeof(float));
	/* a sum would have to be scaled as well */
	plain = build(*state, summed);
	g = build(*state, summed);
	add_factors(plain);
	add_factors(g);
	equalize(*state, g);
	assert_memory_equal(weights(g, "c"), weights(plain, "c"),
			    8 * 36 * sizeof(float));
}

static double decibels(struct fixture *f, const char *middle, bool factors,
		       int bits)
{
	int elements = ELEMENTS;
	const struct samples samples = random_samples(16, &elements);
	struct graph *g = build(f, middle);
	struct packed p = { 0 };
	float x[ELEMENTS];
	struct config c;

	if (factors)
		add_factors(g);
	config_init(&c);
	c.uniform = true;
	c.bits = bits;
	c.jobs = 1;
	if (quantize_graph(g, &c, &samples, NULL, NULL, &f->d) ||
	    lower_and_pack(g, &c, &f->arena, &p, &f->d))
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
	random_input(x, ELEMENTS, 77);
	return packed_decibels_of(&p, build(f, middle), x, ELEMENTS, &f->d);
}

/* Within 1.5 dB of the network without the factors. */
static void test_few_bits(void **state)
{
	static const char *const middles[] = { dense, depthwise, moved };

	for (int i = 0; i < 3; i++)
		for (int bits = 3; bits <= 4; bits++) {
			double want = decibels(*state, middles[i], false, bits);
			double got = decibels(*state, middles[i], true, bits);

			if (!(got > want - 1.5))
				fail_msg("%d, %d bits: %.1f dB, %.1f without "
					 "factors",
					 i, bits, got, want);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_outliers_are_brought_back,
						fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_others_stay, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_few_bits, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
