/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "converter/measure/slice_measure.h"

#define AT(x, side) .x1 = (x), .y1 = 0, .x2 = (x) + (side), .y2 = (side)

/* Photo 0: a small and a large thing of class 0, one of class 1; the large one
 * and that of class 1 are found, and one that is not there. Photo 1: nothing,
 * but a weak and a large detection. Photo 2 was not run. */
static struct ap_truth truth[] = {
	{ AT(0, 10), .class_id = 0 },
	{ AT(100, 50), .class_id = 0 },
	{ AT(200, 20), .class_id = 1 },
};
static struct dbrt_detection on_first[] = {
	{ AT(100, 50), .score = .9f, .class_id = 0 },
	{ AT(200, 20), .score = .8f, .class_id = 1 },
	{ AT(300, 10), .score = .7f, .class_id = 0 },
	{ AT(0, 10), .score = .2f, .class_id = 0 },
};
static struct dbrt_detection on_second[] = {
	{ AT(0, 60), .score = .6f, .class_id = 0 },
	{ AT(80, 10), .score = .1f, .class_id = 0 },
};
static struct photo_result photos[] = {
	{ .counts = true,
	  .truth = truth,
	  .truth_count = 3,
	  .found = on_first,
	  .found_count = 4 },
	{ .counts = true, .found = on_second, .found_count = 2 },
	{ .found = on_second, .found_count = 2 },
};
static const struct photo_results boxes = { .photos = photos,
					    .count = 3,
					    .is_boxes = true,
					    .threshold = .5f,
					    .class_count = 2 };
static const int all[] = { 0, 1, 2 };

static bool is_small(void *ctx, const struct photo_result *p,
		     const struct ap_truth *t)
{
	(void)ctx;
	(void)p;
	return t->x2 - t->x1 < 32;
}

static bool is_small_too(void *ctx, const struct dbrt_detection *d)
{
	(void)ctx;
	return d->x2 - d->x1 < 32;
}

static void test_boxes(void **state)
{
	const struct slice s = { .photos = all, .photo_count = 3 };
	struct slice_counts c;
	int missed, wrong;

	(void)state;
	assert_int_equal(slice_measure(&boxes, &s, &c), 0);
	assert_int_equal(c.photos, 2);
	assert_int_equal(c.truths, 3);
	assert_int_equal(c.hits, 2);
	assert_int_equal(c.found, 4);
	assert_int_equal(c.empties, 1);
	assert_int_equal(c.alarms, 1);
	assert_false(c.hit_list[0]);
	assert_true(c.hit_list[1] && c.hit_list[2]);
	slice_counts_free(&c);
	assert_int_equal(slice_photo_errors(&boxes, &s, 0, &missed, &wrong), 0);
	assert_int_equal(missed, 1);
	assert_int_equal(wrong, 1);
}

/* Others are neither found nor missed, nor false alarms by their size. */
static void test_choice(void **state)
{
	const bool first_class[] = { true, false };
	const struct slice s = { .photos = all,
				 .photo_count = 3,
				 .classes = first_class,
				 .box = is_small,
				 .alarm = is_small_too };
	struct slice_counts c;

	(void)state;
	assert_int_equal(slice_measure(&boxes, &s, &c), 0);
	assert_int_equal(c.truths, 1);
	assert_int_equal(c.hits, 0);
	assert_int_equal(c.found, 1);
	assert_int_equal(c.empties, 1);
	assert_int_equal(c.alarms, 0);
	slice_counts_free(&c);
}

static void test_empty(void **state)
{
	const struct slice s = { .photos = all,
				 .photo_count = 2,
				 .empty = true };
	struct slice_counts c;

	(void)state;
	assert_int_equal(slice_measure(&boxes, &s, &c), 0);
	assert_int_equal(c.truths, 0);
	assert_int_equal(c.empties, 2);
	assert_int_equal(c.alarms, 2);
	slice_counts_free(&c);
}

static void test_classes(void **state)
{
	/* right, wrong, below the threshold */
	struct photo_result given[] = {
		{ .counts = true, .label_class = 1, .class_id = 1, .score = 1 },
		{ .counts = true, .label_class = 0, .class_id = 1, .score = 1 },
		{ .counts = true, .label_class = 1, .class_id = 1, .score = 0 },
	};
	const struct photo_results r = {
		.photos = given, .count = 3, .threshold = .5f, .class_count = 2
	};
	const bool second_class[] = { false, true };
	const struct slice s = { .photos = all,
				 .photo_count = 3,
				 .classes = second_class };
	struct slice_counts c;

	(void)state;
	assert_int_equal(slice_measure(&r, &s, &c), 0);
	assert_int_equal(c.labelled, 3);
	assert_int_equal(c.right, 1);
	assert_int_equal(c.truths, 2);
	assert_int_equal(c.hits, 1);
	assert_int_equal(c.found, 2);
	assert_int_equal(c.empties, 1);
	assert_int_equal(c.alarms, 1);
	slice_counts_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boxes),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
