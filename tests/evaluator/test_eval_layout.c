/* SPDX-License-Identifier: Apache-2.0 */
/* Every spatial operator gives the same numbers in N,C,H,W and N,H,W,C. */
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
#include "passes/passes.h"

#define X_ELEMENTS (2 * 8 * 6 * 10)

static const char *const rows[] = {
	"const %w f32 6x4x3x2 = random 1\n"
	"%y = Conv(%x, %w) {group=2, strides=[2, 1], pads=[1, 0, 0, 1]}\n",
	"const %w f32 8x1x3x3 = random 1\nconst %b f32 8 = random 2\n"
	"%y = Conv(%x, %w, %b) {group=8, dilations=[2, 2]} act=relu\n",
	"const %w f32 8x3x2x2 = random 1\n"
	"%y = ConvTranspose(%x, %w) {group=4, strides=[2, 3]}\n",
	"%y = MaxPool(%x) {kernel_shape=[3, 2], strides=[2, 2], "
	"pads=[1, 0, 1, 1], ceil_mode=1}\n",
	"%y = AveragePool(%x) {kernel_shape=[3, 2], strides=[2, 2], "
	"pads=[1, 0, 1, 1], count_include_pad=1, ceil_mode=1}\n",
	"%y = GlobalAveragePool(%x)\n",
	"%y = GlobalMaxPool(%x)\n",
	"const %s f32 4 = [1, 1, 2, 1.5]\n"
	"%y = Resize(%x, _, %s) {mode=\"linear\"}\n",
	"const %s i64 4 = [2, 8, 9, 4]\n"
	"%y = Resize(%x, _, _, %s) {mode=\"cubic\", cubic_coeff_a=-0.5, "
	"coordinate_transformation_mode=\"align_corners\"}\n",
	"const %s f32 4 = [1, 1, 2, 2]\n"
	"%y = Resize(%x, _, %s) {mode=\"nearest\"}\n",
	"%y = DepthToSpace(%x) {blocksize=2, mode=\"DCR\"}\n",
	"%y = DepthToSpace(%x) {blocksize=2, mode=\"CRD\"}\n",
	"%y = SpaceToDepth(%x) {blocksize=2}\n",
	"%y = ChannelShuffle(%x) {groups=4}\n",
	"const %g f32 8 = random 1\nconst %b f32 8 = random 2\n"
	"%y = InstanceNormalization(%x, %g, %b)\n",
	"%y = LRN(%x) {size=3, alpha=0.1}\n",
};

static float *evaluate(const struct graph *g, const float *x, struct diag *d)
{
	struct evaluator *e = evaluator_new(g, d);
	size_t bytes = 4 * (size_t)shape_elements(&g->outputs[0]->shape);
	const void *in[] = { x };
	float *y = malloc(bytes);

	assert_non_null(e);
	assert_int_equal(evaluator_run(e, in, NULL, NULL, d), 0);
	memcpy(y, evaluator_output(e, 0), bytes);
	evaluator_free(e);
	return y;
}

static bool has_nhwc(const struct graph *g)
{
	for (const struct node *n = g->first; n; n = n->next)
		if (n->layout == LAYOUT_NHWC)
			return true;
	return false;
}

static void check_row(const char *row, const float *x)
{
	struct arena a;
	struct diag d;
	struct config c;
	struct graph *g;
	char text[1024];
	float *before, *behind;

	arena_init(&a, 0);
	diag_init(&d);
	config_init(&c);
	snprintf(text, sizeof(text), "input %%x f32 2x8x6x10\n%soutput %%y\n",
		 row);
	g = graph_parse(&a, text, &d);
	if (!g || pass_infer_shapes(g, &c, &d))
		fail_msg("%s%s", row, d.entries[0].text);
	before = evaluate(g, x, &d);
	assert_int_equal(pass_layout_nhwc(g, &c, &d), 0);
	assert_true(has_nhwc(g));
	behind = evaluate(g, x, &d);
	for (int64_t i = 0; i < shape_elements(&g->outputs[0]->shape); i++)
		if (!(fabsf(before[i] - behind[i]) <= 1e-5f))
			fail_msg("%s[%lld] is %g and %g", row, (long long)i,
				 (double)before[i], (double)behind[i]);
	free(before);
	free(behind);
	diag_free(&d);
	arena_free(&a);
}

static void test_layouts(void **state)
{
	static float x[X_ELEMENTS];

	(void)state;
	for (int i = 0; i < X_ELEMENTS; i++)
		x[i] = (float)(i * 37 % 101 - 50) / 50;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(rows[i], x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
