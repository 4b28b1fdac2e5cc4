/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that are no numbers, or the largest there are, in every form of
 * boxes: what comes out is still a list of boxes. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/dbrt.h"
#include "schemas/dbp.h"
#include "tests/support/dbp_run.h"

#define CELLS 6 /* three columns, two rows */
#define NUMBERS                                                      \
	15 /* of a cell: a box, or four sides of three bins; object, \
	      two classes */
#define ROUNDS 300

struct values {
	struct dbp_head head;
	struct dbp_head_level level;
	float anchors[2];
	uint32_t names[2];
};

static struct values values_of(int form, int bins, int act)
{
	struct dbp_head_part at = { 0, 0, NUMBERS, 0, 1 };
	struct values v = {
		.head = { .kind = DBP_HEAD_DETECTOR,
			  .box_form = (uint8_t)form,
			  .bins = (uint8_t)bins,
			  .object_act = (uint8_t)(act % 2),
			  .class_act = (uint8_t)act,
			  .class_count = 2,
			  .level_count = 1,
			  .anchor_count = 1,
			  .nms_iou = .5f,
			  .object_power = .6f,
			  .class_power = .4f,
			  .center_variance = .1f,
			  .size_variance = .2f },
		.level = { .columns = 3,
			   .rows = 2,
			   .anchors = 1,
			   .stride_x = 10,
			   .stride_y = 10,
			   .offset = .5f,
			   .box = at,
			   .object = at,
			   .score = at },
		.anchors = { 8, 16 },
		.names = { DBP_NONE, DBP_NONE },
	};

	v.level.object.first = NUMBERS - 3;
	v.level.score.first = NUMBERS - 2;
	/* classes of a softmax have no objectness beside them */
	if (act == DBP_ACT_SOFTMAX)
		v.level.object.output = DBP_NONE;
	return v;
}

static float odd_value(uint32_t *seed)
{
	static const float odd[] = { NAN,          -NAN,    INFINITY,
				     -INFINITY,    FLT_MAX, -FLT_MAX,
				     FLT_MIN,      -0.0f,   0x1p-149f,
				     1e20f,        -1e20f,  2147483648.f,
				     -2147483648.f };
	uint32_t i = dbp_run_random(seed) >> 8;

	if (i % 3 == 0)
		return dbp_run_random_float(seed);
	return odd[i / 3 % (sizeof(odd) / sizeof(*odd))];
}

static void check_form(int form, int bins, int act)
{
	static const struct dbrt_frame whole = { 1, 1, 0, 0, 40, 20, 40, 20 };
	const uint32_t elements = NUMBERS * CELLS;
	struct values v = values_of(form, bins, act);
	struct dbrt_detection found[2 * CELLS];
	float data[NUMBERS * CELLS];
	const struct dbrt_head_output o = { data, elements, elements };
	uint32_t seed = (uint32_t)(1 + form + 16 * bins + 256 * act);
	int most = 0;

	assert_int_equal(dbrt_head_check(&v.head, sizeof(v), &elements, 1),
			 DBRT_OK);
	for (int round = 0; round < ROUNDS; round++) {
		int n;

		for (uint32_t i = 0; i < elements; i++)
			data[i] = odd_value(&seed);
		n = dbrt_select(&v.head, &o, &whole, .01f, .5f, found,
				2 * CELLS);
		assert_in_range(n, 0, 2 * CELLS);
		most = n > most ? n : most;
		for (int i = 0; i < n; i++) {
			const struct dbrt_detection *d = &found[i];

			assert_true(d->score >= .01f);
			assert_true(d->x1 <= d->x2 && d->y1 <= d->y2);
			assert_true(d->class_id < 2 && d->candidate < CELLS);
			assert_true(!i || d->score <= found[i - 1].score);
		}
	}
	assert_true(most > 0);
}

static void test_every_form(void **state)
{
	static const int acts[] = { DBP_ACT_NONE, DBP_ACT_SIGMOID,
				    DBP_ACT_SOFTMAX };

	(void)state;
	for (int form = 0; form < DBP_BOX_FORMS; form++)
		for (int a = 0; a < 3; a++)
			check_form(form, 0, acts[a]);
	check_form(DBP_BOX_DISTANCE, 3, DBP_ACT_SIGMOID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
