/* SPDX-License-Identifier: Apache-2.0 */
/* Channel centering: where it is allowed, that the network computes the same,
 * and that the packed model gains accuracy. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/pack/pack.h"
#include "quantizer/activations/calibrate.h"
#include "quantizer/activations/center_channels.h"
#include "quantizer/quantizer.h"
#include "tests/support/fixture.h"
#include "tests/support/lower_and_pack.h"
#include "tests/support/packed_decibels.h"
#include "tests/support/quantizer_steps.h"
#include "tests/support/random_input.h"

#define ELEMENTS (12 * 12 * 4)
#define SAMPLES 8

/* Channels of %c are centered on about 20, -30, 10 and 0. */
static const char before[] = "input %x f32 1x12x12x4\n"
			     "const %w f32 4x4x1x1 = random 3\n"
			     "const %z f32 4x4x1x1 = random 9\n"
			     "const %k f32 4x1x3x3 = random 5\n"
			     "const %far f32 4 = [20.0, -30.0, 10.0, 0.0]\n";
static const float far[] = { 20, -30, 10, 0 };
#define MADE(act) "%c = Conv(%x, %w, %far) layout=nhwc " act ": f32 1x12x12x4\n"
static const char behind[] = "%y = Conv(%d, %z) layout=nhwc act=relu "
			     ": f32 1x12x12x4\noutput %y\n";

static const char plain[] =
	MADE("") "%d = Conv(%c, %z) layout=nhwc : f32 1x12x12x4\n";
/* in order, and reversed */
static const char moved[] =
	MADE("") "const %half i64 2 = [2, 2]\n"
		 "%s = ChannelShuffle(%c) {groups=2} layout=nhwc "
		 ": f32 1x12x12x4\n"
		 "%t, %u = Split(%s, %half) {axis=3} : f32 1x12x12x2, "
		 "f32 1x12x12x2\n"
		 "%j = Concat(%c, %u, %t) {axis=3} : f32 1x12x12x8\n"
		 "const %v f32 4x8x1x1 = random 7\n"
		 "%d = Conv(%j, %v) layout=nhwc : f32 1x12x12x4\n";

static struct graph *build(struct fixture *f, const char *middle)
{
	return fixture_graph(f, before, middle, behind);
}

struct seen {
	struct channel_groups channel_groups;
	struct calibration calibration;
};

static void watch(struct fixture *f, const struct graph *g, struct seen *s)
{
	int elements = ELEMENTS;
	const struct samples samples = random_samples(SAMPLES, &elements);

	assert_int_equal(calibrate(g, &samples, &s->channel_groups, 1,
				   &f->arena, &s->calibration, NULL, &f->d),
			 0);
}

/* Centers all channels that can be; *s: calibration afterwards. */
static void center(struct fixture *f, struct graph *g, struct seen *s)
{
	find_channel_groups(f, g, &s->channel_groups);
	watch(f, g, s);
	assert_int_equal(center_channels(g, &s->channel_groups,
					 s->calibration.ranges, &f->arena),
			 0);
	watch(f, g, s);
}

static void check_same(struct fixture *f, const struct graph *a,
		       const struct graph *b)
{
	float want[ELEMENTS], got[ELEMENTS];

	run_float(f, a, want, ELEMENTS);
	run_float(f, b, got, ELEMENTS);
	for (int i = 0; i < ELEMENTS; i++)
		assert_true(fabsf(got[i] - want[i]) < 1e-4f);
}

/* The channels of %c, and all values that they pass. */
static void check_centered(struct fixture *f, const char *middle)
{
	struct graph *g = build(f, middle);
	const struct value *c = graph_find_value(g, "c");
	const struct channel_ranges *r;
	struct seen s = { 0 };

	center(f, g, &s);
	assert_true(center_channels_possible(g, &s.channel_groups));
	r = &s.calibration.ranges[s.channel_groups.scale_group[c->id]];
	assert_int_equal(r->channels, 4);
	for (int i = 0; i < r->channels; i++)
		assert_true(fabsf(r->low[i] + r->high[i]) < 1e-4f);
	check_same(f, build(f, middle), g);
}

static void test_about_zero(void **state)
{
	check_centered(*state, plain);
	check_centered(*state, moved);
}

/* Channels that are padded with zeros, clamped at zero or added stay in place.
 */
static void test_stays(void **state)
{
	static const char *const others[] = {
		MADE("") "%d = Conv(%c, %k) {group=4, pads=[1, 1, 1, 1]} "
			 "layout=nhwc : f32 1x12x12x4\n",
		MADE("act=relu ") "%d = Conv(%c, %z) layout=nhwc "
				  ": f32 1x12x12x4\n",
		MADE("") "const %pads i64 8 = [0, 1, 1, 0, 0, 1, 1, 0]\n"
			 "%p = Pad(%c, %pads) : f32 1x14x14x4\n"
			 "%d = Conv(%p, %k) {group=4} layout=nhwc "
			 ": f32 1x12x12x4\n",
		MADE("") "%o = Conv(%c, %z) layout=nhwc act=relu "
			 ": f32 1x12x12x4\n"
			 "%d = Add(%c, %o) act=relu : f32 1x12x12x4\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct graph *g = build(f, others[i]);
		struct seen s = { 0 };
		const struct value *c;

		center(f, g, &s);
		c = graph_find_value(g, "c");
		assert_non_null(s.channel_groups.of[c->id]);
		assert_memory_equal(c->producer->inputs[2]->data, far,
				    sizeof(far));
	}
}

/* Whether channels are centered for a coded file of at most `bytes`. */
static bool is_moved(struct fixture *f, int64_t bytes)
{
	static const struct cost_target coded = { .coded = true };
	struct graph *g = build(f, plain);
	const struct node *n = graph_find_value(g, "c")->producer;
	int elements = ELEMENTS;
	const struct samples samples = random_samples(SAMPLES, &elements);
	struct quantizer *q;
	struct config c;

	config_init(&c);
	c.max_size_bytes = bytes;
	q = quantizer_new(g, &c, &coded, &samples, NULL, NULL, &f->d);
	assert_non_null(q);
	quantizer_free(q);
	return memcmp(n->inputs[2]->data, far, sizeof(far)) != 0;
}

/* The model has 48 weights. */
static void test_bytes_to_spare(void **state)
{
	assert_true(is_moved(*state, 21));
	assert_false(is_moved(*state, 20));
	assert_true(is_moved(*state, 0));
}

static double decibels(struct fixture *f, const char *middle, int methods)
{
	struct graph *g = build(f, middle);
	int elements = ELEMENTS;
	const struct samples samples = random_samples(SAMPLES, &elements);
	struct packed p = { 0 };
	struct config c;
	float x[ELEMENTS];

	config_init(&c);
	c.methods = methods;
	c.jobs = 1;
	if (quantize_graph(g, &c, &samples, NULL, NULL, &f->d) ||
	    lower_and_pack(g, &c, &f->arena, &p, &f->d))
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
	random_input(x, ELEMENTS, 77);
	return packed_decibels_of(&p, build(f, middle), x, ELEMENTS, &f->d);
}

static void check_gain(struct fixture *f, const char *middle, double least)
{
	double without = decibels(f, middle, METHOD_ALL & ~METHOD_CENTERING);
	double gain = decibels(f, middle, METHOD_ALL) - without;

	if (gain < least)
		fail_msg("%.1f dB, and %.1f more", without, gain);
}

static void test_gain(void **state)
{
	check_gain(*state, plain, 6);
	check_gain(*state, moved, 6);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_about_zero),
		TEST(test_stays),
		TEST(test_bytes_to_spare),
		TEST(test_gain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
