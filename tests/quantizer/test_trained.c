/* SPDX-License-Identifier: Apache-2.0 */
/* A model from quantization-aware training with few bits keeps its codes and
 * grids, and the device computes it in integers from input to output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "converter/pack/pack.h"
#include "evaluator/evaluator.h"
#include "passes/passes.h"
#include "quantizer/quantizer.h"
#include "tests/support/lower_and_pack.h"
#include "tests/support/packed_decibels.h"

#define ELEMENTS (6 * 6 * 4)

static const char text[] =
	"input %x f32 1x6x6x4\n"
	"const %sx f32 1 = [0.0078125]\n"
	"const %sa f32 1 = [0.0625]\n"
	"const %zero f32 1 = [0]\n"
	"const %eight f32 1 = [8]\n"
	"const %three f32 1 = [3]\n"
	"const %ca i8 4x4x1x1 = [3, -4, 1, 0, -1, 2, 3, -3, 0, 0, 1, 2, -4, "
	"3, 2, 1]\n"
	"const %cb i8 4x4x1x1 = [1, -1, 0, -2, 1, 1, -2, 0, 0, 1, 1, -2, -1, "
	"0, 1, 1]\n"
	"const %wa f32 4 = [0.125, 0.25, 0.5, 0.0625]\n"
	"const %wb f32 1 = [0.3]\n"
	"const %bias f32 4 = [0.1, -0.2, 0.05, 0]\n"
	"%a = DequantizeLinear(%ca, %wa) {axis=0} : f32 4x4x1x1\n"
	"%b = DequantizeLinear(%cb, %wb) : f32 4x4x1x1\n"
	"%q = Quant(%x, %sx, %zero, %eight) : f32 1x6x6x4\n"
	"%c = Conv(%q, %a, %bias) act=relu layout=nhwc : f32 1x6x6x4\n"
	"%d = Quant(%c, %sa, %zero, %three) {signed=0} : f32 1x6x6x4\n"
	"%y = Conv(%d, %b) layout=nhwc : f32 1x6x6x4\n"
	"output %y\n";

static void random_input(float *x, uint32_t seed)
{
	for (int i = 0; i < ELEMENTS; i++) {
		seed = seed * 1664525u + 1013904223u;
		x[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
	}
}

static int fill(void *ctx, int index, float *const *inputs, struct diag *d)
{
	(void)ctx;
	(void)d;
	random_input(inputs[0], (uint32_t)index);
	return 0;
}

static const struct node *writer_of(const struct graph *g, const char *name)
{
	return graph_find_value(g, name)->producer;
}

static void expect_codes(const struct graph *g, const char *output,
			 const int8_t *codes, int bits)
{
	const struct quant *q = writer_of(g, output)->inputs[1]->quant;

	assert_non_null(q);
	assert_int_equal(q->bits, bits);
	assert_memory_equal(q->codes, codes, 16);
}

static void test_codes_stay(void **state)
{
	static const struct samples samples = { 8, fill, NULL };
	static const int8_t a[] = { 3, -4, 1, 0, -1, 2, 3, -3,
				    0, 0,  1, 2, -4, 3, 2, 1 };
	static const int8_t b[] = { 1, -1, 0, -2, 1,  1, -2, 0,
				    0, 1,  1, -2, -1, 0, 1,  1 };
	float x[ELEMENTS], want[ELEMENTS];
	const void *inputs[1] = { x };
	struct evaluator *e;
	struct packed p;
	struct config c;
	struct arena arena;
	struct graph *g;
	struct diag d;

	(void)state;
	arena_init(&arena, 0);
	diag_init(&d);
	config_init(&c);
	c.bits = 2; /* the model's own grids have priority */
	c.jobs = 1;
	g = graph_parse(&arena, text, &d);
	assert_non_null(g);
	assert_int_equal(pass_fold_constants(g, &c, &d), 0);
	random_input(x, 77);
	e = evaluator_new(g, &d);
	assert_int_equal(evaluator_run(e, inputs, NULL, NULL, &d), 0);
	memcpy(want, evaluator_output(e, 0), sizeof(want));
	evaluator_free(e);
	assert_int_equal(quantize_graph(g, &c, &samples, NULL, NULL, &d), 0);
	expect_codes(g, "c", a, 3);
	expect_codes(g, "y", b, 2);
	assert_true(graph_find_value(g, "x")->quant->scale[0] == 0.0078125f);
	assert_true(graph_find_value(g, "c")->quant->scale[0] == 0.0625f);
	assert_int_equal(graph_find_value(g, "c")->quant->bits, 3);
	assert_int_equal(lower_and_pack(g, &c, &arena, &p, &d), 0);
	assert_int_equal(p.layer_count, 2); /* no float operators */
	assert_true(packed_decibels(&p, x, want, ELEMENTS, &d) > 120);
	arena_free(&arena);
	diag_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
