/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms, ranges and weight codes against direct computations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quantizer/activations/clip.h"
#include "quantizer/activations/histogram.h"
#include "quantizer/weights/round_weights.h"

static uint32_t seed = 12345;

static float uniform(void)
{
	seed = seed * 1664525u + 1013904223u;
	return (float)(seed >> 8) / 16777216.0f;
}

/* About normally distributed. */
static float bell(void)
{
	float s = 0;

	for (int i = 0; i < 12; i++)
		s += uniform();
	return s - 6;
}

static uint64_t total(const struct histogram *o)
{
	uint64_t n = 0;

	for (int i = 0; i < HIST_BINS; i++)
		n += o->count[i];
	return n;
}

static void test_merge_in_any_order(void **state)
{
	static float x[3][1000];
	struct histogram *all = malloc(sizeof(*all));
	struct histogram *part = malloc(3 * sizeof(*part));

	(void)state;
	histogram_init(all);
	for (int k = 0; k < 3; k++) {
		histogram_init(&part[k]);
		for (int i = 0; i < 1000; i++)
			x[k][i] = bell() * (k == 1 ? 100.0f : 0.01f);
		histogram_add(all, x[k], 1000);
		histogram_add(&part[k], x[k], 1000);
	}
	histogram_merge(&part[2], &part[1]);
	histogram_merge(&part[2], &part[0]);
	assert_int_equal(total(all), 3000);
	assert_memory_equal(all, &part[2], sizeof(*all));
	free(all);
	free(part);
}

static void test_bins_hold_their_values(void **state)
{
	float x[] = { -3.7f, -0.2f, 0.0f, 0.2f, 1.5f, 900.0f };
	struct histogram *o = malloc(sizeof(*o));
	double width;

	(void)state;
	histogram_init(o);
	histogram_add(o, x, 5);
	histogram_add(o, x + 5,
		      1); /* doubles the width of bins that are not empty */
	width = histogram_bin_width(o);
	assert_true(o->low == -3.7f && o->high == 900.0f);
	assert_true(width * (HIST_BINS / 2) > 900);
	assert_int_equal(total(o), 6);
	for (int i = 0; i < 6; i++) {
		int bin = (int)floor((double)x[i] / width) + HIST_BINS / 2;

		assert_true(o->count[bin] > 0);
	}
	free(o);
}

static double rounding_error(const float *x, int n, struct input_range r)
{
	float scale;
	int32_t zero;
	double e = 0;

	range_to_scale(r, 8, &scale, &zero);
	for (int i = 0; i < n; i++) {
		double q = rint((double)x[i] / (double)scale) + zero;
		double back;

		q = q < -128 ? -128 : q > 127 ? 127 : q;
		back = (q - zero) * (double)scale - (double)x[i];
		e += back * back;
	}
	return e;
}

static void test_range_beats_extremes(void **state)
{
	static float x[20001];
	struct histogram *o = malloc(sizeof(*o));
	struct input_range best, widest;

	(void)state;
	histogram_init(o);
	for (int i = 0; i < 20000; i++)
		x[i] = bell();
	x[20000] = 40; /* an outlier */
	histogram_add(o, x, 20001);
	best = clip_range(o, NULL, 8);
	widest = (struct input_range){ o->low, o->high };
	assert_true(rounding_error(x, 20001, best) <=
		    1.02 * rounding_error(x, 20001, widest));
	for (int i = 1; i < 64; i++) {
		struct input_range r = { o->low, o->high * (float)i / 64 };

		assert_true(rounding_error(x, 20001, best) <=
			    1.1 * rounding_error(x, 20001, r));
	}
	free(o);
}

static void test_zero_is_exact(void **state)
{
	struct input_range ranges[] = { { 0, 6 }, { -1, 1 },  { -0.3f, 17 },
					{ 2, 5 }, { -5, -2 }, { 0, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		float scale;
		int32_t zero;

		range_to_scale(ranges[i], 8, &scale, &zero);
		assert_true(scale > 0);
		assert_in_range(zero + 128, 0, 255);
	}
}

static struct node *small_conv(struct graph *g, const float *w, const float *b)
{
	struct shape xs = shape_of(4, (int64_t[]){ 1, 4, 4, 2 });
	struct shape ws = shape_of(4, (int64_t[]){ 3, 2, 3, 3 });
	static const float one = 1;
	static const int32_t zero;
	static struct quant unit = { .bits = 8,
				     .is_signed = true,
				     .axis = -1,
				     .channels = 1,
				     .scale = &one,
				     .zero_point = &zero };
	struct value *in[3], *out;
	struct node *n;

	in[0] = graph_value(g, "x", DT_F32, &xs);
	in[0]->quant = &unit;
	graph_add_input(g, in[0]);
	in[1] = graph_constant(g, "w", DT_F32, &ws, w);
	in[2] = graph_const_f32(g, "b", 3, b);
	out = graph_value(g, "y", DT_F32, &(struct shape){ 4, { 1, 2, 2, 3 } });
	n = graph_node(g, OP_CONV, "conv", in, 3, &out, 1, NULL);
	n->layout = LAYOUT_NHWC;
	return n;
}

/* For every number of bits: a fine search finds no better scale for any
 * channel, and the bias corrects the mean error. */
static void test_weights(void **state)
{
	int bits[] = { 2, 3, 4, 8 };
	float w[54], b[3] = { 0.5f, -1, 2 };
	int64_t sums[2] = { (int64_t)3 << 32, -((int64_t)1 << 31) };
	struct channel_means means = { sums, 2, 1 };

	(void)state;
	for (int i = 0; i < 54; i++)
		w[i] = i < 36 ? bell() : 0; /* the last channel is zero */
	for (size_t k = 0; k < 4; k++) {
		struct arena a;
		struct diag d;
		struct graph *g;
		struct layers l;
		struct rounded_layer r;
		struct rounding_target target;
		struct node *n;
		const struct quant *q;
		double half;

		arena_init(&a, 0);
		diag_init(&d);
		g = graph_new(&a);
		n = small_conv(g, w, b);
		assert_int_equal(layers_init(&l, g, METHOD_ALL, &a, &d), 0);
		assert_int_equal(rounding_target_prepare(&l.rows[0], NULL,
							 &means, 1, &a, &target,
							 &d),
				 0);
		assert_int_equal(
			layer_round(&target,
				    (struct weight_format){ .bits = bits[k] },
				    1, &a, &r, &d),
			0);
		assert_int_equal(rounded_layer_install(g, &l.rows[0], &r, &d),
				 0);
		q = n->inputs[1]->quant;
		half = q->grid == GRID_HALF ? 0.5 : 0;
		for (int c = 0; c < 3; c++) {
			double shift = 0, most = 1 << (bits[k] - 1);

			for (int i = 0; i < 18; i++) {
				double code = q->codes[c * 18 + i];
				double back =
					(code + half) * (double)q->scale[c];

				assert_true(code >= -most && code < most);
				shift += (back - (double)w[c * 18 + i]) *
					 (i < 9 ? 3 : -0.5);
			}
			assert_true(fabs((double)((const float *)n->inputs[2]
							  ->data)[c] -
					 (b[c] - shift)) < 1e-5);
		}
		diag_free(&d);
		arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge_in_any_order),
		cmocka_unit_test(test_bins_hold_their_values),
		cmocka_unit_test(test_range_beats_extremes),
		cmocka_unit_test(test_zero_is_exact),
		cmocka_unit_test(test_weights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
