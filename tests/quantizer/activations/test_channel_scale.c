/* SPDX-License-Identifier: Apache-2.0 */
/* Per-channel scales, from the graph to the device: in a network where one
 * channel has values a hundred times as large as the others, the small channels
 * keep their accuracy, with every activation that can lie between two
 * convolutions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "converter/pack/packed_file.h"
#include "converter/pack/pack.h"
#include "quantizer/quantizer.h"
#include "tests/support/fixture.h"
#include "tests/support/lower_and_pack.h"
#include "tests/support/packed_decibels.h"
#include "tests/support/random_input.h"

#define SIDE 12
#define CHANNELS 4
#define ELEMENTS (SIDE * SIDE * CHANNELS)

/* Output channels of the first convolution have amplitudes of 100, 1, 0.5 and
 * 0.2; the second one makes them equal again. */
static const char before[] =
	"input %x f32 1x12x12x4\n"
	"const %a f32 4x4x1x1 = [100.0, 30.0, 20.0, -50.0, 0.5, -1.0, 0.2, "
	"0.3, -0.1, 0.2, 0.5, 0.4, 0.2, 0.1, -0.2, 0.1]\n"
	"const %k f32 4x1x1x1 = [0.01, 1.0, 2.0, 5.0]\n"
	"const %z f32 4x4x1x1 = [0.5, -1.0, 0.7, 0.3, -0.5, 1.0, 0.25, 0.5, "
	"1.0, 0.5, -0.75, 0.25, 0.3, 0.6, 0.9, -0.2]\n"
	"%c = Conv(%x, %a) layout=nhwc : f32 1x12x12x4\n";
static const char behind[] =
	"%e = Conv(%d, %k) {group=4} layout=nhwc : f32 1x12x12x4\n"
	"%y = Conv(%e, %z) layout=nhwc : f32 1x12x12x4\n"
	"output %y\n";

static struct graph *build(struct fixture *f, const char *middle)
{
	return fixture_graph(f, before, middle, behind);
}

static void pack(struct fixture *f, struct graph *g, int act_bits,
		 struct packed *out)
{
	int elements = ELEMENTS;
	const struct samples samples = random_samples(8, &elements);
	struct config c;

	config_init(&c);
	/* which would take the factors out of the network beforehand */
	c.methods &= ~METHOD_EQUALIZATION;
	c.uniform = true;
	c.act_bits = act_bits;
	c.jobs = 1;
	if (quantize_graph(g, &c, &samples, NULL, NULL, &f->d) ||
	    lower_and_pack(g, &c, &f->arena, out, &f->d))
		fail_msg("%s", f->d.entries[f->d.count - 1].text);
}

/* Signal-to-noise ratio of the packed model's output, in decibels. */
static double measure(struct fixture *f, const struct graph *g,
		      const struct packed *p)
{
	float x[ELEMENTS];

	random_input(x, ELEMENTS, 77);
	return packed_decibels_of(p, g, x, ELEMENTS, &f->d);
}

/* Accuracy with these nodes in the middle, and whether the value has a scale
 * per channel. */
static void check(struct fixture *f, const char *middle, const char *value,
		  bool differs)
{
	struct graph *g = build(f, middle), *fresh = build(f, middle);
	const struct value *v = graph_find_value(g, value);
	struct packed p = { 0 };
	double decibels;

	pack(f, g, 8, &p);
	assert_non_null(v->quant);
	if (differs) {
		assert_int_equal(v->quant->channels, CHANNELS);
		assert_true(v->quant->scale[0] > 10 * v->quant->scale[3]);
		for (int c = 1; c < CHANNELS; c++)
			assert_int_equal(v->quant->zero_point[c],
					 v->quant->zero_point[0]);
	} else {
		assert_int_equal(v->quant->channels, 1);
	}
	decibels = measure(f, fresh, &p);
	if (differs ? decibels < 30 : decibels > 25)
		fail_msg("%s: %.1f dB", middle, decibels);
}

static void test_plain(void **state)
{
	check(*state, "%d = Identity(%c) : f32 1x12x12x4\n", "c", false);
	check(*state,
	      "%d = MaxPool(%c) {kernel_shape=[1, 1]} layout=nhwc "
	      ": f32 1x12x12x4\n",
	      "d", true);
}

static void test_activations(void **state)
{
	check(*state, "%d = Swish(%c) : f32 1x12x12x4\n", "d", true);
	check(*state, "%d = Swish(%c) : f32 1x12x12x4\n", "c", true);
	check(*state, "%d = HardSwish(%c) : f32 1x12x12x4\n", "d", true);
	check(*state, "%d = Gelu(%c) : f32 1x12x12x4\n", "d", true);
}

/* Channels keep their scales where nodes move them: here, back to their old
 * places. */
static void test_moved(void **state)
{
	check(*state,
	      "%s = ChannelShuffle(%c) {groups=2} layout=nhwc : f32 1x12x12x4\n"
	      "const %half i64 2 = [2, 2]\n"
	      "%t, %u = Split(%s, %half) {axis=3} : f32 1x12x12x2, "
	      "f32 1x12x12x2\n"
	      "%v = Concat(%u, %t) {axis=3} : f32 1x12x12x4\n"
	      "%w = ChannelShuffle(%v) {groups=2} layout=nhwc "
	      ": f32 1x12x12x4\n"
	      "const %from i64 1 = [-1]\n"
	      "const %to i64 1 = [-5]\n"
	      "const %axis i64 1 = [3]\n"
	      "%r = Slice(%w, %from, %to, %axis, %from) : f32 1x12x12x4\n"
	      "%g, %h = Split(%r, %half) {axis=3} : f32 1x12x12x2, "
	      "f32 1x12x12x2\n"
	      "%d = Concat(%h, %g) {axis=3} : f32 1x12x12x4\n",
	      "d", true);
	check(*state,
	      "const %pads i64 8 = [0, 1, 1, 0, 0, 1, 1, 0]\n"
	      "%p = Pad(%c, %pads) : f32 1x14x14x4\n"
	      "%d = AveragePool(%p) {kernel_shape=[3, 3]} layout=nhwc "
	      ": f32 1x12x12x4\n",
	      "d", true);
	/* the same convolution again: two producers join */
	check(*state,
	      "%o = Conv(%x, %z) act=relu layout=nhwc : f32 1x12x12x4\n"
	      "%v = Concat(%c, %o) {axis=3} : f32 1x12x12x8\n"
	      "const %m f32 4x8x1x1 = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "
	      "0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "
	      "0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, "
	      "0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]\n"
	      "%d = Conv(%v, %m) layout=nhwc : f32 1x12x12x4\n",
	      "c", true);
}

/* Sums, with and without Relu, and differences of large and small channels. */
static void test_sums(void **state)
{
	static const char *const values[] = { "c", "o", "d" };

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		check(*state,
		      "%o = Conv(%x, %a) layout=nhwc act=relu "
		      ": f32 1x12x12x4\n"
		      "%d = Add(%c, %o) act=relu : f32 1x12x12x4\n",
		      values[i], true);
		check(*state,
		      "%o = Conv(%x, %a) layout=nhwc act=relu "
		      ": f32 1x12x12x4\n"
		      "%d = Sub(%c, %o) : f32 1x12x12x4\n",
		      values[i], true);
	}
}

/* The scale of the largest channel of %c, which is added to one of about 1. */
static float loudest_added(struct fixture *f, const char *act)
{
	char middle[400];
	struct packed p = { 0 };
	struct graph *g;

	snprintf(middle, sizeof(middle),
		 "%%o = Conv(%%x, %%z) layout=nhwc act=relu "
		 ": f32 1x12x12x4\n"
		 "%%d = Add(%%c, %%o) %s : f32 1x12x12x4\n",
		 act);
	g = build(f, middle);
	pack(f, g, 8, &p);
	return graph_find_value(g, "c")->quant->scale[0];
}

/* Values that the Relu of a sum always cuts off need no codes. */
static void test_sum_held_at_zero(void **state)
{
	float whole = loudest_added(*state, "");

	assert_true(loudest_added(*state, "act=relu") < 0.6f * whole);
}

/* A reader other than a convolution or a sum of two needs one scale. */
static void test_other_readers(void **state)
{
	check(*state,
	      "%s = Swish(%c) : f32 1x12x12x4\n"
	      "const %one f32 1x1x1x4 = [0.001, 0.001, 0.001, 0.001]\n"
	      "%d = Add(%s, %one) : f32 1x12x12x4\n",
	      "d", false);
}

/* ---- Few bits ---- */

struct low_bit {
	const struct graph *g;
	int seen; /* values of 4 bits */
};

static void check_codes(void *ctx, const struct dbrt_model *m, uint32_t op)
{
	struct low_bit *low_bit = ctx;
	uint32_t source = dbrt_op_source(m, op) & ~DBP_SOURCE_UNITS;
	const struct value *v = source ? low_bit->g->values[source - 1] : NULL;
	struct dbrt_tensor t;
	uint32_t id, n = 1;

	assert_int_equal(dbrt_op_outputs(m, op, &id, 1), 1);
	assert_int_equal(dbrt_tensor_at(m, id, &t), DBRT_OK);
	if (t.dtype != DBRT_S8 || !v || !v->quant || v->quant->bits != 4)
		return;
	for (uint32_t i = 0; i < t.rank; i++)
		n *= t.dims[i];
	for (uint32_t i = 0; i < n; i++) {
		int code = ((const int8_t *)t.data)[i];

		assert_in_range(code + 8, 0, 15);
	}
	low_bit->seen += (int)n;
}

/* Four bits: codes are -8 to 7 on the device, with a scale per channel where
 * that helps, and the input keeps 8 bits. */
static void check_few(struct fixture *f, const char *middle, double decibels)
{
	struct graph *g = build(f, middle), *fresh = build(f, middle);
	struct low_bit low_bit = { .g = g };
	struct packed p = { 0 };
	struct packed_file file = { 0 };
	float x[ELEMENTS];
	double got;

	pack(f, g, 4, &p);
	assert_int_equal(g->inputs[0]->quant->bits, 8);
	assert_int_equal(graph_find_value(g, "d")->quant->bits, 4);
	assert_int_equal(graph_find_value(g, "e")->quant->bits, 4);
	assert_int_equal(packed_file_open(&file, p.bytes, p.size, "", &f->d),
			 0);
	assert_int_equal(packed_file_bind(&file, &f->d), 0);
	dbrt_set_trace(&file.model, check_codes, &low_bit);
	random_input(x, ELEMENTS, 78);
	for (int i = 0; i < ELEMENTS; i++)
		x[i] *= 3; /* outside the observed range */
	assert_int_equal(dbrt_set_input_f32(&file.model, 0, x, ELEMENTS), 0);
	assert_int_equal(dbrt_run(&file.model), 0);
	assert_true(low_bit.seen >= 2 * ELEMENTS);
	packed_file_close(&file);
	got = measure(f, fresh, &p);
	if (got < decibels)
		fail_msg("%s: %.1f dB", middle, got);
}

static void test_few_bits(void **state)
{
	check_few(*state,
		  "%d = MaxPool(%c) {kernel_shape=[1, 1]} layout=nhwc "
		  ": f32 1x12x12x4\n",
		  12);
	check_few(*state, "%d = LeakyRelu(%c) {alpha=0.1} : f32 1x12x12x4\n",
		  8);
	check_few(*state, "%d = Swish(%c) : f32 1x12x12x4\n", 8);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_activations, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_moved, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_sums, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_sum_held_at_zero, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_other_readers, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_few_bits, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
