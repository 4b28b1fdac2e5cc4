/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convolutions of the device against the sums that schemas/dbp.md writes
 * down: exactly equal, over seeded random shapes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/random_conv.h"

static void run_random(int kind, int count, uint32_t seed)
{
	struct conv_setup *s = malloc(sizeof(*s));

	assert_non_null(s);
	conv_seed(seed);
	for (int i = 0; i < count; i++) {
		conv_pick_setup(s, kind);
		conv_check(s);
	}
	free(s);
}

static void test_conv(void **state)
{
	(void)state;
	run_random(DBP_OP_CONV, 600, 20261);
}

static void test_conv_transpose(void **state)
{
	(void)state;
	run_random(DBP_OP_CONV_TRANSPOSE, 300, 20262);
}

/* 1x1 over whole tiles of channels, which reads the input in place. */
static void test_direct(void **state)
{
	struct conv_setup *s = malloc(sizeof(*s));

	(void)state;
	assert_non_null(s);
	conv_seed(20263);
	for (int i = 0; i < 60; i++) {
		do
			conv_pick_setup(s, DBP_OP_CONV);
		while (s->p.depthwise);
		s->p.kernel_h = s->p.kernel_w = 1;
		s->p.stride_h = s->p.stride_w = 1;
		s->p.pad_top = s->p.pad_left = 0;
		s->p.groups = 1;
		s->in[3] = 16 * (uint32_t)conv_pick(1, 4);
		s->out[1] = s->in[1];
		s->out[2] = s->in[2];
		s->out[3] = (uint32_t)conv_pick(1, 20);
		conv_pick_arrays(s);
		conv_check(s);
	}
	free(s);
}

/* The largest sums there are: every code at its end. */
static void test_largest_sums(void **state)
{
	struct conv_setup *s = calloc(1, sizeof(*s));

	(void)state;
	assert_non_null(s);
	for (int i = 0; i < 4; i++) {
		int8_t code = i & 1 ? -128 : 127, x = i & 2 ? -128 : 127;

		*s = (struct conv_setup){ .kind = DBP_OP_CONV,
					  .in = { 1, 3, 3, 1088 },
					  .out = { 1, 1, 1, 4 },
					  .workers = 1 };
		s->p = (struct dbp_conv){ .kernel_h = 3,
					  .kernel_w = 3,
					  .stride_h = 1,
					  .stride_w = 1,
					  .dilation_h = 1,
					  .dilation_w = 1,
					  .groups = 1,
					  .weight_bits = 8,
					  .post = DBP_POST_FLOAT };
		memset(s->codes, code, 4 * conv_window(s));
		memset(s->x, x, conv_cells(s->in));
		for (int o = 0; o < 4; o++) {
			s->bias[o] = o & 1 ? -(1 << 30) : 1 << 30;
			s->scale[o] = 1;
		}
		conv_check(s);
	}
	free(s);
}

/* ---- What is refused ---- */

static int status_of(struct conv_setup *s)
{
	struct dbp_run r;
	int status = conv_open(&r, s);

	dbp_run_close(&r);
	return status;
}

static void test_refused(void **state)
{
	struct conv_setup *s = malloc(sizeof(*s));
	struct dbp_conv kept;

	(void)state;
	assert_non_null(s);
	conv_seed(20264);
	for (int i = 0; i < 40; i++) {
		do
			conv_pick_setup(s, DBP_OP_CONV);
		while (s->p.post != (i % 2 ? DBP_POST_TABLE : DBP_POST_TABLES));
		kept = s->p;
		assert_int_equal(status_of(s), DBRT_OK);
		s->missing = 16;
		assert_int_equal(status_of(s), DBRT_ERROR_FORMAT);
		s->missing = 0;
		s->p.inner_extra = 3;
		assert_int_equal(status_of(s), DBRT_ERROR_FORMAT);
		s->p.inner_extra = 1;
		s->p.post = DBP_POST_CLAMP;
		assert_int_equal(status_of(s), DBRT_ERROR_FORMAT);
		s->p = kept;
		s->p.post = DBP_POST_TABLES + 1;
		assert_int_equal(status_of(s), DBRT_ERROR_FORMAT);
	}
	free(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conv),
		cmocka_unit_test(test_conv_transpose),
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_largest_sums),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
