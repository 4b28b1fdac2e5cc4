/* SPDX-License-Identifier: Apache-2.0 */
/* Each way to turn numbers into boxes and scores, worked out by hand; and
 * heads that mean harm. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/dbrt.h"
#include "schemas/dbp.h"

#define CLASSES 2

/* A grid of two columns and one row, stride 10, in an input of 40 x 20. */
struct small {
	struct dbp_head head;
	struct dbp_head_level level;
	float anchors[2];
	uint32_t names[CLASSES];
};

static const struct dbrt_frame whole = { 1, 1, 0, 0, 40, 20, 40, 20 };

/* One output: a row a cell, four box numbers, an object, two classes. */
static struct small small_of(enum dbp_box_form form)
{
	return (struct small){
		.head = { .kind = DBP_HEAD_DETECTOR,
			  .box_form = (uint8_t)form,
			  .class_count = CLASSES,
			  .level_count = 1,
			  .anchor_count = 1,
			  .score_threshold = .5f,
			  .nms_iou = .5f,
			  .object_power = 1,
			  .class_power = 1,
			  .center_variance = 1,
			  .size_variance = 1 },
		.level = { .columns = 2,
			   .rows = 1,
			   .anchors = 1,
			   .first_anchor = DBP_NONE,
			   .stride_x = 10,
			   .stride_y = 10,
			   .box = { 0, 0, 7, 0, 1 },
			   .object = { 0, 4, 7, 0, 1 },
			   .score = { 0, 5, 7, 0, 1 } },
		.names = { DBP_NONE, DBP_NONE },
	};
}

static int detect(const struct small *s, const float *data, uint32_t count,
		  struct dbrt_detection *out, uint32_t max)
{
	const struct dbrt_head_output o = { data, count, count };

	assert_int_equal(dbrt_head_check(&s->head, sizeof(*s), &count, 1),
			 DBRT_OK);
	return dbrt_select(&s->head, &o, &whole, s->head.score_threshold,
			   s->head.nms_iou, out, max);
}

static void expect(const struct dbrt_detection *d, float x1, float y1, float x2,
		   float y2, float score, uint32_t class_id)
{
	assert_float_equal(d->x1, x1, 1e-4);
	assert_float_equal(d->y1, y1, 1e-4);
	assert_float_equal(d->x2, x2, 1e-4);
	assert_float_equal(d->y2, y2, 1e-4);
	assert_float_equal(d->score, score, 1e-5);
	assert_int_equal(d->class_id, class_id);
}

/* Cell 1: x = (1 + .2) * 10, y = .5 * 10, w = 10 * e^0, h = 10 * 2. */
static void test_prior(void **state)
{
	struct small s = small_of(DBP_BOX_PRIOR);
	const float data[] = { 0,   0,   0, 0,       .1f, .9f, .9f,
			       .2f, .5f, 0, logf(2), .8f, .1f, .75f };
	struct dbrt_detection d[4];

	(void)state;
	assert_int_equal(detect(&s, data, 14, d, 4), 1);
	expect(&d[0], 7, 0, 17, 15, .6f, 1);
	/* SSD: the prior's size 4 x 8 at (1.5, .5) * 10, variances .1, .2 */
	s.level.first_anchor = 0;
	s.level.offset = .5f;
	s.anchors[0] = 4;
	s.anchors[1] = 8;
	s.head.center_variance = .1f;
	s.head.size_variance = .2f;
	assert_int_equal(detect(&s, data, 14, d, 4), 1);
	/* cx 15.08, cy 5.4, h 8 * 2^.2 = 9.18959 */
	expect(&d[0], 13.08f, .805206f, 17.08f, 9.994794f, .6f, 1);
}

static void test_distance(void **state)
{
	struct small s = small_of(DBP_BOX_DISTANCE);
	float data[] = { 0,   0,   0,   0,   0, 0,   0, /* object 0 */
			 .5f, .2f, .7f, .3f, 1, .6f, 0 };
	float bins[2 * 11] = { 0 };
	struct dbrt_detection d[4];

	(void)state;
	s.level.offset = .5f;
	assert_int_equal(detect(&s, data, 14, d, 4), 1);
	expect(&d[0], 10, 3, 22, 8, .6f, 0);
	/* two bins: sigmoid of their difference; log 3 gives 3/4 */
	s.head.bins = 2;
	s.level.box = (struct dbp_head_part){ 0, 0, 11, 0, 1 };
	s.level.object = (struct dbp_head_part){ 0, 8, 11, 0, 1 };
	s.level.score = (struct dbp_head_part){ 0, 9, 11, 0, 1 };
	bins[11 + 1] = logf(3);
	bins[11 + 8] = 1;
	bins[11 + 10] = .9f;
	assert_int_equal(detect(&s, bins, 22, d, 4), 1);
	expect(&d[0], 7.5f, 0, 20, 10, .9f, 1);
}

/* Activations still to be taken: sigmoid(0) is .5, of log 3 it is .75. */
static void test_square(void **state)
{
	struct small s = small_of(DBP_BOX_SQUARE);
	const float data[] = { 0, 0,       0, 0,       -9,      9, 9,
			       0, logf(3), 0, logf(3), logf(3), 9, logf(3) };
	struct dbrt_detection d[4];

	(void)state;
	s.head.box_act = s.head.object_act = s.head.class_act = DBP_ACT_SIGMOID;
	s.level.first_anchor = 0;
	s.anchors[0] = 6;
	s.anchors[1] = 4;
	assert_int_equal(detect(&s, data, 14, d, 4), 2);
	/* cx 10 + 5, cy 10, w 6, h 4 * 1.5^2 = 9 */
	expect(&d[0], 12, 5.5f, 18, 14.5f, .75f * .9998766f, 0);
	expect(&d[1], 12, 5.5f, 18, 14.5f, .5625f, 1);
}

static void test_tanh(void **state)
{
	struct small s = small_of(DBP_BOX_TANH);
	const float data[] = { 0,           0, 0, 0,       0,    .9f, .1f,
			       atanhf(.5f), 0, 0, logf(3), .25f, 1,   0 };
	struct dbrt_detection d[4];

	(void)state;
	s.head.object_power = .5f;
	s.head.class_power = 2;
	assert_int_equal(detect(&s, data, 14, d, 4), 1);
	/* cx 15, cy 0, w 40 / 2, h 20 * 3/4; score .25^.5 * 1 */
	expect(&d[0], 5, 0, 25, 7.5f, .5f, 0);
}

/* Softmax over three classes, the first of which is nothing. */
static void test_softmax(void **state)
{
	struct small s = small_of(DBP_BOX_CORNERS);
	const float data[] = { .1f, .2f, .3f, .4f, 0, logf(6), 0,
			       0,   0,   1,   1,   9, 0,       0 };
	struct dbrt_detection d[4];

	(void)state;
	s.head.normalized = 1;
	s.head.class_act = DBP_ACT_SOFTMAX;
	s.head.background = 1;
	s.level.object.output = DBP_NONE;
	s.level.score.first = 5;
	s.head.class_count = 2;
	assert_int_equal(detect(&s, data, 14, d, 4), 1);
	expect(&d[0], 0, 0, 40, 20, .5f, 0); /* 0 against 0 */
	s.head.score_threshold = .1f;
	assert_int_equal(detect(&s, data, 14, d, 4), 2);
	expect(&d[1], 4, 4, 12, 8, 1 / 7.0f, 0);
}

/* What is not a number or has no area is left out, whatever the form. */
static void test_odd_numbers(void **state)
{
	const float odd[] = { NAN, INFINITY, -INFINITY, -1e30f, 1e30f, 0 };
	struct dbrt_detection d[4];
	float data[14];

	(void)state;
	for (int form = 0; form < DBP_BOX_FORMS; form++)
		for (uint32_t i = 0; i < 6 * 6 * 6 * 6; i++) {
			struct small s = small_of((enum dbp_box_form)form);
			int n;

			for (uint32_t k = 0; k < 14; k++)
				data[k] = odd[(i >> (k % 4)) % 6];
			data[4] = data[5] = odd[i % 6];
			data[11] = data[12] = 1;
			n = detect(&s, data, 14, d, 4);
			assert_in_range(n, 0, 4);
			while (n-- > 0)
				assert_true(d[n].x2 > d[n].x1 &&
					    d[n].y2 > d[n].y1 && d[n].x1 >= 0 &&
					    d[n].x2 <= 40 && d[n].score >= .5f);
		}
}

/*
 * A million boxes that all overlap, each better than all before: the memory
 * is the result's alone, and every pass keeps one more at least.
 */
static void test_a_million(void **state)
{
	const uint32_t count = 1000000;
	struct small s = small_of(DBP_BOX_CORNERS);
	float *data = calloc(count, 7 * sizeof(float));
	struct dbrt_detection d[8];

	(void)state;
	assert_non_null(data);
	s.level.columns = count;
	for (uint32_t i = 0; i < count; i++) {
		float *row = data + 7 * (size_t)i;

		row[2] = 30 + (float)(i % 64) / 64;
		row[3] = 10;
		row[4] = 1;
		row[5] = .5f + .4f * (float)i / (float)count;
	}
	assert_int_equal(detect(&s, data, 7 * count, d, 8), 1);
	expect(&d[0], 0, 0, 30 + 63 / 64.0f, 10, .9f, 0);
	free(data);
}

static void refuse(const struct small *s, uint32_t count)
{
	assert_int_equal(dbrt_head_check(&s->head, sizeof(*s), &count, 1),
			 DBRT_ERROR_FORMAT);
}

/* One element further than the output has, in every field that counts. */
static void test_bounds(void **state)
{
	const struct small good = small_of(DBP_BOX_PRIOR);
	struct small s = good;
	uint32_t count = 14;

	(void)state;
	assert_int_equal(dbrt_head_check(&s.head, sizeof(s), &count, 1),
			 DBRT_OK);
	refuse(&s, 13);
	refuse(&s, 0);
#define BAD(change) \
	s = good;   \
	change;     \
	refuse(&s, 14)
	BAD(s.level.box.first = 4);
	BAD(s.level.box.cell = 11);
	BAD(s.level.box.field = 3);
	BAD(s.level.object.first = 7);
	BAD(s.level.object.output = 1);
	BAD(s.level.score.first = 6);
	BAD(s.level.score.field = 0xfffffff0u);
	BAD(s.level.columns = 3);
	BAD(s.level.rows = 2);
	BAD(s.level.columns = s.level.rows = 0x10000);
	BAD(s.level.columns = s.level.rows = 0xffffffff);
	BAD(s.level.anchors = 2; s.level.box.anchor = 7);
	BAD(s.level.first_anchor = 1);
	BAD(s.level.first_anchor = 0xfffffffe);
	BAD(s.level.stride_x = NAN);
	BAD(s.level.offset = INFINITY);
	BAD(s.anchors[1] = NAN);
	BAD(s.head.bins = 65);
#undef BAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prior),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_square),
		cmocka_unit_test(test_tanh),
		cmocka_unit_test(test_softmax),
		cmocka_unit_test(test_odd_numbers),
		cmocka_unit_test(test_a_million),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
