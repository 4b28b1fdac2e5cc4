/* SPDX-License-Identifier: Apache-2.0 */
/* Rounding with error compensation: the moments that it goes by, against
 * patches taken by hand; and what it says is lost, against the sum itself. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quantizer/internal.h"
#include "tests/support/fixture.h"

#define SIDE 5
#define CHANNELS 2
#define TAPS 9
#define LENGTH (CHANNELS * TAPS)
#define SAMPLES 3
#define ZERO (-3)
#define SCALE 0.25f

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

/* Codes of a sample, less the zero point; some are beyond the grid. */
static int code_of(int sample, int i)
{
	uint32_t seed = (uint32_t)(sample * 1000 + i);

	next(&seed);
	return (int)(next(&seed) % 300) - 140;
}

static int clamped(int code)
{
	return code < -128 - ZERO ? -128 - ZERO :
	       code > 127 - ZERO  ? 127 - ZERO :
				    code;
}

static int fill(void *ctx, int index, float *const *inputs, struct diag *d)
{
	(void)ctx;
	(void)d;
	for (int i = 0; i < SIDE * SIDE * CHANNELS; i++)
		inputs[0][i] = SCALE * (float)code_of(index, i);
	return 0;
}

static const char text[] =
	"input %x f32 1x5x5x2\n"
	"const %w f32 4x2x3x3 = random 1\n"
	"%y = Conv(%x, %w) {pads=[1, 1, 1, 1], strides=[2, 2]} layout=nhwc : "
	"f32 1x3x3x4\n"
	"output %y\n";

/* Number i = (c * 3 + ky) * 3 + kx of the patch of output oy, ox. */
static int patch_at(int sample, int oy, int ox, int i)
{
	int c = i / TAPS, y = 2 * oy - 1 + i % TAPS / 3, x = 2 * ox - 1 + i % 3;

	if (y < 0 || y >= SIDE || x < 0 || x >= SIDE)
		return 0;
	return clamped(code_of(sample, (y * SIDE + x) * CHANNELS + c));
}

static void check_moments(const struct moments *m)
{
	assert_int_equal(m->length, LENGTH);
	assert_int_equal(m->patches, SAMPLES * 9);
	for (int i = 0; i < LENGTH; i++)
		for (int k = i; k < LENGTH; k++) {
			int product = 0, sum = 0;

			for (int p = 0; p < SAMPLES * 9; p++) {
				int a = patch_at(p / 9, p % 9 / 3, p % 3, i);

				sum += a;
				product += a *
					   patch_at(p / 9, p % 9 / 3, p % 3, k);
			}
			assert_int_equal(m->sum[i], sum);
			assert_int_equal(m->product[i * LENGTH + k], product);
		}
}

static void test_moments(void **state)
{
	struct fixture *f = *state;
	const struct samples samples = { SAMPLES, fill, NULL };
	const float scale = SCALE;
	const int32_t zero = ZERO;
	struct quant q = { .bits = 8,
			   .is_signed = true,
			   .axis = -1,
			   .channels = 1,
			   .scale = &scale,
			   .zero_point = &zero };
	struct graph *g = graph_parse(&f->arena, text, &f->d);
	struct moments *m;
	struct config c;

	assert_non_null(g);
	config_init(&c);
	c.bits = 4;
	g->inputs[0]->quant = g->outputs[0]->quant = &q;
	for (c.jobs = 1; c.jobs <= 3; c.jobs++) {
		assert_int_equal(moments_gather(g, &c, &samples, &f->arena, &m,
						NULL, NULL, &f->d),
				 0);
		check_moments(&m[g->outputs[0]->id]);
	}
	c.bits = 8; /* nobody asks for them */
	assert_int_equal(moments_gather(g, &c, &samples, &f->arena, &m, NULL,
					NULL, &f->d),
			 0);
	assert_null(m);
}

/* ---- Rounding ---- */

#define N 12

static int to_whole(const void *ctx, double x, double *level)
{
	int code = (int)floor(x + 0.5);

	(void)ctx;
	code = code < -2 ? -2 : code > 1 ? 1 : code;
	*level = code;
	return code;
}

/* Inputs that go together: one hidden number, and each one's own. */
static void random_moments(struct moments *m, uint32_t *seed)
{
	static int64_t sum[N];
	static int32_t product[N * N];
	int x[N];

	memset(sum, 0, sizeof(sum));
	memset(product, 0, sizeof(product));
	*m = (struct moments){ N, 100, sum, product };
	for (int p = 0; p < m->patches; p++) {
		int hidden = (int)(next(seed) % 100);

		for (int i = 0; i < N; i++)
			x[i] = hidden + (int)(next(seed) % (10 + 5 * i)) - 20;
		for (int i = 0; i < N; i++) {
			sum[i] += x[i];
			for (int k = i; k < N; k++)
				product[i * N + k] += x[i] * x[k];
		}
	}
}

/* e^T (C + damping) e, C the sum of (x - mean)(x - mean)^T. */
static double lost(const struct moments *m, const double *w,
		   const int8_t *codes)
{
	double total = 0, mean = 0;

	for (int i = 0; i < N; i++)
		mean += ((double)m->product[i * N + i] -
			 (double)m->sum[i] * (double)m->sum[i] / m->patches) /
			N;
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++) {
			int a = i < k ? i : k, b = i < k ? k : i;
			double c = (double)m->product[a * N + b] -
				   (double)m->sum[a] * (double)m->sum[b] /
					   m->patches;

			c += i == k ? 0.01 * mean + 1e-6 : 0;
			total += (w[i] - codes[i]) * c * (w[k] - codes[k]);
		}
	return total;
}

static void test_rounding(void **state)
{
	struct fixture *f = *state;
	double nearest_lost = 0, all_lost = 0;
	uint32_t seed = 5;

	for (int trial = 0; trial < 200; trial++) {
		struct compensation c;
		struct moments m;
		double w[N], rest[N], said;
		int8_t codes[N], nearest[N];

		random_moments(&m, &seed);
		assert_int_equal(compensation_init(&c, &m, &f->arena), 0);
		for (int i = 0; i < N; i++) {
			double level;

			w[i] = (double)(next(&seed) % 3000) / 1000 - 2;
			nearest[i] = (int8_t)to_whole(NULL, w[i], &level);
		}
		said = compensate(&c, w, rest, to_whole, NULL, codes);
		assert_true(fabs(said / lost(&m, w, codes) - 1) < 1e-9);
		all_lost += said;
		nearest_lost += lost(&m, w, nearest);
	}
	assert_true(all_lost < 0.25 * nearest_lost);
}

/* Inputs that never vary: nothing to make up for, and no division by it. */
static void test_still_inputs(void **state)
{
	struct fixture *f = *state;
	static int64_t sum[N];
	static int32_t product[N * N];
	struct moments m = { N, 10, sum, product };
	struct compensation c;
	double w[N], rest[N];
	int8_t codes[N];

	for (int i = 0; i < N; i++)
		w[i] = 0.3 * i - 1.4;
	assert_int_equal(compensation_init(&c, &m, &f->arena), 0);
	assert_true(compensate(&c, w, rest, to_whole, NULL, codes) < 1e-4);
	for (int i = 0; i < N; i++) {
		double level;

		assert_int_equal(codes[i], to_whole(NULL, w[i], &level));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moments, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rounding, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_still_inputs, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
