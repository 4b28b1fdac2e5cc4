/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model costs: the work that a header declares, the limits that a
 * caller sets, files that would take long to open or to expand, and runs that
 * are cancelled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dbp_run.h"

/* A 3 x 5 convolution of 20 to 6 channels, a 9 x 9 max pool (of 8 x 8 cells),
 * a dequantization. Steps: 64 pixels * 8 rows * 304 columns, 384 elements * 64
 * cells, 384. */
#define CONV_STEPS (64ull * 8 * 304)
#define ALL_STEPS (CONV_STEPS + 384 * 64 + 384)
/* int8 1280 -> 384 -> 384 -> float 384; tiles of 2 * 19 blocks of 64 */
#define ALL_BYTES (1280ull + 384 + 2 * 384 + 384 + 4 * 384 + 2 * 19 * 64)

static void build(struct dbp_builder *b)
{
	static const int8_t codes[6 * 300], shifts[6] = { 9, 9, 9, 9, 9, 9 };
	static const int32_t bias[6];
	static const uint16_t multipliers[6];
	uint32_t in[] = { 1, 8, 8, 20 }, out[] = { 1, 8, 8, 6 }, t[4];
	struct dbp_conv c = { .kernel_h = 3,
			      .kernel_w = 5,
			      .stride_h = 1,
			      .stride_w = 1,
			      .dilation_h = 1,
			      .dilation_w = 1,
			      .pad_top = 1,
			      .pad_left = 2,
			      .groups = 1,
			      .weight_bits = 8,
			      .clamp_min = -128,
			      .clamp_max = 127,
			      .levels = DBP_NONE,
			      .table = DBP_NONE,
			      .float_scale = DBP_NONE };
	struct dbp_pool p = { .kernel_h = 9,
			      .kernel_w = 9,
			      .stride_h = 1,
			      .stride_w = 1,
			      .dilation_h = 1,
			      .dilation_w = 1,
			      .pad_top = 4,
			      .pad_left = 4 };
	uint8_t *tiles;
	size_t bytes;

	dbp_builder_init(b);
	t[0] = dbp_add_tensor(b, DBP_S8, 4, in, 1, 0);
	t[1] = dbp_add_tensor(b, DBP_S8, 4, out, 1, 0);
	t[2] = dbp_add_tensor(b, DBP_S8, 4, out, 1, 0);
	t[3] = dbp_add_tensor(b, DBP_F32, 4, out, 0, 0);
	dbp_add_input(b, t[0]);
	dbp_add_output(b, t[3]);
	tiles = dbp_pack_conv_weights(codes, 1, 6, 300, 8, &bytes);
	c.weights = dbp_add_data(b, tiles, bytes);
	c.weights_bytes = (uint32_t)bytes;
	free(tiles);
	c.bias = dbp_add_data(b, bias, sizeof(bias));
	c.multiplier = dbp_add_data(b, multipliers, sizeof(multipliers));
	c.shift = dbp_add_data(b, shifts, sizeof(shifts));
	c.multiplier2 = c.shift2 = DBP_NONE;
	dbp_add_op(b, DBP_OP_CONV, &t[0], 1, &t[1], 1, &c, sizeof(c),
		   dbp_conv_scratch_bytes(&c, dbp_tensor_of(b, t[0]),
					  dbp_tensor_of(b, t[1])));
	dbp_add_op(b, DBP_OP_MAX_POOL, &t[1], 1, &t[2], 1, &p, sizeof(p), 0);
	dbp_add_op(b, DBP_OP_DEQUANTIZE, &t[2], 1, &t[3], 1, NULL, 0, 0);
}

/* The status of the model with these numbers in its header. */
static int open_declared(uint16_t minor, uint64_t steps, uint64_t bytes,
			 const struct dbrt_limits *limits)
{
	struct dbp_builder b;
	struct dbrt_model m;
	uint8_t *file;
	size_t size;
	int status;

	build(&b);
	b.header.minor = minor;
	b.header.run_steps = steps;
	b.header.run_bytes = bytes;
	file = dbp_builder_finish(&b, &size);
	dbp_builder_free(&b);
	status = dbrt_open_limited(&m, file, size, limits);
	free(file);
	return status;
}

static void test_declared(void **state)
{
	(void)state;
	assert_int_equal(open_declared(2, ALL_STEPS, ALL_BYTES, NULL), DBRT_OK);
	assert_int_equal(open_declared(3, ALL_STEPS + 1, 1u << 30, NULL),
			 DBRT_OK);
	assert_int_equal(open_declared(2, ALL_STEPS - 1, ALL_BYTES, NULL),
			 DBRT_ERROR_FORMAT);
	assert_int_equal(open_declared(2, ALL_STEPS, ALL_BYTES - 1, NULL),
			 DBRT_ERROR_FORMAT);
	/* older files do not declare it, and cannot */
	assert_int_equal(open_declared(2, 0, 0, NULL), DBRT_OK);
	assert_int_equal(open_declared(1, 0, 0, NULL), DBRT_OK);
	assert_int_equal(open_declared(1, ALL_STEPS, ALL_BYTES, NULL),
			 DBRT_ERROR_FORMAT);
}

static void test_computed(void **state)
{
	struct dbrt_work work;
	struct dbp_builder b;
	struct dbp_run r;

	(void)state;
	build(&b);
	assert_int_equal(dbp_run_open(&r, &b, 1), DBRT_OK);
	assert_int_equal(dbrt_work(&r.model, &work), DBRT_OK);
	assert_true(work.steps == ALL_STEPS && work.bytes == ALL_BYTES);
	assert_true(work.head_steps == 0 && work.candidates == 0);
	assert_int_equal(dbrt_work(&r.model, NULL), DBRT_ERROR_ARGUMENT);
	dbp_run_close(&r);
}

/* Whether the work is declared or not. */
static void test_limits(void **state)
{
	struct dbrt_limits most[3] = { { .work.steps = ALL_STEPS },
				       { .work.bytes = ALL_BYTES },
				       { .arena_bytes = 1 << 20 } };
	struct dbrt_limits less[3] = { { .work.steps = ALL_STEPS - 1 },
				       { .work.bytes = ALL_BYTES - 1 },
				       { .arena_bytes = 64 } };

	(void)state;
	for (int i = 0; i < 6; i++) {
		uint64_t steps = i < 3 ? ALL_STEPS : 0;
		uint64_t bytes = i < 3 ? ALL_BYTES : 0;

		assert_int_equal(open_declared(2, steps, bytes, &most[i % 3]),
				 DBRT_OK);
		assert_int_equal(open_declared(2, steps, bytes, &less[i % 3]),
				 DBRT_ERROR_LIMIT);
	}
	/* sums that do not fit 32 bits */
	most[0].work.steps = 1ull << 33;
	assert_int_equal(open_declared(2, 1ull << 33, 0, &most[0]), DBRT_OK);
	assert_int_equal(open_declared(2, 1ull << 34, 0, &most[0]),
			 DBRT_ERROR_LIMIT);
}

/* ---- Files that take long ---- */

/* Operators that all read one array. */
static int open_gathers(uint32_t ops, uint32_t count)
{
	uint32_t one[] = { 1 }, dims[] = { count }, x, c, y = 0;
	uint32_t *index = calloc(count, sizeof(*index));
	struct dbp_gather p = { .count = count };
	int8_t zero = 0;
	struct dbp_builder b;
	struct dbp_run r;
	int status;

	assert_non_null(index);
	dbp_builder_init(&b);
	x = dbp_add_tensor(&b, DBP_S8, 1, one, 1, 0);
	dbp_add_input(&b, x);
	c = dbp_add_constant(&b, DBP_S8, 1, one, 1, 0, &zero);
	p.indices = dbp_add_data(&b, index, count * sizeof(*index));
	for (uint32_t i = 0; i < ops; i++) {
		y = dbp_add_tensor(&b, DBP_S8, 1, dims, 1, 0);
		dbp_add_op(&b, DBP_OP_GATHER, &c, 1, &y, 1, &p, sizeof(p), 0);
	}
	dbp_add_output(&b, y);
	free(index);
	status = dbp_run_open(&r, &b, 1);
	dbp_run_close(&r);
	return status;
}

static void test_shared_arrays(void **state)
{
	(void)state;
	assert_int_equal(open_gathers(30, 100000), DBRT_OK);
	assert_int_equal(open_gathers(1000, 200), DBRT_OK);
	assert_int_equal(open_gathers(60, 100000), DBRT_ERROR_FORMAT);
	assert_int_equal(open_gathers(5000, 200), DBRT_ERROR_FORMAT);
}

/* ---- Cancelling ---- */

struct watch {
	int calls, last; /* cancels at call number `last`; 0: never */
};

static int tick(void *ctx)
{
	struct watch *w = ctx;

	return ++w->calls == w->last;
}

/* Bands leave no trace in the outputs, and every call can end the run. */
static void check_ticks(uint32_t workers)
{
	static int8_t x[1280];
	static float want[384], got[384];
	struct watch never = { 0 };
	struct dbp_builder b;
	struct dbp_run r;

	for (int i = 0; i < 1280; i++)
		x[i] = (int8_t)(i * 37);
	build(&b);
	assert_int_equal(dbp_run_open(&r, &b, workers), DBRT_OK);
	assert_int_equal(dbrt_set_input(&r.model, 0, x, sizeof(x)), DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_output_f32(&r.model, 0, want, 384), DBRT_OK);
	dbrt_set_tick(&r.model, tick, &never);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_output_f32(&r.model, 0, got, 384), DBRT_OK);
	assert_memory_equal(got, want, sizeof(want));
	/* 3 operators, and bands within them */
	assert_true(never.calls > 6);
	for (int n = 1; n <= never.calls; n++) {
		struct watch w = { 0, n };

		dbrt_set_tick(&r.model, tick, &w);
		assert_int_equal(dbrt_run(&r.model), DBRT_ERROR_CANCELLED);
		assert_int_equal(w.calls, n);
	}
	dbrt_set_tick(&r.model, NULL, NULL);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_output_f32(&r.model, 0, got, 384), DBRT_OK);
	assert_memory_equal(got, want, sizeof(want));
	dbp_run_close(&r);
}

static void test_tick(void **state)
{
	(void)state;
	check_ticks(1);
	assert_string_equal(dbrt_status_text(DBRT_ERROR_CANCELLED),
			    "cancelled");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_declared),
		cmocka_unit_test(test_computed),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_shared_arrays),
		cmocka_unit_test(test_tick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
