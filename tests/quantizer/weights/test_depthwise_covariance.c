/* SPDX-License-Identifier: Apache-2.0 */
/* Input covariance of a depthwise layer, whose channels are side by side. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ir/config.h"
#include "ir/graph.h"
#include "quantizer/weights/input_covariance.h"
#include "tests/support/fixture.h"
#include "tests/support/random_input.h"

#define CHANNELS 37 /* more than a block, and a part of one */
#define SIDE 5
#define TAPS 9
#define SAMPLES 3
#define PATCHES (SAMPLES * SIDE * SIDE)

static const char text[] =
	"input %x f32 1x5x5x37\n"
	"const %w f32 37x1x3x3 = random 1\n"
	"%y = Conv(%x, %w) {pads=[1, 1, 1, 1], group=37} layout=nhwc : "
	"f32 1x5x5x37\n"
	"output %y\n";

/* Patch p of a channel, in codes; x: the values of sample p / (SIDE * SIDE). */
static double patch_at(const float *x, int p, int channel, int tap,
		       double scale)
{
	int y = p / SIDE % SIDE + tap / 3 - 1, z = p % SIDE + tap % 3 - 1;

	if (y < 0 || y >= SIDE || z < 0 || z >= SIDE)
		return 0;
	return (double)x[(y * SIDE + z) * CHANNELS + channel] / scale;
}

struct patches {
	double x[PATCHES][TAPS], q[PATCHES][TAPS];
	double mean_x[TAPS], mean_q[TAPS];
};

static void take_patches(const struct paired_run *t, const struct value *v,
			 int channel, struct patches *to)
{
	double scale = (double)v->quant->scale[channel];

	*to = (struct patches){ 0 };
	for (int p = 0; p < PATCHES; p++)
		for (int i = 0; i < TAPS; i++) {
			int sample = p / (SIDE * SIDE);
			double x = patch_at(paired_run_reference(t, sample, v),
					    p, channel, i, scale);
			double q = patch_at(paired_run_quantized(t, sample, v),
					    p, channel, i, scale);

			to->x[p][i] = x;
			to->q[p][i] = q;
			to->mean_x[i] += x / PATCHES;
			to->mean_q[i] += q / PATCHES;
		}
}

static void assert_near(double got, double expected)
{
	assert_true(fabs(got - expected) < 1e-4 * (1 + fabs(expected)));
}

static void check_channel(const struct input_covariance *s,
			  const struct patches *p, int channel)
{
	for (int i = 0; i < TAPS; i++) {
		assert_near(s->mean[channel * TAPS + i], p->mean_x[i]);
		assert_near(s->mean_quantized[channel * TAPS + i],
			    p->mean_q[i]);
	}
	for (int i = 0; i < TAPS; i++)
		for (int k = 0; k < TAPS; k++) {
			int at = (channel * TAPS + i) * TAPS + k;
			double both = 0, error = 0;

			for (int n = 0; n < PATCHES; n++) {
				double x = p->x[n][i] - p->mean_x[i];
				double q = p->q[n][i] - p->mean_q[i];
				double other = p->q[n][k] - p->mean_q[k];

				both += q * other / PATCHES;
				error += (x - q) * other / PATCHES;
			}
			assert_near(s->covariance[at], both);
			assert_near(s->error_covariance[at], error);
		}
}

static void test_depthwise(void **state)
{
	struct fixture *f = *state;
	int elements = SIDE * SIDE * CHANNELS;
	const struct samples samples = random_samples(SAMPLES, &elements);
	size_t cells = CHANNELS * TAPS * TAPS * sizeof(double);
	float scale[CHANNELS];
	int32_t zero[CHANNELS] = { 0 };
	struct quant q = { .bits = 4,
			   .is_signed = true,
			   .axis = 3,
			   .channels = CHANNELS,
			   .scale = scale,
			   .zero_point = zero };
	struct graph *g = graph_parse(&f->arena, text, &f->d);
	struct input_covariance s[4];
	struct layers l;

	assert_non_null(g);
	for (int c = 0; c < CHANNELS; c++)
		scale[c] = 0.05f + 0.005f * (float)c;
	g->inputs[0]->quant = &q;
	assert_int_equal(layers_init(&l, g, METHOD_ALL, &f->arena, &f->d), 0);
	for (int jobs = 1; jobs <= 3; jobs++) {
		static struct patches p;
		struct paired_run t;

		assert_int_equal(paired_run_init(&t, g, jobs, &samples, 64,
						 1 << 20, &f->d),
				 0);
		assert_int_equal(input_covariance_gather(&t, &l.rows[0],
							 &f->arena, &s[jobs],
							 &f->d),
				 0);
		assert_int_equal(s[jobs].groups, CHANNELS);
		assert_int_equal(s[jobs].patches, PATCHES);
		for (int c = 0; c < CHANNELS; c++) {
			take_patches(&t, g->inputs[0], c, &p);
			check_channel(&s[jobs], &p, c);
		}
		assert_memory_equal(s[jobs].covariance, s[1].covariance, cells);
		assert_memory_equal(s[jobs].error_covariance,
				    s[1].error_covariance, cells);
		paired_run_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_depthwise, fixture_setup,
						fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
