/* SPDX-License-Identifier: Apache-2.0 */
/* Mixed-precision activations: the group that loses most per
 * multiply-accumulate gets 8 bits, within a tenth of all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quantizer/activations/activation_bits.h"
#include "quantizer/graph/scale_groups.h"
#include "tests/support/fixture.h"
#include "tests/support/random_input.h"

#define ELEMENTS (8 * 8 * 32)

/* %a is read by a wide convolution, %b by a narrow one: 32 * 32, 32 * 2 and
 * 2 * 32 weights, so %b and %c have 3 % of the multiply-accumulates each. */
static struct graph *build(struct fixture *f)
{
	return fixture_graph(
		f,
		"input %x f32 1x8x8x32\n"
		"const %w1 f32 32x32x1x1 = random 3\n"
		"const %w2 f32 32x32x1x1 = random 4\n"
		"const %w3 f32 2x32x1x1 = random 5\n"
		"const %w4 f32 32x2x1x1 = random 6\n",
		"%a = Conv(%x, %w1) layout=nhwc act=relu : f32 1x8x8x32\n"
		"%b = Conv(%a, %w2) layout=nhwc act=relu : f32 1x8x8x32\n"
		"%c = Conv(%b, %w3) layout=nhwc act=relu : f32 1x8x8x2\n",
		"%y = Conv(%c, %w4) layout=nhwc : f32 1x8x8x32\n"
		"output %y\n");
}

/* Gives a value a grid of 4 bits, whose step is the given one. */
static void quantize(struct fixture *f, const struct graph *g, const char *name,
		     float step)
{
	struct quant *q = arena_alloc(&f->arena, sizeof(*q));
	float *scale = arena_alloc(&f->arena, sizeof(*scale));
	int32_t *zero = arena_alloc(&f->arena, sizeof(*zero));

	assert_true(q && scale && zero);
	*scale = step;
	*zero = -8;
	*q = (struct quant){ .bits = 4,
			     .is_signed = true,
			     .axis = -1,
			     .channels = 1,
			     .scale = scale,
			     .zero_point = zero };
	graph_find_value(g, name)->quant = q;
}

static bool is_low(const struct graph *g, const bool *low_bit, const char *name)
{
	return low_bit[graph_find_value(g, name)->id];
}

/* Coarse grids of %a and %b, a fine one of %c. */
static void test_raised_groups(void **state)
{
	struct fixture *f = *state;
	struct graph *g = build(f);
	const struct progress none = { NULL, NULL, NULL };
	const struct node **trained_grids;
	int elements = ELEMENTS;
	const struct samples samples = random_samples(4, &elements);
	uint32_t *groups = scale_groups_assign(g, &f->arena, &trained_grids);
	struct activation_groups list;
	uint8_t *bits = arena_array(&f->arena, g->value_count, 1);
	bool *low_bit;

	assert_true(groups && bits);
	low_bit = scale_groups_low_bit(g, groups, &f->arena);
	assert_non_null(low_bit);
	assert_false(is_low(g, low_bit, "x")); /* nothing clamps an input */
	assert_true(is_low(g, low_bit, "a") && is_low(g, low_bit, "b") &&
		    is_low(g, low_bit, "c"));
	quantize(f, g, "a", 1);
	quantize(f, g, "b", 1);
	quantize(f, g, "c", 0.01f);
	assert_int_equal(
		activation_groups_list(g, groups, low_bit, &f->arena, &list),
		0);
	assert_int_equal(list.count, 3);
	assert_int_equal(activation_groups_measure(g, &samples, groups, &list,
						   1, &none, &f->d),
			 0);
	activation_bits_raise(&list, bits);
	/* %a has half of all multiply-accumulates */
	assert_int_equal(bits[graph_find_value(g, "a")->id], 0);
	assert_int_equal(bits[graph_find_value(g, "b")->id], 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_raised_groups, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
