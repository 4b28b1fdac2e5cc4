/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes whose parts lie apart, anchors with a place, peaks of heat maps and key
 * points, worked out by hand; and heads of such parts that mean harm. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/dbrt.h"
#include "schemas/dbp.h"

#define NUMBERS 13 /* of a cell: box, size, score, two points of three */
#define CELLS 6    /* three columns, two rows */

/* One class, stride 10, in an input of 40 x 20. */
struct parts {
	struct dbp_head head;
	struct dbp_head_level level;
	float anchors[4];
	uint32_t name;
	struct dbp_head_level_more more;
};

static const struct dbrt_frame whole = { 1, 1, 0, 0, 40, 20, 40, 20 };

static struct parts parts_of(enum dbp_box_form form)
{
	return (struct parts){
		.head = { .kind = DBP_HEAD_DETECTOR,
			  .box_form = (uint8_t)form,
			  .class_count = 1,
			  .level_count = 1,
			  .anchor_count = 1,
			  .score_threshold = .5f,
			  .nms_iou = .5f,
			  .object_power = 1,
			  .class_power = 1,
			  .center_variance = 1,
			  .size_variance = 1,
			  .flags = DBP_HEAD_ANCHOR_CENTERS |
				   DBP_HEAD_MORE_PARTS,
			  .point_count = 2,
			  .point_fields = 3,
			  .point_form = DBP_POINT_ANCHOR,
			  .point_scale = 1 },
		.level = { .columns = 3,
			   .rows = 2,
			   .anchors = 1,
			   .first_anchor = DBP_NONE,
			   .stride_x = 10,
			   .stride_y = 10,
			   .box = { 0, 0, NUMBERS, 0, 1 },
			   .object = { .output = DBP_NONE },
			   .score = { 0, 6, NUMBERS, 0, 1 } },
		.anchors = { 3, 4, 8, 16 },
		.name = DBP_NONE,
		.more = { .size.output = DBP_NONE,
			  .points = { 0, 7, NUMBERS, 0, 1 } },
	};
}

static const uint32_t elements = NUMBERS * CELLS;

static int detect(const struct parts *s, const float *data,
		  struct dbrt_detection *out, uint32_t max)
{
	const struct dbrt_head_output o = { data, elements, elements };

	assert_int_equal(dbrt_head_check(&s->head, sizeof(*s), &elements, 1),
			 DBRT_OK);
	return dbrt_select(&s->head, &o, &whole, s->head.score_threshold,
			   s->head.nms_iou, out, max);
}

static void expect_box(const struct dbrt_detection *d, float x1, float y1,
		       float x2, float y2)
{
	assert_float_equal(d->x1, x1, 1e-4);
	assert_float_equal(d->y1, y1, 1e-4);
	assert_float_equal(d->x2, x2, 1e-4);
	assert_float_equal(d->y2, y2, 1e-4);
}

static void expect_points(const struct parts *s, const float *data,
			  const struct dbrt_frame *frame,
			  const struct dbrt_detection *d, const float want[4])
{
	const struct dbrt_head_output o = { data, elements, elements };
	float xy[5] = { 0, 0, 0, 0, -7 };

	assert_int_equal(dbrt_select_points(&s->head, &o, frame, d, xy, 2), 2);
	for (int i = 0; i < 4; i++)
		assert_float_equal(xy[i], want[i], 1e-4);
	assert_true(xy[4] == -7);
}

/* The numbers of cell 4: column 1, row 1. */
static float *cell_4(float data[NUMBERS * CELLS])
{
	static const float row[NUMBERS] = { .5f, .25f, 2, .5f, 1,   .5f, .9f,
					    .1f, .2f,  9, -1,  .5f, 8 };

	memset(data, 0, NUMBERS * CELLS * sizeof(*data));
	return memcpy(data + 4 * NUMBERS, row, sizeof(row));
}

static void test_offset(void **state)
{
	struct parts s = parts_of(DBP_BOX_OFFSET);
	float data[NUMBERS * CELLS];
	struct dbrt_detection d[2];

	(void)state;
	cell_4(data);
	assert_int_equal(detect(&s, data, d, 2), 1);
	/* the stride is the anchor: cx 15, cy 12.5, w 20, h 5 */
	expect_box(&d[0], 5, 10, 25, 15);
	expect_points(&s, data, &whole, &d[0], (float[]){ 11, 12, 0, 15 });
	/* the anchor's centre is 3, 4 from (10, 10), it is 8 x 16 */
	s.level.first_anchor = 0;
	assert_int_equal(detect(&s, data, d, 2), 1);
	/* cx 17, cy 18, w 16, h 8 */
	expect_box(&d[0], 9, 14, 25, 20);
	s.head.point_scale = .5f;
	expect_points(&s, data, &whole, &d[0],
		      (float[]){ 13.4f, 15.6f, 9, 18 });
	/* y before x: cx 13 + 2, cy 14 + 8, w 4, h 32 */
	s.head.flags |= DBP_HEAD_Y_FIRST;
	assert_int_equal(detect(&s, data, d, 2), 1);
	expect_box(&d[0], 13, 6, 17, 20);
	expect_points(&s, data, &whole, &d[0],
		      (float[]){ 13.8f, 14.8f, 15, 6 });
}

/* YOLOv3's, and with the range of 2 that is YOLOv5's centre. */
static void test_exponential(void **state)
{
	struct parts s = parts_of(DBP_BOX_EXPONENTIAL);
	float data[NUMBERS * CELLS], *cell = cell_4(data);
	struct dbrt_detection d[2];

	(void)state;
	s.level.first_anchor = 0;
	s.anchors[0] = s.anchors[1] = 0;
	cell[0] = 0;
	cell[1] = logf(3);
	cell[2] = logf(.5f);
	cell[3] = 0;
	s.head.box_act = DBP_ACT_SIGMOID;
	assert_int_equal(detect(&s, data, d, 2), 1);
	/* cx 15, cy 17.5, w 4, h 16 */
	expect_box(&d[0], 13, 9.5f, 17, 20);
	s.head.center_variance = 2;
	assert_int_equal(detect(&s, data, d, 2), 1);
	/* cx 10 + (1 - .5) * 10, cy 10 + (1.5 - .5) * 10 */
	expect_box(&d[0], 13, 12, 17, 20);
}

static void test_corner_offsets(void **state)
{
	struct parts s = parts_of(DBP_BOX_CORNER_OFFSETS);
	float data[NUMBERS * CELLS], *cell = cell_4(data);
	struct dbrt_detection d[2];

	(void)state;
	s.level.first_anchor = 0;
	cell[2] = .5f;
	cell[3] = -.5f;
	assert_int_equal(detect(&s, data, d, 2), 1);
	/* anchor from (9, 6) to (17, 22), moved by shares of 8 and 16 */
	expect_box(&d[0], 13, 10, 21, 14);
}

/* The size of the box in a part of its own: fields 4 and 5. */
static void test_size_apart(void **state)
{
	struct parts s = parts_of(DBP_BOX_OFFSET);
	float data[NUMBERS * CELLS];
	struct dbrt_detection d[2];

	(void)state;
	cell_4(data);
	s.more.size = (struct dbp_head_part){ 0, 4, NUMBERS, 0, 1 };
	assert_int_equal(detect(&s, data, d, 2), 1);
	/* cx 15, cy 12.5, w 10, h 5 */
	expect_box(&d[0], 10, 10, 20, 15);
	s.head.point_form = DBP_POINT_BOX;
	expect_points(&s, data, &whole, &d[0], (float[]){ 11, 11, 0, 12.5f });
}

static void test_point_forms(void **state)
{
	struct parts s = parts_of(DBP_BOX_OFFSET);
	/* a photo of 80 x 40 that begins 4 from the left */
	const struct dbrt_frame photo = { .5f, .5f, 4, 0, 40, 20, 80, 40 };
	float data[NUMBERS * CELLS];
	struct dbrt_detection d[2];

	(void)state;
	cell_4(data);
	s.head.point_form = DBP_POINT_DIRECT;
	assert_int_equal(detect(&s, data, d, 2), 1);
	expect_points(&s, data, &whole, &d[0], (float[]){ .1f, .2f, -1, .5f });
	s.head.normalized = 1;
	expect_points(&s, data, &whole, &d[0], (float[]){ 4, 4, -40, 10 });
	expect_points(&s, data, &photo, &d[0], (float[]){ 0, 8, -88, 20 });
	s.head.point_form = DBP_POINT_CELL;
	/* 10 + (2 * .1 - .5) * 10 */
	expect_points(&s, data, &whole, &d[0], (float[]){ 7, 9, -15, 15 });
}

/* Of scores around only the largest; equal ones both, far ones too. */
static void test_peaks(void **state)
{
	struct parts s = parts_of(DBP_BOX_OFFSET);
	float data[NUMBERS * CELLS] = { 0 };
	struct dbrt_detection d[6];

	(void)state;
	for (int i = 0; i < CELLS; i++) {
		data[i * NUMBERS + 2] = data[i * NUMBERS + 3] = .1f;
		data[i * NUMBERS] = data[i * NUMBERS + 1] = .5f;
		data[i * NUMBERS + 6] = .6f;
	}
	assert_int_equal(detect(&s, data, d, 6), 6);
	s.head.flags |= DBP_HEAD_PEAKS;
	assert_int_equal(detect(&s, data, d, 6), 6);
	data[0 * NUMBERS + 6] = .9f; /* column 0, row 0 */
	assert_int_equal(detect(&s, data, d, 6), 3);
	assert_int_equal(d[0].candidate, 0);
	assert_int_equal(d[1].candidate, 2);
	assert_int_equal(d[2].candidate, 5);
	data[4 * NUMBERS + 6] = NAN;
	assert_int_equal(detect(&s, data, d, 6), 3);
	data[4 * NUMBERS + 6] = INFINITY;
	assert_int_equal(detect(&s, data, d, 6), 1);
	assert_int_equal(d[0].candidate, 4);
}

/* What is not a number passes through; nothing is read outside. */
static void test_odd_points(void **state)
{
	const float odd[] = { NAN, INFINITY, -INFINITY, -1e30f, 1e30f, 0 };
	float data[NUMBERS * CELLS], xy[4];
	const struct dbrt_head_output o = { data, elements, elements };

	(void)state;
	for (int i = 0; i < NUMBERS * CELLS; i++)
		data[i] = odd[i * i % 6];
	for (int form = 0; form < DBP_POINT_FORMS; form++)
		for (int box = 0; box < DBP_BOX_FORMS; box++) {
			struct parts s = parts_of((enum dbp_box_form)box);
			struct dbrt_detection d = { .candidate = CELLS - 1 };

			s.head.point_form = (uint8_t)form;
			s.level.first_anchor = 0;
			assert_int_equal(dbrt_select_points(&s.head, &o, &whole,
							    &d, xy, 2),
					 2);
			d.candidate = CELLS;
			assert_int_equal(dbrt_select_points(&s.head, &o, &whole,
							    &d, xy, 2),
					 DBRT_ERROR_ARGUMENT);
		}
}

static void refuse(const struct parts *s)
{
	assert_int_equal(dbrt_head_check(&s->head, sizeof(*s), &elements, 1),
			 DBRT_ERROR_FORMAT);
}

static void test_bad(void **state)
{
	const struct parts good = parts_of(DBP_BOX_OFFSET);
	struct parts s = good;
	uint32_t few = elements - 1;

	(void)state;
	assert_int_equal(dbrt_head_check(&s.head, sizeof(s), &elements, 1),
			 DBRT_OK);
	assert_int_equal(dbrt_head_check(&s.head, sizeof(s), &few, 1),
			 DBRT_ERROR_FORMAT);
#define BAD(change) \
	s = good;   \
	change;     \
	refuse(&s)
	BAD(s.more.points.first = 8);
	BAD(s.more.points.field = 2);
	BAD(s.more.points.field = 0xfffffff0u);
	BAD(s.more.points.output = 1);
	BAD(s.more.points.output = DBP_NONE);
	BAD(s.more.size = s.more.points; s.more.size.first = 12);
	BAD(s.more.size = s.more.points; s.more.size.output = 1);
	BAD(s.more.size = s.more.points; s.head.box_form = DBP_BOX_DISTANCE;
	    s.head.bins = 2);
	BAD(s.head.point_count = 3);
	BAD(s.head.point_count = 255; s.head.point_fields = 255);
	BAD(s.head.point_count = 0);
	BAD(s.head.point_count = s.head.point_fields = s.head.point_form = 0;
	    s.head.point_scale = 0); /* but they have a place */
	BAD(s.head.point_fields = 1);
	BAD(s.head.point_form = DBP_POINT_FORMS);
	BAD(s.head.point_scale = INFINITY);
	BAD(s.head.flags &= (uint8_t)~DBP_HEAD_MORE_PARTS);
	BAD(s.head.flags &= (uint8_t)~DBP_HEAD_ANCHOR_CENTERS);
	BAD(s.head.flags |= DBP_HEAD_FLAGS + 1);
	BAD(s.head.anchor_count = 0x40000000);
	BAD(s.head.anchor_count = 2);
	BAD(s.anchors[3] = NAN);
	BAD(s.head.kind = DBP_HEAD_CLASSIFIER);
#undef BAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offset),
		cmocka_unit_test(test_exponential),
		cmocka_unit_test(test_corner_offsets),
		cmocka_unit_test(test_size_apart),
		cmocka_unit_test(test_point_forms),
		cmocka_unit_test(test_peaks),
		cmocka_unit_test(test_odd_points),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
