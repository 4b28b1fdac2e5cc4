/* SPDX-License-Identifier: Apache-2.0 */
/* Average precision: cases worked out by hand, and figures of COCO's own
 * evaluator. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "converter/measure/detection_ap.h"

static struct ap_truth truth_at(float x, float y, bool ignore)
{
	return (struct ap_truth){
		.x1 = x, .y1 = y, .x2 = x + 10, .y2 = y + 10, .ignore = ignore
	};
}

static struct dbrt_detection found_at(float x, float y, float score)
{
	return (struct dbrt_detection){ x, y, x + 10, y + 10, score, 0, 0 };
}

static struct ap_result one_photo(const struct ap_truth *truth, int truths,
				  const struct dbrt_detection *found, int count,
				  int most)
{
	struct ap *a = ap_new(1);
	struct ap_result r;

	assert_non_null(a);
	assert_int_equal(ap_add(a, truth, truths, found, count, most), 0);
	ap_class(a, 0, .5f, &r);
	ap_free(a);
	return r;
}

#define NEAR(x, y) assert_true(fabs((x) - (y)) < 1e-12)

/*
 * Two boxes; found: one exactly (.9), nothing (.8), the other moved by 2 of
 * 10 (.4: an overlap of 8 / 12). Precisions 1, 1/2, 2/3 at recalls 1/2, 1/2,
 * 1: 51 recalls at 1 and 50 at 2/3. From .7 on, the third is wrong: 51 at 1.
 */
static void test_by_hand(void **state)
{
	const struct ap_truth truth[] = { truth_at(0, 0, false),
					  truth_at(50, 0, false) };
	const struct dbrt_detection found[] = { found_at(52, 0, .4f),
						found_at(0, 0, .9f),
						found_at(80, 80, .8f) };
	struct ap_result r = one_photo(truth, 2, found, 3, 0);

	(void)state;
	assert_int_equal(r.truths, 2);
	NEAR(r.ap50, (51 + 50 * 2 / 3.0) / 101);
	NEAR(r.ap, (4 * (51 + 50 * 2 / 3.0) + 6 * 51) / 1010);
	NEAR(r.precision, .5); /* .9 and .8 are over the threshold */
	NEAR(r.recall, .5);
	NEAR(r.f1, .5);
}

/* The second on one box is wrong, however well it fits. */
static void test_duplicates(void **state)
{
	const struct ap_truth truth[] = { truth_at(0, 0, false) };
	const struct dbrt_detection found[] = { found_at(0, 0, .8f),
						found_at(1, 0, .9f) };
	struct ap_result r = one_photo(truth, 1, found, 2, 0);

	(void)state;
	NEAR(r.ap50, 1);
	NEAR(r.precision, .5);
	/* .9 overlaps 9 / 11 = .82: from .85 on, the exact one counts */
	NEAR(r.ap, (7 + 3 * .5) / 10);
}

/* What lies in a crowd counts neither way, any number of times. */
static void test_ignored(void **state)
{
	struct ap_truth truth[] = { truth_at(0, 0, true),
				    truth_at(100, 0, false) };
	const struct dbrt_detection found[] = { found_at(1, 1, .9f),
						found_at(2, 2, .8f),
						found_at(100, 0, .7f) };
	struct ap_result r;

	(void)state;
	truth[0].x2 = truth[0].y2 = 60;
	r = one_photo(truth, 2, found, 3, 0);
	assert_int_equal(r.truths, 1);
	NEAR(r.ap, 1);
	NEAR(r.precision, 1);
	NEAR(r.recall, 1);
}

static void test_nothing(void **state)
{
	const struct ap_truth truth[] = { truth_at(0, 0, false) };
	const struct dbrt_detection found[] = { found_at(0, 0, .9f) };
	struct ap_result r = one_photo(truth, 1, NULL, 0, 0);
	struct ap *a = ap_new(3);

	(void)state;
	NEAR(r.ap, 0);
	assert_true(isnan(r.precision));
	NEAR(r.recall, 0);
	NEAR(r.f1, 0);
	r = one_photo(NULL, 0, found, 1, 0);
	assert_int_equal(r.truths, 0);
	assert_true(isnan(r.ap) && isnan(r.ap50) && isnan(r.recall));
	NEAR(r.precision, 0);
	NEAR(r.f1, 0);
	ap_total(a, .5f, &r);
	assert_true(isnan(r.ap) && isnan(r.ap50) && isnan(r.f1));
	assert_false(ap_class(a, 0, .5f, &r));
	assert_false(ap_class(a, 7, .5f, &r));
	ap_free(a);
}

/* ---- COCO's own evaluator (cocoapi, cocoeval.py) on random photos ---- */

static uint32_t below(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 16) % n;
}

static float at_least(int x, int least)
{
	return (float)(x > least ? x : least);
}

struct photo {
	struct ap_truth truth[8];
	struct dbrt_detection found[32];
	int truths, founds;
};

static void add_found(struct photo *p, int x, int y, int w, int h,
		      uint32_t class_id, uint32_t score)
{
	p->found[p->founds++] =
		(struct dbrt_detection){ (float)x,
					 (float)y,
					 (float)x + at_least(w, 1),
					 (float)y + at_least(h, 1),
					 (float)score / 64,
					 class_id,
					 0 };
}

static void add_truth(struct photo *p, uint32_t *seed)
{
	int x = (int)below(seed, 150), y = (int)below(seed, 150);
	int w = 5 + (int)below(seed, 40), h = 5 + (int)below(seed, 40);
	uint32_t id = below(seed, 5);
	bool ignore = below(seed, 10) == 0;
	uint32_t more = below(seed, 3);

	p->truth[p->truths++] = (struct ap_truth){ .x1 = (float)x,
						   .y1 = (float)y,
						   .x2 = (float)(x + w),
						   .y2 = (float)(y + h),
						   .class_id = id,
						   .ignore = ignore };
	for (uint32_t k = 0; k < more; k++) {
		int dx = (int)below(seed, 9) - 4, dy = (int)below(seed, 9) - 4;
		int dw = (int)below(seed, 7) - 3, dh = (int)below(seed, 7) - 3;
		uint32_t found = below(seed, 8) == 0 ? below(seed, 5) : id;

		add_found(p, x + dx, y + dy, w + dw, h + dh, found,
			  below(seed, 64));
	}
}

static void random_photo(struct photo *p, uint32_t *seed)
{
	uint32_t truths = below(seed, 6), others;

	p->truths = p->founds = 0;
	for (uint32_t i = 0; i < truths; i++)
		add_truth(p, seed);
	others = below(seed, 4);
	for (uint32_t i = 0; i < others; i++) {
		uint32_t id = below(seed, 5);
		int x = (int)below(seed, 150), y = (int)below(seed, 150);
		int w = 5 + (int)below(seed, 40), h = 5 + (int)below(seed, 40);

		add_found(p, x, y, w, h, id, below(seed, 64));
	}
}

static void check_against_coco(int most, const double want[6][2])
{
	struct ap *a = ap_new(5);
	uint32_t seed = 1;
	struct ap_result r;
	struct photo p;

	for (int i = 0; i < 200; i++) {
		random_photo(&p, &seed);
		assert_int_equal(
			ap_add(a, p.truth, p.truths, p.found, p.founds, most),
			0);
	}
	for (uint32_t i = 0; i < 5; i++) {
		assert_true(ap_class(a, i, .5f, &r));
		NEAR(r.ap, want[i][0]);
		NEAR(r.ap50, want[i][1]);
	}
	ap_total(a, .5f, &r);
	NEAR(r.ap, want[5][0]);
	NEAR(r.ap50, want[5][1]);
	ap_free(a);
}

static void test_against_coco(void **state)
{
	static const double all[6][2] = {
		{ 0.06333805675597734, 0.1623075778190609 },
		{ 0.0560851193186977, 0.1324990680131136 },
		{ 0.07023163937198613, 0.20579587012525552 },
		{ 0.09402136557748966, 0.28859732833259144 },
		{ 0.07660122815833881, 0.18601921881545455 },
		{ 0.07205548183649793, 0.19504381262109521 },
	};
	static const double two[6][2] = {
		{ 0.06117835919274725, 0.15344169955754242 },
		{ 0.05048985621216557, 0.1171149642177817 },
		{ 0.0643053855574457, 0.19009234052579704 },
		{ 0.08706754557944858, 0.26989105368166705 },
		{ 0.06893023809820314, 0.17341264554638489 },
		{ 0.06639427692800205, 0.1807905407058346 },
	};

	(void)state;
	check_against_coco(100, all);
	check_against_coco(0, all);
	check_against_coco(2, two);
}

/* A box that is only left out of the measurement is found once and by its IoU;
 * a crowd as often as one likes, by what lies inside it. */
static void test_apart(void **state)
{
	struct ap_truth truth = truth_at(0, 0, true);
	const struct dbrt_detection found[] = {
		found_at(0, 0, .9f),
		found_at(1, 0, .8f),
		{ 2, 2, 6, 6, .7f, 0, 0 },
	};
	int of_found[3];

	(void)state;
	assert_int_equal(ap_match(&truth, 1, found, 3, 0, .5f, of_found), 0);
	assert_int_equal(of_found[0] | of_found[1] | of_found[2], 0);
	truth.apart = true;
	assert_int_equal(ap_match(&truth, 1, found, 3, 0, .5f, of_found), 0);
	assert_int_equal(of_found[0], 0);
	assert_int_equal(of_found[1], AP_NOTHING);
	assert_int_equal(of_found[2], AP_NOTHING);
}

static void test_match(void **state)
{
	struct ap_truth truth[] = { truth_at(0, 0, false),
				    truth_at(40, 0, false),
				    truth_at(0, 0, false) };
	struct dbrt_detection found[] = {
		found_at(41, 0, .3f), /* below the threshold */
		found_at(1, 0, .6f),  /* the better one takes the box */
		found_at(0, 0, .9f),
		found_at(0, 1, .8f), /* of the other class */
		found_at(80, 80, .7f),
	};
	int of_found[5];

	(void)state;
	truth[2].class_id = found[3].class_id = 4;
	assert_int_equal(ap_match(truth, 3, found, 5, 0, .5f, of_found), 0);
	assert_int_equal(of_found[0], AP_BELOW);
	assert_int_equal(of_found[1], AP_NOTHING);
	assert_int_equal(of_found[2], 0);
	assert_int_equal(of_found[3], 2);
	assert_int_equal(of_found[4], AP_NOTHING);
	/* no more than the best of each class */
	assert_int_equal(ap_match(truth, 3, found, 5, 1, .1f, of_found), 0);
	assert_int_equal(of_found[0], AP_BELOW);
	assert_int_equal(of_found[2], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_against_coco),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
