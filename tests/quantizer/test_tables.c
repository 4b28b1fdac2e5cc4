/* SPDX-License-Identifier: Apache-2.0 */
/* Accumulators that a table reads: where they may be finer than 8 bits, and
 * that the packed model gains accuracy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/pack/pack.h"
#include "quantizer/quantizer.h"
#include "tests/support/fixture.h"
#include "tests/support/lower_and_pack.h"
#include "tests/support/packed_decibels.h"
#include "tests/support/random_input.h"

#define ELEMENTS (12 * 12 * 8)

static const struct cost_target coded = { .coded = true };
static const struct cost_target in_place = { .coded = false };

static struct graph *build(struct fixture *f, const char *middle)
{
	return fixture_graph(f,
			     "input %x f32 1x12x12x8\n"
			     "const %w f32 8x8x1x1 = random 3\n"
			     "const %z f32 8x8x1x1 = random 9\n",
			     middle,
			     "%y = Conv(%d, %z) layout=nhwc : f32 1x12x12x8\n"
			     "output %y\n");
}

static void pack(struct fixture *f, struct graph *g, const struct config *c,
		 const struct cost_target *target, struct packed *out)
{
	int elements = ELEMENTS;
	const struct samples samples = random_samples(64, &elements);
	struct quantizer *q;

	q = quantizer_new(g, c, target, &samples, NULL, NULL, &f->d);
	if (!q || quantizer_round(q, NULL, &f->d) ||
	    lower_and_pack(g, c, &f->arena, out, &f->d))
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
	quantizer_free(q);
}

/* Quantizes for a target; returns the bits of the table's input. */
static int bits_of(struct fixture *f, struct graph *g, const char *value,
		   int methods, const struct cost_target *target,
		   struct packed *out)
{
	struct config c;

	config_init(&c);
	c.methods = methods;
	c.jobs = 1;
	pack(f, g, &c, target, out);
	return graph_find_value(g, value)->quant->bits;
}

static double measure(struct fixture *f, const struct graph *g,
		      const struct packed *p)
{
	float x[ELEMENTS];

	random_input(x, ELEMENTS, 77);
	return packed_decibels_of(p, g, x, ELEMENTS, &f->d);
}

#define SUMS "%c = Conv(%x, %w) layout=nhwc : f32 1x12x12x8\n"

static const char sums[] = SUMS;

static void test_finer_is_better(void **state)
{
	static const char *const functions[] = { "Swish",     "Gelu", "Sigmoid",
						 "HardSwish", "Mish", "Tanh" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		char middle[200];
		struct packed p = { 0 }, finer = { 0 };
		double plain, gain;

		snprintf(middle, sizeof(middle),
			 "%s%%d = %s(%%c) : f32 1x12x12x8\n", sums,
			 functions[i]);
		assert_int_equal(bits_of(f, build(f, middle), "c",
					 METHOD_ALL & ~METHOD_FINE_TABLES,
					 &coded, &p),
				 8);
		assert_int_equal(bits_of(f, build(f, middle), "c", METHOD_ALL,
					 &coded, &finer),
				 10);
		plain = measure(f, build(f, middle), &p);
		gain = measure(f, build(f, middle), &finer) - plain;
		if (plain < 25 || gain < 0.3)
			fail_msg("%s: %.1f dB, and %.1f more", functions[i],
				 plain, gain);
	}
}

/* Eight bits where the codes are stored, where a node clamps to them, or where
 * tables are expensive. */
static void test_where_it_is_not(void **state)
{
	static const char swish[] = SUMS "%d = Swish(%c) : f32 1x12x12x8\n";
	static const char *const others[] = {
		SUMS "%s = Swish(%c) : f32 1x12x12x8\n"
		     "%d = Add(%s, %c) : f32 1x12x12x8\n",
		"%c = Conv(%x, %w) layout=nhwc act=relu : f32 1x12x12x8\n"
		"%d = Tanh(%c) : f32 1x12x12x8\n",
		"%c = Add(%x, %x) : f32 1x12x12x8\n"
		"%d = Swish(%c) : f32 1x12x12x8\n",
	};
	struct fixture *f = *state;
	struct packed p = { 0 };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(bits_of(f, build(f, others[i]), "c",
					 METHOD_ALL, &coded, &p),
				 8);
	assert_int_equal(
		bits_of(f, build(f, swish), "c", METHOD_ALL, &in_place, &p), 8);
}

/* All channels but one have small values: they get separate tables where the
 * model's size has no limit. */
static void test_cheap_tables(void **state)
{
	static const char *const rows[] = { "40.0, -32.0, 24.0, 36.0, ",
					    "1.0, 0.9, -1.1, 0.8, " };
	struct fixture *f = *state;
	char middle[2048] = "const %u f32 8x8x1x1 = [";
	struct packed p = { 0 }, tables = { 0 };
	struct config c;
	struct graph *g;

	for (int i = 0; i < 16; i++)
		strcat(middle, rows[i / 2 != 1]);
	strcpy(middle + strlen(middle) - 2,
	       "]\n%c = Conv(%x, %u) layout=nhwc : f32 1x12x12x8\n"
	       "%d = Swish(%c) : f32 1x12x12x8\n");
	config_init(&c);
	c.jobs = 1;
	g = build(f, middle);
	pack(f, g, &c, &coded, &tables);
	assert_int_equal(graph_find_value(g, "d")->quant->channels, 8);
	c.max_size_bytes = 1 << 20;
	g = build(f, middle);
	pack(f, g, &c, &coded, &p);
	assert_int_equal(graph_find_value(g, "d")->quant->channels, 1);
	assert_true(measure(f, build(f, middle), &tables) >
		    measure(f, build(f, middle), &p) + 0.3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_finer_is_better, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_where_it_is_not, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_cheap_tables, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
