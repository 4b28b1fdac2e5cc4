/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "converter/measure/agreement.h"

#define PHOTOS 60
#define BOXES 4 /* a photo */

/* Photos with boxes of one score, and what a packed model finds of them. */
struct scene {
	struct dbrt_detection expected[PHOTOS][BOXES], found[PHOTOS][BOXES];
	struct agreement_photo photos[PHOTOS];
};

static void scene_init(struct scene *s, float score)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < PHOTOS; i++) {
		for (int k = 0; k < BOXES; k++) {
			float x = (float)(100 * k), y = (float)(7 * i);

			s->expected[i][k] = (struct dbrt_detection){
				x, y, x + 40, y + 60, score, (uint32_t)k % 2, 0
			};
			s->found[i][k] = s->expected[i][k];
		}
		s->photos[i] = (struct agreement_photo){
			.expected = s->expected[i],
			.found = s->found[i],
			.expected_count = BOXES,
			.found_count = BOXES,
			.same_class = true,
			.signal = 1,
		};
	}
}

static struct agreement of_boxes(const struct scene *s, int photos)
{
	struct agreement a;

	assert_int_equal(
		agreement_estimate(AGREEMENT_BOXES, s->photos, photos, 2, &a),
		0);
	return a;
}

/* 10 of 10 and 8 of 10, from tables of Wilson's interval. */
static void test_share(void **state)
{
	double low, high;

	(void)state;
	agreement_share_interval(1, 10, &low, &high);
	assert_true(fabs(low - .7225) < 1e-4 && high > .9999);
	agreement_share_interval(.8, 10, &low, &high);
	assert_true(fabs(low - .4902) < 1e-4 && fabs(high - .9433) < 1e-4);
	agreement_share_interval(1, 0, &low, &high);
	assert_true(low == 0 && high == 1);
}

/* Four boxes that all agree show little; many show much. */
static void test_few_boxes(void **state)
{
	struct agreement few, many;
	struct scene s;
	int needed;

	(void)state;
	scene_init(&s, 1);
	few = of_boxes(&s, 1);
	many = of_boxes(&s, PHOTOS);
	assert_true(few.value == 1 && many.value == 1);
	assert_true(few.low < .6 && few.high >= 1);
	assert_true(many.low > .97 && many.low < 1);
	assert_true(few.evidence == 4 && many.evidence == 4 * PHOTOS);
	needed = agreement_photos_needed(&few, .9);
	assert_true(needed > 5 && needed < 20);
	assert_true(of_boxes(&s, needed).low >= .9);
	assert_int_equal(agreement_photos_needed(&many, .9), PHOTOS);
	assert_int_equal(agreement_photos_needed(&many, 1), 0);
}

/* Half of the boxes are lost. */
static void test_lost(void **state)
{
	struct agreement a;
	struct scene s;

	(void)state;
	scene_init(&s, 1);
	for (int i = 0; i < PHOTOS; i++)
		s.photos[i].found_count = i % 2 ? 0 : BOXES;
	a = of_boxes(&s, PHOTOS);
	assert_true(a.value > .4 && a.value < .6);
	assert_true(a.low < .45 && a.low > .25 && a.high > .55 && a.high < .75);
	assert_int_equal(agreement_photos_needed(&a, .9), 0);
}

/* Boxes of low scores count, as far as they are likely to be true. */
static void test_scores(void **state)
{
	struct agreement low, high;
	struct scene s;

	(void)state;
	scene_init(&s, .9f);
	for (int i = 0; i < PHOTOS; i++)
		for (int k = 2; k < BOXES; k++)
			s.expected[i][k].score = s.found[i][k].score = .3f;
	for (int i = 0; i < PHOTOS; i++)
		s.photos[i].found_count = 2;
	low = of_boxes(&s, PHOTOS);
	for (int i = 0; i < PHOTOS; i++)
		s.photos[i].found = s.found[i] + 2;
	high = of_boxes(&s, PHOTOS);
	assert_true(low.value > .85 && low.value < 1);
	assert_true(high.value < .2);
}

/* A box that moves is not always found any more. */
static void test_moved(void **state)
{
	struct agreement near, far;
	struct scene s;

	(void)state;
	scene_init(&s, 1);
	for (int i = 0; i < PHOTOS; i++)
		s.found[i][0].x1 += 4;
	near = of_boxes(&s, PHOTOS);
	for (int i = 0; i < PHOTOS; i++)
		s.found[i][0].x1 += 16;
	far = of_boxes(&s, PHOTOS);
	assert_true(near.value <= 1 && near.value > .97);
	assert_true(far.value < near.value - .02);
}

static void test_classes(void **state)
{
	struct agreement a;
	struct scene s;

	(void)state;
	scene_init(&s, 1);
	for (int i = 0; i < PHOTOS; i += 10)
		s.photos[i].same_class = false;
	assert_int_equal(
		agreement_estimate(AGREEMENT_CLASSES, s.photos, PHOTOS, 0, &a),
		0);
	assert_true(fabs(a.value - .9) < 1e-9 && fabs(a.low - .7985) < 1e-3 &&
		    fabs(a.high - .9534) < 1e-3);
}

static void test_signal(void **state)
{
	struct agreement a, same;
	struct scene s;

	(void)state;
	scene_init(&s, 1);
	for (int i = 0; i < PHOTOS; i++)
		s.photos[i].noise = i % 2 ? .1 : .3;
	agreement_estimate(AGREEMENT_SIGNAL, s.photos, PHOTOS, 0, &a);
	agreement_estimate(AGREEMENT_SIGNAL, s.photos, PHOTOS, 0, &same);
	assert_true(fabs(a.value - .8) < 1e-9);
	assert_true(a.low < .79 && a.low > .75 && a.high > .81 && a.high < .85);
	assert_true(a.value == same.value && a.low == same.low &&
		    a.high == same.high);
}

static void test_nothing(void **state)
{
	struct agreement a;
	struct scene s;

	(void)state;
	scene_init(&s, 0);
	a = of_boxes(&s, PHOTOS);
	assert_true(isnan(a.value) && isnan(a.low) && isnan(a.high));
	a = of_boxes(&s, 0);
	assert_true(isnan(a.value));
	assert_int_equal(agreement_photos_needed(&a, .5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),  cmocka_unit_test(test_few_boxes),
		cmocka_unit_test(test_lost),   cmocka_unit_test(test_scores),
		cmocka_unit_test(test_moved),  cmocka_unit_test(test_classes),
		cmocka_unit_test(test_signal), cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
