/* SPDX-License-Identifier: Apache-2.0 */
/* Each row of instructions against plain loops and the functions of detmath.h,
 * bit for bit. Products of matrices: test_gemm.c. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evaluator/detmath.h"
#include "evaluator/simd/simd.h"
#include "tests/support/random.h"

#define CHANNELS 83 /* of blocks of every kind */
#define TAPS 9
#define PIXELS 3
#define STEP_OF_BITS 39989 /* a prime: some 100,000 of all floats */

static double clamp_unit(double x)
{
	return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* What map[f] promises. */
static float expected_function(enum simd_function f, float value, double a,
			       double b)
{
	double x = (double)value;

	switch (f) {
	case SIMD_EXP:
		return (float)det_exp(x);
	case SIMD_SIGMOID:
		return (float)det_sigmoid(x);
	case SIMD_SWISH:
		return (float)(x * det_sigmoid(a * x));
	case SIMD_TANH:
		return (float)det_tanh(x);
	case SIMD_ELU:
		return (float)(x < 0 ? a * (det_exp(x) - 1) : x);
	case SIMD_HARD_SIGMOID:
		return (float)clamp_unit(a * x + b);
	default:
		return (float)(x * clamp_unit(x / 6 + 0.5));
	}
}

/* A NaN may have any payload. */
static void assert_same(float got, float expected, float x)
{
	if (isnan(expected) ? !isnan(got) :
			      memcmp(&got, &expected, sizeof(got)) != 0)
		fail_msg("%a gives %a, expected %a", (double)x, (double)got,
			 (double)expected);
}

static void check_function(enum simd_function f, double a, double b)
{
	enum { LOT = 1021 };
	static float x[LOT], y[LOT], expected[LOT];

	for (uint64_t bits = 0; bits < (uint64_t)1 << 32;) {
		int n = 0;

		for (; n < LOT && bits < (uint64_t)1 << 32; n++) {
			uint32_t now = (uint32_t)bits;

			memcpy(&x[n], &now, sizeof(now));
			expected[n] = expected_function(f, x[n], a, b);
			bits += STEP_OF_BITS;
		}
		for (int r = 0; simd_rows()[r]; r++) {
			simd_rows()[r]->map[f](x, y, n, a, b);
			for (int i = 0; i < n; i++)
				assert_same(y[i], expected[i], x[i]);
		}
	}
}

static void test_functions(void **state)
{
	(void)state;
	for (int f = 0; f < SIMD_FUNCTIONS; f++)
		check_function(f, 1, 0);
	check_function(SIMD_SWISH, -1.75, 0);
	check_function(SIMD_ELU, 0.3, 0);
	check_function(SIMD_HARD_SIGMOID, 0.2, 0.5);
}

/* Where functions change their form; in place, of every length. */
static void test_edges(void **state)
{
	static const float edges[] = {
		0,      -0.0f,   1,       -1,     22,       -22,       22.1f,
		88.8f,  -104,    690,     -690,   -691,     745.2f,    -745.2f,
		1e30f,  -1e30f,  1e-30f,  1e-42f, -1e-42f,  3e-9f,     0.35f,
		-0.35f, 0.3466f, 0.6932f, 44.0f,  INFINITY, -INFINITY, NAN,
	};
	enum { COUNT = sizeof(edges) / sizeof(*edges) };

	(void)state;
	for (int r = 0; simd_rows()[r]; r++)
		for (int f = 0; f < SIMD_FUNCTIONS; f++)
			for (int n = 1; n <= COUNT; n++) {
				float y[COUNT + 1];

				memcpy(y, edges, sizeof(edges));
				y[n] = 7;
				simd_rows()[r]->map[f](y, y, n, 1.5, 0.25);
				for (int i = 0; i < n; i++)
					assert_same(
						y[i],
						expected_function(f, edges[i],
								  1.5, 0.25),
						edges[i]);
				assert_true(y[n] == 7);
			}
}

/* ---- Channels side by side ---- */

struct cells {
	float x[TAPS][PIXELS * 2 * CHANNELS], weight[TAPS][CHANNELS];
	float bias[CHANNELS];
	const float *at[TAPS], *by_tap[TAPS];
};

static void fill(float *x, size_t n, uint32_t *seed)
{
	for (size_t i = 0; i < n; i++)
		x[i] = random_signed(seed);
}

static struct cells *make_cells(void)
{
	struct cells *c = malloc(sizeof(*c));
	uint32_t seed = 3;

	assert_non_null(c);
	fill(c->bias, CHANNELS, &seed);
	for (int t = 0; t < TAPS; t++) {
		fill(c->x[t], PIXELS * 2 * CHANNELS, &seed);
		fill(c->weight[t], CHANNELS, &seed);
		c->at[t] = c->x[t];
		c->by_tap[t] = c->weight[t];
	}
	return c;
}

static float plain_sum(const struct cells *c, int taps, int64_t at, int k)
{
	float sum = 0;

	for (int t = 0; t < taps; t++) {
		volatile float product = c->x[t][at + k] * c->weight[t][k];

		sum += product;
	}
	return sum + c->bias[k];
}

static void test_sum_taps(void **state)
{
	struct cells *c = make_cells();

	(void)state;
	for (int r = 0; simd_rows()[r]; r++)
		for (int n = 1; n <= CHANNELS; n++) {
			float y[PIXELS * CHANNELS + 1];
			struct simd_taps t = { .x = c->at,
					       .weight = c->by_tap,
					       .taps = n % (TAPS + 1),
					       .channels = n,
					       .pixels = PIXELS,
					       .x_step = 2 * n,
					       .bias = c->bias,
					       .y = y };

			y[PIXELS * n] = 7;
			simd_rows()[r]->sum_taps(&t);
			for (int p = 0; p < PIXELS; p++)
				for (int k = 0; k < n; k++)
					assert_same(y[p * n + k],
						    plain_sum(c, (int)t.taps,
							      p * 2 * n, k),
						    0);
			assert_true(y[PIXELS * n] == 7);
		}
	free(c);
}

static void check_pool(const struct cells *c, const struct simd_row *row,
		       int taps, int n)
{
	float most[CHANNELS], mean[CHANNELS];

	row->pool_max(c->at, taps, n, 0, most);
	row->pool_mean(c->at, taps, n, 7, mean);
	for (int k = 0; k < n; k++) {
		float top = -INFINITY;
		double sum = 0;

		for (int t = 0; t < taps; t++) {
			float x = c->x[t][k];

			top = x > top || x != x ? x : top;
			sum += (double)x;
		}
		assert_same(most[k], top, 0);
		assert_same(mean[k], (float)(sum / 7), 0);
	}
}

static void test_pools(void **state)
{
	struct cells *c = make_cells();

	(void)state;
	c->x[0][2] = c->x[3][5] = c->x[8][40] = NAN;
	c->x[1][3] = c->x[2][41] = INFINITY;
	for (int r = 0; simd_rows()[r]; r++)
		for (int n = 1; n <= CHANNELS; n++)
			check_pool(c, simd_rows()[r], 1 + n % TAPS, n);
	free(c);
}

/* ---- Grids ---- */

static float plain_grid(float x, double scale, int low, int high)
{
	double r = (double)x / scale + 0.5;
	int code = !(r > low) ? low : r >= high ? high : (int)floor(r);

	return (float)(scale * code);
}

static void check_grids(const struct simd_row *row, int channels, int64_t step,
			uint32_t *seed)
{
	float x[PIXELS * CHANNELS], y[PIXELS * CHANNELS], scale[CHANNELS];
	struct simd_grids g = { .x = y,
				.pixels = PIXELS,
				.channels = channels,
				.scale = scale,
				.step = step,
				.low = -30,
				.high = 200 };
	int n = PIXELS * channels;

	for (int i = 0; i < channels; i++)
		scale[i] = 0.1f + 0.01f * (float)i;
	for (int i = 0; i < n; i++)
		x[i] = (float)((int)(random_bits24(seed) % 801) - 200) / 20;
	x[0] = NAN;
	x[n / 2] = INFINITY;
	x[n - 1] = -INFINITY;
	memcpy(y, x, sizeof(x));
	row->round_to_grids(&g);
	for (int i = 0; i < n; i++)
		assert_same(y[i],
			    plain_grid(x[i], (double)scale[i % channels * step],
				       -30, 200),
			    x[i]);
}

static void test_grids(void **state)
{
	uint32_t seed = 5;

	(void)state;
	for (int r = 0; simd_rows()[r]; r++)
		for (int n = 1; n <= CHANNELS; n++) {
			check_grids(simd_rows()[r], n, 0, &seed);
			check_grids(simd_rows()[r], n, 1, &seed);
		}
}

/* ---- Branches of a trellis ---- */

#define PATHS 8

struct plain_branch {
	double cost, error, level;
};

static void try_code(const struct simd_branches *b, int i, int size,
		     struct plain_branch out[2])
{
	bool odd = b->odd[i] > 0;
	int level = size ? 2 * size - odd : 0;
	struct plain_branch *to = &out[size & 1];
	double error, cost;

	if (b->x[i] < 0) {
		level = -level;
		size = -size;
	}
	if (level < b->low || level > b->high)
		return;
	error = b->x[i] - level;
	cost = error * error * b->weight +
	       b->price * b->rates[256 * odd + size + 128];
	if (cost < to->cost)
		*to = (struct plain_branch){ cost, error / b->pivot, level };
}

/* All codes that are allowed, in the order that decides between equal costs. */
static void check_branches(const struct simd_branches *b)
{
	for (int i = 0; i < PATHS; i++) {
		struct plain_branch out[2] = { { INFINITY, 0, 0 },
					       { INFINITY, 0, 0 } };
		double most = b->x[i] < 0 ? -b->low : b->high;
		int at = (int)((fmin(fabs(b->x[i]), most) + b->odd[i]) / 2);

		try_code(b, i, 0, out);
		for (int k = at > 1 ? at - 1 : 1; k <= at + 1; k++)
			try_code(b, i, k, out);
		for (int p = 0; p < 2; p++) {
			assert_true(b->cost[p][i] == out[p].cost);
			if (!(out[p].cost < INFINITY))
				continue;
			assert_true(b->error[p][i] == out[p].error);
			assert_true(b->level[p][i] == out[p].level);
		}
	}
}

static void test_branches(void **state)
{
	double x[PATHS], odd[PATHS], rates[512], out[6][PATHS];
	struct simd_branches b = { .x = x,
				   .odd = odd,
				   .n = PATHS,
				   .weight = 1.7,
				   .price = 0.3,
				   .rates = rates,
				   .pivot = 0.7,
				   .cost = { out[0], out[1] },
				   .error = { out[2], out[3] },
				   .level = { out[4], out[5] } };
	uint32_t seed = 9;

	(void)state;
	for (int i = 0; i < 512; i++)
		rates[i] = (double)(random_bits24(&seed) % 1000) / 100;
	for (int n = 0; n < 4000; n++) {
		b.low = n % 2 ? -127 : -8;
		b.high = n % 2 ? 127 : 7;
		for (int i = 0; i < PATHS; i++) {
			/* levels, and what lies halfway, too */
			x[i] = (double)((int)(random_bits24(&seed) % 1200) -
					600) /
			       (n % 3 ? 64 : 2);
			odd[i] = random_bits24(&seed) % 2;
		}
		for (int r = 0; simd_rows()[r]; r++) {
			simd_rows()[r]->find_branches(&b);
			check_branches(&b);
		}
	}
}

static void test_subtract_product(void **state)
{
	float x[CHANNELS], u[CHANNELS], y[CHANNELS + 1];
	uint32_t seed = 3;

	(void)state;
	for (int i = 0; i < CHANNELS; i++) {
		x[i] = (float)(random_bits24(&seed) % 1000) / 7;
		u[i] = (float)(random_bits24(&seed) % 1000) / 9;
	}
	for (int r = 0; simd_rows()[r]; r++)
		for (int n = 0; n <= CHANNELS; n++) {
			y[n] = 7;
			simd_rows()[r]->subtract_product(x, u, 0.3f, n, y);
			for (int i = 0; i < n; i++) {
				volatile float product = u[i] * 0.3f;

				assert_same(y[i], x[i] - product, x[i]);
			}
			assert_true(y[n] == 7);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_sum_taps),
		cmocka_unit_test(test_pools),
		cmocka_unit_test(test_grids),
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_subtract_product),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
