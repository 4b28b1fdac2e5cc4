/* SPDX-License-Identifier: Apache-2.0 */
/* GPTQ: the input covariance against patches that are copied element by
 * element, and the asymmetric targets and the returned losses against direct
 * sums. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ir/config.h"
#include "quantizer/weights/gptq.h"
#include "quantizer/weights/input_covariance.h"
#include "schemas/dbp_trellis.h"
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

/* Element i = (c * 3 + ky) * 3 + kx of the patch of output oy, ox. */
static int patch_at(int sample, int oy, int ox, int i)
{
	int c = i / TAPS, y = 2 * oy - 1 + i % TAPS / 3, x = 2 * ox - 1 + i % 3;

	if (y < 0 || y >= SIDE || x < 0 || x >= SIDE)
		return 0;
	return clamped(code_of(sample, (y * SIDE + x) * CHANNELS + c));
}

/* The same of the float network: nothing is clamped. */
static double real_at(int sample, int oy, int ox, int i)
{
	int c = i / TAPS, y = 2 * oy - 1 + i % TAPS / 3, x = 2 * ox - 1 + i % 3;

	if (y < 0 || y >= SIDE || x < 0 || x >= SIDE)
		return 0;
	return code_of(sample, (y * SIDE + x) * CHANNELS + c);
}

#define PATCHES (SAMPLES * 9)

static void check_covariance(const struct input_covariance *s)
{
	static double x[PATCHES][LENGTH], q[PATCHES][LENGTH];

	assert_int_equal(s->length, LENGTH);
	assert_int_equal(s->groups, 1);
	assert_int_equal(s->patches, PATCHES);
	for (int i = 0; i < LENGTH; i++) {
		double mean_x = 0, mean_q = 0;

		for (int p = 0; p < PATCHES; p++) {
			x[p][i] = real_at(p / 9, p % 9 / 3, p % 3, i);
			q[p][i] = patch_at(p / 9, p % 9 / 3, p % 3, i);
			mean_x += x[p][i] / PATCHES;
			mean_q += q[p][i] / PATCHES;
		}
		assert_true(fabs(s->mean[i] - mean_x) < 1e-3);
		assert_true(fabs(s->mean_quantized[i] - mean_q) < 1e-3);
		for (int p = 0; p < PATCHES; p++) {
			x[p][i] -= mean_x;
			q[p][i] -= mean_q;
		}
	}
	for (int i = 0; i < LENGTH; i++)
		for (int k = 0; k < LENGTH; k++) {
			double both = 0, error_covariance = 0;

			for (int p = 0; p < PATCHES; p++) {
				both += q[p][i] * q[p][k] / PATCHES;
				error_covariance +=
					(x[p][i] - q[p][i]) * q[p][k] / PATCHES;
			}
			assert_true(fabs(s->covariance[i * LENGTH + k] - both) <
				    0.1);
			assert_true(fabs(s->error_covariance[i * LENGTH + k] -
					 error_covariance) < 0.1);
		}
}

static void test_input_covariance(void **state)
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
	struct input_covariance s[4];
	struct layers l;

	assert_non_null(g);
	g->inputs[0]->quant = g->outputs[0]->quant = &q;
	assert_int_equal(layers_init(&l, g, METHOD_ALL, &f->arena, &f->d), 0);
	assert_int_equal(l.count, 1);
	for (int jobs = 1; jobs <= 3; jobs++) {
		struct paired_run t;
		size_t cells = LENGTH * LENGTH * sizeof(double);

		assert_int_equal(paired_run_init(&t, g, jobs, &samples, 64,
						 1 << 20, &f->d),
				 0);
		assert_int_equal(t.count, SAMPLES);
		assert_int_equal(input_covariance_gather(&t, &l.rows[0],
							 &f->arena, &s[jobs],
							 &f->d),
				 0);
		check_covariance(&s[jobs]);
		assert_memory_equal(s[jobs].covariance, s[1].covariance, cells);
		assert_memory_equal(s[jobs].error_covariance,
				    s[1].error_covariance, cells);
		paired_run_free(&t);
	}
}

/* ---- Rounding ---- */

#define N 12

/* Covariance of correlated inputs: one latent variable, and one of each input.
 */
static void random_covariance(double h[N * N], uint32_t *seed)
{
	double x[100][N], mean[N] = { 0 };

	for (int p = 0; p < 100; p++) {
		int hidden = (int)(next(seed) % 100);

		for (int i = 0; i < N; i++) {
			x[p][i] = hidden + (int)(next(seed) % (10 + 5 * i));
			mean[i] += x[p][i] / 100;
		}
	}
	memset(h, 0, N * N * sizeof(*h));
	for (int p = 0; p < 100; p++)
		for (int i = 0; i < N * N; i++)
			h[i] += (x[p][i / N] - mean[i / N]) *
				(x[p][i % N] - mean[i % N]) / 100;
}

static void damp(double h[N * N])
{
	double mean = 0;

	for (int i = 0; i < N; i++)
		mean += h[i * N + i] / N;
	for (int i = 0; i < N; i++)
		h[i * N + i] += 0.02 * mean + 1e-6;
}

/* e^T h e. */
static double lost(const double *h, const double *w, const int8_t *codes)
{
	double total = 0;

	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++)
			total += (w[i] - codes[i]) * h[i * N + k] *
				 (w[k] - codes[k]);
	return total;
}

static void test_rounding(void **state)
{
	struct fixture *f = *state;
	double nearest_lost = 0, all_lost = 0;
	uint32_t seed = 5;

	for (int trial = 0; trial < 200; trial++) {
		const struct code_grid grid = grid_of(2, GRID_UNIFORM);
		struct gptq_factor c;
		struct gptq_row row;
		double h[N * N], w[N];
		struct gptq_work work;
		int8_t codes[N], nearest[N];

		random_covariance(h, &seed);
		assert_int_equal(gptq_factor_new(&c, N, &f->arena), 0);
		assert_int_equal(gptq_work_new(&work, N, 1, &f->arena), 0);
		assert_int_equal(gptq_factor_sort(&c, h), 0);
		assert_int_equal(
			gptq_factor_set(&c, h, 1 << 30, 0.02, false, &f->d), 0);
		damp(h);
		for (int i = 0; i < N; i++) {
			w[i] = (double)(next(&seed) % 3000) / 1000 - 2;
			nearest[i] = (int8_t)grid_nearest(w[i], &grid);
		}
		row = (struct gptq_row){ w, 1, codes, 0, 0 };
		assert_int_equal(gptq_round(&c, &row, 1, &grid, &work, &f->d),
				 0);
		assert_true(fabs(row.loss / lost(h, w, codes) - 1) < 1e-3);
		all_lost += row.loss;
		nearest_lost += lost(h, w, nearest);
	}
	assert_true(all_lost < 0.25 * nearest_lost);
}

/* (moved - w) (covariance + damping) = w error_covariance. */
static void test_asymmetric_target(void **state)
{
	struct fixture *f = *state;
	double h[N * N], error_covariance[N * N], w[N], moved[N];
	struct gptq_factor c;
	uint32_t seed = 9;

	random_covariance(h, &seed);
	assert_int_equal(gptq_factor_new(&c, N, &f->arena), 0);
	assert_int_equal(gptq_factor_set(&c, h, 1 << 30, 0.02, false, &f->d),
			 0);
	damp(h);
	for (int i = 0; i < N * N; i++)
		error_covariance[i] = (int)(next(&seed) % 200) - 100;
	for (int i = 0; i < N; i++)
		moved[i] = w[i] = (double)(next(&seed) % 300) / 100 - 1;
	assert_int_equal(
		gptq_asymmetric_target(&c, error_covariance, moved, 1, &f->d),
		0);
	for (int k = 0; k < N; k++) {
		double left = 0, right = 0;

		for (int i = 0; i < N; i++) {
			left += (moved[i] - w[i]) * h[i * N + k];
			right += w[i] * error_covariance[i * N + k];
		}
		assert_true(fabs(left - right) < 1e-2);
	}
}

/* Inputs that never vary: nothing to compensate for, and no division by 0. */
static void test_still_inputs(void **state)
{
	struct fixture *f = *state;
	static const double h[N * N];
	struct gptq_factor c;
	double w[N];
	struct gptq_work work;
	int8_t codes[N];
	const struct code_grid grid = grid_of(2, GRID_UNIFORM);
	struct gptq_row row = { w, 1, codes, 0, 0 };

	for (int i = 0; i < N; i++)
		w[i] = 0.3 * i - 1.4;
	assert_int_equal(gptq_factor_new(&c, N, &f->arena), 0);
	assert_int_equal(gptq_work_new(&work, N, 1, &f->arena), 0);
	assert_int_equal(gptq_factor_set(&c, h, 1 << 30, 0.02, false, &f->d),
			 0);
	assert_int_equal(gptq_round(&c, &row, 1, &grid, &work, &f->d), 0);
	assert_true(row.loss < 1e-4);
	for (int i = 0; i < N; i++)
		assert_int_equal(codes[i], grid_nearest(w[i], &grid));
}

#define FEW 6

/* The least loss that dependent codes of the first FEW weights can have; the
 * other weights are 0 and have no cost. */
static double least_lost(const double *h, const double *w, int8_t *codes,
			 int at, uint32_t state)
{
	double least = INFINITY;

	if (at == FEW)
		return lost(h, w, codes);
	for (int size = -3; size <= 3; size++) {
		uint32_t absolute = (uint32_t)(size < 0 ? -size : size);
		int level = (int)dbp_trellis_level(state, absolute);

		codes[at] = (int8_t)(size < 0 ? -level : level);
		least = fmin(least,
			     least_lost(h, w, codes, at + 1,
					dbp_trellis_next(state, absolute)));
	}
	codes[at] = 0;
	return least;
}

/* Dependent codes are a path of the trellis, nearly the best one, and better
 * than one grid with the step of each of its sets of levels. */
static void test_dependent(void **state)
{
	struct fixture *f = *state;
	struct code_grid grid = grid_of(4, GRID_UNIFORM);
	double dependent = 0, least = 0, coarse = 0;
	uint32_t seed = 8;

	grid.survivors = GRID_MOST_SURVIVORS;
	for (int trial = 0; trial < 20; trial++) {
		double h[N * N], w[N] = { 0 }, halves[N];
		struct gptq_work work;
		int8_t codes[N], tried[N] = { 0 };
		struct gptq_row row = { w, 1, codes, 0, 0 };
		struct gptq_factor c;
		uint32_t now = 0;

		random_covariance(h, &seed);
		assert_int_equal(gptq_factor_new(&c, N, &f->arena), 0);
		assert_int_equal(gptq_work_new(&work, N, 1, &f->arena), 0);
		assert_int_equal(
			gptq_factor_set(&c, h, 1 << 30, 0.02, false, &f->d), 0);
		damp(h);
		for (int i = 0; i < FEW; i++)
			w[i] = (double)(next(&seed) % 6000) / 1000 - 3;
		grid.dependent = true;
		assert_int_equal(gptq_round(&c, &row, 1, &grid, &work, &f->d),
				 0);
		for (int i = 0; i < N; i++) {
			uint32_t level = (uint32_t)abs(codes[i]);
			uint32_t size = dbp_trellis_size(now, level);

			assert_int_equal(dbp_trellis_level(now, size), level);
			now = dbp_trellis_next(now, size);
		}
		assert_int_equal(row.state, now);
		assert_true(fabs(row.loss / lost(h, w, codes) - 1) < 1e-3);
		dependent += row.loss;
		least += least_lost(h, w, tried, 0, 0);
		for (int i = 0; i < N; i++)
			halves[i] = w[i] / 2;
		row.target = halves;
		grid.dependent = false;
		assert_int_equal(gptq_round(&c, &row, 1, &grid, &work, &f->d),
				 0);
		coarse += 4 * row.loss;
	}
	assert_true(dependent < 1.2 * least);
	assert_true(dependent < 0.8 * coarse);
}

/* A row without errors to compensate for: the cheapest path is chosen. */
static void test_dependent_rates(void **state)
{
	static double h[N * N];
	struct fixture *f = *state;
	struct code_grid grid = grid_of(4, GRID_UNIFORM);
	double rates[GRID_RATES], w[N];
	struct gptq_work work;
	int8_t codes[N];
	struct gptq_row row = { w, 1, codes, 0, 0 };
	struct grid_counts counts = { 0 };
	struct gptq_factor c;

	for (int i = 0; i < N; i++) {
		h[i * N + i] = 1;
		w[i] = i % 2 ? 1.4 : -0.9;
	}
	for (int i = 0; i < GRID_RATES; i++)
		rates[i] = i % 256 == 128 ? 0 : 1;
	grid.dependent = true;
	grid.survivors = 1;
	grid.rates = rates;
	grid.price = 100;
	assert_int_equal(gptq_factor_new(&c, N, &f->arena), 0);
	assert_int_equal(gptq_work_new(&work, N, 1, &f->arena), 0);
	assert_int_equal(gptq_factor_set(&c, h, 1 << 30, 0, false, &f->d), 0);
	assert_int_equal(gptq_round(&c, &row, 1, &grid, &work, &f->d), 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(codes[i], 0);
	grid_count(&counts, true, codes, N);
	assert_true(grid_entropy(&counts) < 1e-9);
	grid.price = 1e-6;
	assert_int_equal(gptq_round(&c, &row, 1, &grid, &work, &f->d), 0);
	assert_true(row.loss < N * 0.4);
	grid_count(&counts, true, codes, N);
	assert_true(grid_entropy(&counts) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_input_covariance, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rounding, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(test_asymmetric_target,
						fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_still_inputs, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_dependent, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_dependent_rates, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
