/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise operators on codes, over seeded random shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/int_op.h"

#define MAX_CHANNELS 12

static struct int_op op; /* too large for the stack */

static int64_t add_reference(const struct int_op *t, const uint32_t *index)
{
	const struct dbp_add *p = &t->p.add;
	int64_t a = int_op_at(&t->in[0], index, t->out.rank) - t->in[0].zero;
	int64_t b = int_op_at(&t->in[1], index, t->out.rank) - t->in[1].zero;
	int64_t q = int_op_round_shift(
		a * p->multiplier_a + b * p->multiplier_b, p->shift);

	return int_op_clamped(q + t->out.zero, p->clamp_min, p->clamp_max);
}

static int64_t add_channels_reference(const struct int_op *t,
				      const uint32_t *index)
{
	const struct dbp_add_channels *p = &t->p.add_channels;
	const int16_t *m = (const int16_t *)t->data +
			   (ptrdiff_t)2 * index[t->out.rank - 1];
	int64_t a = int_op_at(&t->in[0], index, t->out.rank) - t->in[0].zero;
	int64_t b = int_op_at(&t->in[1], index, t->out.rank) - t->in[1].zero;
	int64_t q = int_op_round_shift(a * m[0] + b * m[1], p->shift);

	return int_op_clamped(q + t->out.zero, p->clamp_min, p->clamp_max);
}

static int64_t mul_reference(const struct int_op *t, const uint32_t *index)
{
	const struct dbp_mul *p = &t->p.mul;
	int64_t a = int_op_at(&t->in[0], index, t->out.rank) - t->in[0].zero;
	int64_t b = int_op_at(&t->in[1], index, t->out.rank) - t->in[1].zero;
	int64_t q = int_op_round_shift(a * b * p->multiplier, p->shift);

	return int_op_clamped(q + t->out.zero, p->clamp_min, p->clamp_max);
}

static void start_pair(struct int_op *t, int kind)
{
	memset(t, 0, sizeof(*t));
	t->kind = kind;
	t->input_count = 2;
	int_op_pick_dims(&t->out, (uint32_t)int_op_pick(1, 5), 5);
	for (int i = 0; i < 2; i++) {
		int_op_pick_broadcast(&t->in[i], &t->out);
		int_op_fill(&t->in[i], DBP_S8, int_op_pick(-128, 127));
	}
	int_op_fill(&t->out, DBP_S8, int_op_pick(-128, 127));
}

static void test_add(void **state)
{
	(void)state;
	int_op_seed = 1;
	for (int i = 0; i < 300; i++) {
		start_pair(&op, DBP_OP_ADD);
		op.p.add = (struct dbp_add){ int_op_pick(-60000, 60000),
					     int_op_pick(-60000, 60000),
					     (uint8_t)int_op_pick(1, 24),
					     (int8_t)int_op_pick(-128, 0),
					     (int8_t)int_op_pick(0, 127),
					     0 };
		op.params_bytes = sizeof(op.p.add);
		int_op_check(&op, add_reference);
	}
}

static void start_add_channels(struct int_op *t, int16_t *multipliers)
{
	memset(t, 0, sizeof(*t));
	t->kind = DBP_OP_ADD_CHANNELS;
	t->input_count = 2;
	int_op_pick_dims(&t->out, (uint32_t)int_op_pick(1, 5), 5);
	t->out.dims[t->out.rank - 1] = (uint32_t)int_op_pick(1, MAX_CHANNELS);
	for (int i = 0; i < 2; i++) {
		t->in[i].rank = t->out.rank;
		memcpy(t->in[i].dims, t->out.dims, sizeof(t->out.dims));
		int_op_fill(&t->in[i], DBP_S8, int_op_pick(-128, 127));
	}
	int_op_fill(&t->out, DBP_S8, int_op_pick(-128, 127));
	for (uint32_t i = 0; i < 2 * t->out.dims[t->out.rank - 1]; i++)
		multipliers[i] = (int16_t)int_op_pick(-32768, 32767);
	t->data = multipliers;
	t->data_bytes = 4 * t->out.dims[t->out.rank - 1];
	t->data_at = &t->p.add_channels.multipliers;
	t->params_bytes = sizeof(t->p.add_channels);
}

static void test_add_channels(void **state)
{
	int16_t multipliers[2 * MAX_CHANNELS];

	(void)state;
	int_op_seed = 5;
	for (int i = 0; i < 300; i++) {
		start_add_channels(&op, multipliers);
		op.p.add_channels.shift = (uint8_t)int_op_pick(1, 24);
		op.p.add_channels.clamp_min = (int8_t)int_op_pick(-128, 0);
		op.p.add_channels.clamp_max = (int8_t)int_op_pick(0, 127);
		int_op_check(&op, add_channels_reference);
	}
}

static void check_refused(struct int_op *t)
{
	struct dbp_run r;

	assert_int_equal(int_op_open(t, &r), DBRT_ERROR_FORMAT);
	dbp_run_close(&r);
}

static void test_add_channels_refused(void **state)
{
	int16_t multipliers[2 * MAX_CHANNELS];
	const struct dbp_add_channels wrong[] = {
		{ .shift = 0 }, { .shift = 25 }, { .shift = 8, .clamp_min = 1 }
	};

	(void)state;
	int_op_seed = 6;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		start_add_channels(&op, multipliers);
		op.p.add_channels = wrong[i];
		check_refused(&op);
	}
	/* a pair is missing; an input has a channel more */
	start_add_channels(&op, multipliers);
	op.p.add_channels.shift = 8;
	op.data_bytes -= 4;
	check_refused(&op);
	start_add_channels(&op, multipliers);
	op.p.add_channels.shift = 8;
	op.in[1].dims[op.in[1].rank - 1]++;
	check_refused(&op);
}

static void test_mul(void **state)
{
	(void)state;
	int_op_seed = 2;
	for (int i = 0; i < 300; i++) {
		start_pair(&op, DBP_OP_MUL);
		op.p.mul =
			(struct dbp_mul){ (uint32_t)int_op_pick(32768, 65535),
					  (uint8_t)int_op_pick(15, 30),
					  (int8_t)int_op_pick(-128, 0),
					  (int8_t)int_op_pick(0, 127), 0 };
		op.params_bytes = sizeof(op.p.mul);
		int_op_check(&op, mul_reference);
	}
}

static int64_t rescale_reference(const struct int_op *t, const uint32_t *index)
{
	int64_t a = int_op_at(&t->in[0], index, t->out.rank) - t->in[0].zero;

	return int_op_clamped(int_op_round_shift(a * t->p.rescale.multiplier,
						 (int)t->p.rescale.shift) +
				      t->out.zero,
			      -128, 127);
}

static void start_unary(struct int_op *t, int kind)
{
	memset(t, 0, sizeof(*t));
	t->kind = kind;
	t->input_count = 1;
	int_op_pick_dims(&t->out, (uint32_t)int_op_pick(1, 5), 6);
	t->in[0].rank = t->out.rank;
	memcpy(t->in[0].dims, t->out.dims, sizeof(t->out.dims));
	int_op_fill(&t->in[0], DBP_S8, int_op_pick(-128, 127));
	int_op_fill(&t->out, DBP_S8, int_op_pick(-128, 127));
}

static void test_rescale(void **state)
{
	(void)state;
	int_op_seed = 3;
	for (int i = 0; i < 200; i++) {
		start_unary(&op, DBP_OP_RESCALE);
		op.p.rescale = (struct dbp_rescale){
			(uint32_t)int_op_pick(32768, 65535),
			(uint32_t)int_op_pick(12, 20)
		};
		op.params_bytes = sizeof(op.p.rescale);
		int_op_check(&op, rescale_reference);
	}
}

static int64_t table_reference(const struct int_op *t, const uint32_t *index)
{
	return ((const int8_t *)t
			->data)[128 + int_op_at(&t->in[0], index, t->out.rank)];
}

static void test_table(void **state)
{
	int8_t table[256];

	(void)state;
	int_op_seed = 4;
	for (int i = 0; i < 100; i++) {
		start_unary(&op, DBP_OP_TABLE);
		for (int k = 0; k < 256; k++)
			table[k] = (int8_t)int_op_pick(-128, 127);
		op.data = table;
		op.data_bytes = sizeof(table);
		op.data_at = &op.p.table.table;
		op.params_bytes = sizeof(op.p.table);
		int_op_check(&op, table_reference);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_channels),
		cmocka_unit_test(test_add_channels_refused),
		cmocka_unit_test(test_mul),
		cmocka_unit_test(test_rescale),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
