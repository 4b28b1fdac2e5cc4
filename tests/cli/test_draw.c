/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes, key points and labels on a photo: where they are, and that they do not
 * hide each other. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/draw.h"

#define WIDTH 200
#define HEIGHT 120

static uint8_t pixels[WIDTH * HEIGHT * 3];

static struct image black_photo(void)
{
	memset(pixels, 0, sizeof(pixels));
	return (struct image){ .width = WIDTH,
			       .height = HEIGHT,
			       .pixels = pixels };
}

static bool is_drawn(int x, int y)
{
	const uint8_t *p = pixels + 3 * (y * WIDTH + x);

	return p[0] || p[1] || p[2];
}

/* Drawn pixels in [x0, x1) x [y0, y1). */
static int drawn_in(int x0, int y0, int x1, int y1)
{
	int n = 0;

	for (int y = y0; y < y1; y++)
		for (int x = x0; x < x1; x++)
			n += is_drawn(x, y);
	return n;
}

static struct draw_item item_of(float x1, float y1, float x2, float y2,
				const char *label)
{
	return (struct draw_item){ .box = { x1, y1, x2, y2, .9f, 0, 0 },
				   .label = label };
}

static void test_box_and_points(void **state)
{
	struct image img = black_photo();
	const float points[] = { 50, 60, NAN, 3, -5, 2, 1e30f, 7 };
	struct draw_item item = item_of(40, 50, 60, 70, "");

	(void)state;
	item.points = points;
	item.point_count = 4;
	draw_detections(&img, &item, 1);
	assert_true(is_drawn(40, 50) && is_drawn(60, 70) && is_drawn(50, 50));
	assert_true(is_drawn(50, 60));
	/* a frame of one pixel and the one point that is in the photo */
	assert_int_equal(drawn_in(0, 0, WIDTH, HEIGHT), 4 * 20 + 4);
}

/* Above its box there is room, below the photo's edge is none. */
static void test_label_above(void **state)
{
	struct image img = black_photo();
	struct draw_item item = item_of(40, 50, 90, 119, "a");

	(void)state;
	draw_detections(&img, &item, 1);
	assert_true(drawn_in(40, 43, 45, 50) > 10);
	assert_int_equal(drawn_in(0, 0, WIDTH, 43), 0);
}

/* The box above is left free: the label goes below. */
static void test_label_below(void **state)
{
	struct image img = black_photo();
	const struct draw_item list[] = {
		item_of(40, 50, 90, 80, "a"),
		item_of(40, 10, 90, 49, ""),
	};

	(void)state;
	draw_detections(&img, list, 2);
	assert_int_equal(drawn_in(42, 42, 89, 48), 0);
	assert_true(drawn_in(40, 81, 45, 88) > 10);
}

/* Many boxes at one place: as many labels as have room, none on another. */
static void test_crowd(void **state)
{
	struct image img = black_photo();
	struct draw_item list[40];
	int before;

	(void)state;
	for (int i = 0; i < 40; i++)
		list[i] = item_of(80, 50, 110, 70, "face 0.90");
	draw_detections(&img, list, 1);
	before = drawn_in(80, 43, 120, 50);
	img = black_photo();
	draw_detections(&img, list, 40);
	/* the first label is as it is alone */
	assert_int_equal(drawn_in(80, 43, 117, 50), before);
}

static void test_odd_boxes(void **state)
{
	struct image img = black_photo();
	const struct draw_item list[] = {
		item_of(NAN, NAN, NAN, NAN, "a"),
		item_of(-1e30f, -1e30f, 1e30f, 1e30f, "b"),
		item_of(199, 119, 199, 119,
			"a label that is far too long for "
			"the photo it stands in, by far"),
	};

	(void)state;
	draw_detections(&img, list, 3);
	assert_true(is_drawn(0, 0) && is_drawn(WIDTH - 1, HEIGHT - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_box_and_points),
		cmocka_unit_test(test_label_above),
		cmocka_unit_test(test_label_below),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_odd_boxes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
