/* SPDX-License-Identifier: Apache-2.0 */
/* From candidates to rounded layers: the estimated costs, the limits that they
 * are chosen within, and the formats without a search. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quantizer/quantizer.h"
#include "tests/support/fixture.h"
#include "tests/support/random_input.h"

#define ELEMENTS (12 * 12 * 8)
#define LAYERS 4
#define WEIGHTS (8 * 8 * 3 + 8 * 9)

static const struct cost_kernel kernels[] = {
	{ .pattern = "*", .macs_per_cycle = 4, .efficiency = 0.5 },
};
static const struct cost_target in_place = { .cores = 1,
					     .clock_hz = 100000000,
					     .memory_bytes_per_second = 1e9,
					     .kernels = kernels,
					     .kernel_count = 1 };

/* A dense, a depthwise and two dense convolutions. */
static struct graph *build(struct fixture *f)
{
	return fixture_graph(
		f,
		"input %x f32 1x12x12x8\n"
		"const %w1 f32 8x8x1x1 = random 3\n"
		"const %w2 f32 8x1x3x3 = random 4\n"
		"const %w3 f32 8x8x1x1 = random 5\n"
		"const %w4 f32 8x8x1x1 = random 6\n",
		"%a = Conv(%x, %w1) layout=nhwc act=relu : f32 1x12x12x8\n"
		"%b = Conv(%a, %w2) {group=8, pads=[1, 1, 1, 1]} layout=nhwc "
		"act=relu : f32 1x12x12x8\n"
		"%c = Conv(%b, %w3) layout=nhwc act=relu : f32 1x12x12x8\n",
		"%y = Conv(%c, %w4) layout=nhwc : f32 1x12x12x8\n"
		"output %y\n");
}

static struct quantizer *start(struct fixture *f, struct config *c,
			       const struct cost_target *target)
{
	static int elements = ELEMENTS;
	static struct samples samples;
	struct quantizer *q;

	samples = random_samples(16, &elements);
	c->jobs = 1;
	q = quantizer_new(build(f), c, target, &samples, NULL, NULL, &f->d);
	if (!q)
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
	assert_int_equal(quantizer_layer_count(q), LAYERS);
	return q;
}

static void check_bits(struct fixture *f, struct quantizer *q,
		       const int bits[LAYERS])
{
	assert_int_equal(quantizer_round(q, NULL, &f->d), 0);
	for (int i = 0; i < LAYERS; i++) {
		struct quantizer_layer l;

		assert_int_equal(quantizer_layer_at(q, i, &f->arena, &l), 0);
		assert_int_equal(l.bits, bits[i]);
		assert_true(l.entropy_bits > 0 && l.entropy_bits <= bits[i]);
		assert_non_null(l.why);
	}
}

/* The first, the last and depthwise layers have 8 bits, unless all are
 * uniform. */
static void test_formats_without_a_search(void **state)
{
	struct fixture *f = *state;
	struct quantizer *q;
	struct config c;

	config_init(&c);
	c.bits = 2;
	q = start(f, &c, NULL);
	check_bits(f, q, (const int[]){ 8, 8, 2, 8 });
	quantizer_free(q);
	c.uniform = true;
	q = start(f, &c, NULL);
	check_bits(f, q, (const int[]){ 2, 2, 2, 2 });
	quantizer_free(q);
}

/* The least code of layer i's weights, as last rounded. */
static int least_code(const struct quantizer *q, struct arena *a, int i)
{
	struct quantizer_layer l;
	const struct value *w;
	int least = 0;

	assert_int_equal(quantizer_layer_at(q, i, a, &l), 0);
	w = l.node->inputs[1];
	for (int64_t k = 0; k < l.weights; k++)
		if (w->quant->codes[k] < least)
			least = w->quant->codes[k];
	return least;
}

/* Codes of 4 bits are -8 to 7, or -7 to 7 where the input has 4 bits. */
static void test_least_code(void **state)
{
	struct fixture *f = *state;
	struct quantizer *q;
	struct config c;

	config_init(&c);
	c.bits = 4;
	c.uniform = true;
	q = start(f, &c, NULL);
	assert_int_equal(quantizer_round(q, NULL, &f->d), 0);
	assert_int_equal(least_code(q, &f->arena, 2), -8);
	quantizer_free(q);
	c.act_bits = 4;
	q = start(f, &c, NULL);
	assert_int_equal(quantizer_round(q, NULL, &f->d), 0);
	assert_int_equal(least_code(q, &f->arena, 2), -7);
	quantizer_free(q);
}

static void check_allocation(struct fixture *f, const struct cost_target *t)
{
	struct quantizer_limits limits = { INFINITY, INFINITY, INFINITY };
	struct quantizer_totals most, less, least;
	struct quantizer *q;
	struct config c;
	double loss;

	config_init(&c);
	q = start(f, &c, t);
	assert_int_equal(quantizer_list_candidates(q, 1, &f->d), 0);
	assert_int_equal(quantizer_allocate_bits(q, &limits, &most, &f->d), 0);
	assert_true(most.bytes > 0 && most.bytes <= WEIGHTS);
	assert_true(most.loss > 0 && most.loss < 0.01);
	assert_true(most.time_us > 0);
	limits.bytes = most.bytes / 2;
	assert_int_equal(quantizer_allocate_bits(q, &limits, &less, &f->d), 0);
	assert_true(less.bytes <= limits.bytes && less.loss > most.loss);
	assert_int_equal(quantizer_round(q, &loss, &f->d), 0);
	/* the estimate is of the right size */
	assert_true(loss > less.loss / 10 && loss < less.loss * 10);
	limits.time_us = 1e-3;
	assert_int_equal(quantizer_allocate_bits(q, &limits, &least, &f->d), 1);
	assert_true(least.time_us > limits.time_us &&
		    least.time_us <= less.time_us);
	assert_true(least.bytes <= less.bytes);
	quantizer_free(q);
}

static void test_allocation_in_place(void **state)
{
	check_allocation(*state, &in_place);
}

static void test_allocation_coded(void **state)
{
	struct cost_target coded = in_place;

	coded.coded = true;
	check_allocation(*state, &coded);
}

/* Bits of the inputs of the dense layers, as last rounded. */
static void check_inputs(struct fixture *f, struct quantizer *q, int bits)
{
	struct quantizer_layer l;

	assert_int_equal(quantizer_round(q, NULL, &f->d), 0);
	for (int i = 2; i < LAYERS; i++) {
		assert_int_equal(quantizer_layer_at(q, i, &f->arena, &l), 0);
		assert_int_equal(l.node->inputs[0]->quant->bits, bits);
	}
	/* nothing clamps the image */
	assert_int_equal(quantizer_layer_at(q, 0, &f->arena, &l), 0);
	assert_int_equal(l.node->inputs[0]->quant->bits, 8);
}

/* Inputs of 4 bits where the target is faster with them, and the limit on time
 * asks for them. Listing the candidates begins with 8 bits again. */
static void test_input_widths(void **state)
{
	static const struct cost_kernel both[] = {
		{ .pattern = "conv_w*a4",
		  .macs_per_cycle = 4,
		  .efficiency = 1 },
		{ .pattern = "*", .macs_per_cycle = 1, .efficiency = 1 },
	};
	struct cost_target target = in_place;
	struct quantizer_limits limits = { INFINITY, INFINITY, INFINITY };
	struct quantizer_totals wide, narrow, again;
	struct fixture *f = *state;
	struct quantizer *q;
	struct config c;

	target.kernels = both;
	target.kernel_count = 2;
	config_init(&c);
	c.act_bits = ACT_BITS_AUTO;
	q = start(f, &c, &target);
	check_inputs(f, q, 8);
	assert_int_equal(quantizer_list_candidates(q, 1, &f->d), 0);
	limits.time_us = 1e-3;
	assert_int_equal(quantizer_allocate_bits(q, &limits, &wide, &f->d), 1);
	limits.time_us = wide.time_us * 1.0001;
	assert_int_equal(quantizer_allocate_bits(q, &limits, &narrow, &f->d),
			 0);
	check_inputs(f, q, 4);
	assert_int_equal(quantizer_list_candidates(q, 1, &f->d), 0);
	check_inputs(f, q, 8);
	assert_int_equal(quantizer_allocate_bits(q, &limits, &again, &f->d), 0);
	assert_true(again.time_us == narrow.time_us);
	check_inputs(f, q, 4);
	quantizer_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_formats_without_a_search,
						fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_least_code, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_allocation_in_place,
						fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_allocation_coded, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_input_widths, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
