/* SPDX-License-Identifier: Apache-2.0 */
/* Detections out of boxes and scores: by hand, and against a reference that
 * sorts all candidates. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dbp_run.h"

#define MAX_ROWS 600
#define MAX_CLASSES 4

/* Scores go through a model as its outputs: two inputs, copied. */
struct head_setup {
	struct dbp_head head;
	uint32_t boxes_output, scores_output;
	uint32_t rows, classes, gap;
	const char *names[MAX_CLASSES];
	uint32_t cells;  /* 0: rows */
	int share_boxes; /* all candidates have the same one */
	int with_photo;  /* a first input that takes photos, 40 x 20 */
};

static void add_copy(struct dbp_builder *b, uint32_t rank, const uint32_t *dims,
		     uint32_t gap)
{
	uint32_t x = dbp_run_tensor(b, DBP_F32, rank, dims, 0, 0, 0);
	uint32_t y = dbp_run_tensor(b, DBP_F32, rank, dims, 0, 0, gap);

	dbp_add_input(b, x);
	dbp_add_output(b, y);
	dbp_add_op(b, DBP_OP_COPY, &x, 1, &y, 1, NULL, 0, 0);
}

/* Rows of boxes, rows of scores. */
static struct dbp_head_level level_of(const struct head_setup *s)
{
	return (struct dbp_head_level){
		.columns = s->cells ? s->cells : s->rows,
		.rows = 1,
		.anchors = 1,
		.first_anchor = DBP_NONE,
		.box = { s->boxes_output, 0, s->share_boxes ? 0 : 4, 0, 1 },
		.object = { .output = DBP_NONE },
		.score = { s->scores_output, 0, s->share_boxes ? 0 : s->classes,
			   0, 1 },
	};
}

static void set_head(struct dbp_builder *b, const struct head_setup *s)
{
	uint8_t bytes[sizeof(struct dbp_head) + sizeof(struct dbp_head_level) +
		      4 * MAX_CLASSES];
	struct dbp_head_level level = level_of(s);
	size_t n = sizeof(s->head);

	memcpy(bytes, &s->head, n);
	if (s->head.kind != DBP_HEAD_CLASSIFIER) {
		memcpy(bytes + n, &level, sizeof(level));
		n += sizeof(level);
	}
	for (uint32_t i = 0; i < s->head.class_count; i++, n += 4) {
		uint32_t name = s->names[i] ? dbp_add_string(b, s->names[i]) :
					      DBP_NONE;

		memcpy(bytes + n, &name, sizeof(name));
	}
	dbp_set_section(b, DBP_SECTION_HEAD, bytes, (uint32_t)n);
}

static int open_head(struct dbp_run *r, const struct head_setup *s)
{
	const uint32_t photo[] = { 1, 20, 40, 3 };
	uint32_t boxes[] = { 1, s->rows, 4 };
	uint32_t scores[] = { 1, s->rows, s->classes };
	struct dbp_preprocess p = { .channels = 3,
				    .table = DBP_NONE,
				    .fit = DBP_LETTERBOX };
	struct dbp_builder b;

	dbp_builder_init(&b);
	if (s->with_photo) {
		add_copy(&b, 4, photo, 0);
		dbp_set_section(&b, DBP_SECTION_PREPROCESS, &p, sizeof(p));
	}
	add_copy(&b, 3, boxes, s->gap);
	if (s->head.kind == DBP_HEAD_CLASSIFIER) {
		scores[1] = s->classes;
		add_copy(&b, 2, scores, s->gap);
	} else {
		add_copy(&b, 3, scores, s->gap);
	}
	set_head(&b, s);
	return dbp_run_open(r, &b, 1);
}

static struct head_setup setup_of(uint32_t rows, uint32_t classes)
{
	return (struct head_setup){
		.head = { .kind = DBP_HEAD_DETECTOR,
			  .scores_output = 1,
			  .score_threshold = 0.5f,
			  .nms_iou = 0.5f,
			  .object_power = 1,
			  .class_power = 1,
			  .level_count = 1,
			  .class_count = classes },
		.scores_output = 1,
		.rows = rows,
		.classes = classes,
	};
}

/* Runs the model; the number of detections. */
static int detect(const struct head_setup *s, const float *boxes,
		  const float *scores, struct dbrt_detection *out, uint32_t max)
{
	uint32_t rows = s->head.kind == DBP_HEAD_DETECTOR ? s->rows : 1;
	struct dbp_run r;
	int n;

	assert_int_equal(open_head(&r, s), DBRT_OK);
	assert_int_equal(dbrt_set_input_f32(&r.model, 0, boxes, 4 * s->rows),
			 DBRT_OK);
	assert_int_equal(
		dbrt_set_input_f32(&r.model, 1, scores, rows * s->classes),
		DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	n = dbrt_detections(&r.model, out, max);
	dbp_run_close(&r);
	return n;
}

static void expect(const struct dbrt_detection *d, float x1, float y1, float x2,
		   float y2, float score, uint32_t class_id)
{
	assert_true(d->x1 == x1 && d->y1 == y1 && d->x2 == x2 && d->y2 == y2);
	assert_true(d->score == score);
	assert_int_equal(d->class_id, class_id);
}

static void test_suppression(void **state)
{
	struct head_setup s = setup_of(5, 2);
	const float boxes[] = { 0,  0, 10, 10,   /* kept */
				0,  0, 10, 6,    /* covers 0.6: suppressed */
				0,  0, 10, 5,    /* 0.5, not over it: kept */
				20, 0, 30, 10,   /* apart */
				0,  0, 10, 10 }; /* of the other class */
	const float scores[] = { 0.9f, 0, 0.8f, 0, 0.7f, 0, 0.5f, 0, 0, 0.95f };
	struct dbrt_detection d[8];

	(void)state;
	assert_int_equal(detect(&s, boxes, scores, d, 8), 4);
	expect(&d[0], 0, 0, 10, 10, 0.95f, 1);
	expect(&d[1], 0, 0, 10, 10, 0.9f, 0);
	expect(&d[2], 0, 0, 10, 5, 0.7f, 0);
	expect(&d[3], 20, 0, 30, 10, 0.5f, 0);
	assert_int_equal(detect(&s, boxes, scores, d, 2), 2);
	expect(&d[1], 0, 0, 10, 10, 0.9f, 0);
	assert_int_equal(detect(&s, boxes, scores, d, 0), 0);
	s.gap = 3;
	assert_int_equal(detect(&s, boxes, scores, d, 8), 4);
	expect(&d[3], 20, 0, 30, 10, 0.5f, 0);
}

/* What is wrong is left out; infinity is the best score there is. */
static void test_odd_numbers(void **state)
{
	struct head_setup s = setup_of(8, 1);
	const float boxes[] = {
		0,   0, 1, 1, 2, 0, 3,        1, /* NaN score */
		5,   0, 4, 1,                    /* x2 < x1 */
		6,   3, 7, 3,                    /* flat */
		NAN, 0, 9, 9, 8, 0, INFINITY, 1, 8, NAN, 9, 9, 20, 0, 21, 1
	};
	const float scores[] = { 0.6f, NAN,  0.9f, 0.9f,
				 0.9f, 0.7f, 0.9f, INFINITY };
	struct dbrt_detection d[8];

	(void)state;
	assert_int_equal(detect(&s, boxes, scores, d, 8), 3);
	expect(&d[0], 20, 0, 21, 1, INFINITY, 0);
	expect(&d[1], 8, 0, INFINITY, 1, 0.7f, 0);
	expect(&d[2], 0, 0, 1, 1, 0.6f, 0);
}

/* Equal scores: the lower row, then the lower class. */
static void test_ties(void **state)
{
	struct head_setup s = setup_of(3, 2);
	const float boxes[] = { 0, 0, 9, 9, 20, 0, 29, 9, 0, 0, 9, 8 };
	const float scores[] = { 0.5f, 0.75f, 0.75f, 0.75f, 0.75f, 0.75f };
	struct dbrt_detection d[6];

	(void)state;
	assert_int_equal(detect(&s, boxes, scores, d, 6), 4);
	expect(&d[0], 0, 0, 9, 9, 0.75f, 1);
	expect(&d[1], 20, 0, 29, 9, 0.75f, 0);
	expect(&d[2], 20, 0, 29, 9, 0.75f, 1);
	expect(&d[3], 0, 0, 9, 8, 0.75f, 0);
}

static void test_background(void **state)
{
	struct head_setup s = setup_of(2, 3);
	const float boxes[] = { 1, 1, 4, 4, 2, 3, 2, 2 };
	const float scores[] = { 0.9f, 0.5f, 0.6f, 0.9f, 0.1f, 0.8f };
	struct dbrt_detection d[4];
	struct dbp_run r;

	(void)state;
	s.head.background = 1;
	s.head.box_form = DBP_BOX_CENTER;
	s.names[0] = "nothing";
	s.names[2] = "cat";
	assert_int_equal(detect(&s, boxes, scores, d, 4), 3);
	expect(&d[0], 1, 2, 3, 4, 0.8f, 1);
	expect(&d[1], -1, -1, 3, 3, 0.6f, 1);
	expect(&d[2], -1, -1, 3, 3, 0.5f, 0);
	assert_int_equal(open_head(&r, &s), DBRT_OK);
	assert_string_equal(dbrt_class_name(&r.model, 0), "");
	assert_string_equal(dbrt_class_name(&r.model, 1), "cat");
	assert_string_equal(dbrt_class_name(&r.model, 2), "");
	assert_string_equal(dbrt_class_name(&r.model, UINT32_MAX), "");
	assert_string_equal(dbrt_class_name(NULL, 0), "");
	dbp_run_close(&r);
}

/* A photo of 80x80 in an input of 40x20: 20x20 in the middle, 10 from the
 * left; without a photo, pixels of the input. */
static void test_photo(void **state)
{
	struct head_setup s = setup_of(2, 1);
	const float boxes[] = { 0.5f, 0.25f, 0.625f, 0.5f, 0, 0, 0.5f, 2 };
	const float scores[] = { 0.9f, 0.8f };
	static const uint8_t rgb[80 * 80 * 3];
	static const float zero[20 * 40 * 3];
	struct dbrt_detection d[2];
	struct dbp_run r;

	(void)state;
	s.with_photo = 1;
	s.head.normalized = 1;
	s.boxes_output = 1;
	s.scores_output = 2;
	assert_int_equal(open_head(&r, &s), DBRT_OK);
	assert_int_equal(dbrt_set_input_f32(&r.model, 1, boxes, 8), DBRT_OK);
	assert_int_equal(dbrt_set_input_f32(&r.model, 2, scores, 2), DBRT_OK);
	assert_int_equal(dbrt_set_image(&r.model, 0, rgb, 80, 80, 240),
			 DBRT_OK);
	assert_int_equal(dbrt_run(&r.model), DBRT_OK);
	assert_int_equal(dbrt_detections(&r.model, d, 2), 2);
	expect(&d[0], 40, 20, 60, 40, 0.9f, 0);
	expect(&d[1], 0, 0, 40, 80, 0.8f, 0);
	assert_int_equal(dbrt_set_input_f32(&r.model, 0, zero, 2400), DBRT_OK);
	assert_int_equal(dbrt_detections(&r.model, d, 2), 2);
	expect(&d[0], 20, 5, 25, 10, 0.9f, 0);
	expect(&d[1], 0, 0, 20, 20, 0.8f, 0);
	assert_int_equal(dbrt_detections_at(&r.model, 0.85f, 1, d, 2), 1);
	assert_int_equal(dbrt_detections_at(&r.model, NAN, 1, d, 2), 0);
	dbp_run_close(&r);
}

static void test_classifier(void **state)
{
	struct head_setup s = setup_of(1, 4);
	const float box[4] = { 0 };
	struct dbrt_detection d[2];

	(void)state;
	s.head.kind = DBP_HEAD_CLASSIFIER;
	s.head.level_count = 0;
	assert_int_equal(detect(&s, box, (float[]){ -3, -1, NAN, -1 }, d, 2),
			 1);
	assert_int_equal(d[0].class_id, 1);
	assert_true(d[0].score == -1);
	assert_int_equal(detect(&s, box, (float[]){ NAN, NAN, 5, 7 }, d, 2), 1);
	assert_int_equal(d[0].class_id, 3);
	assert_int_equal(detect(&s, box, (float[]){ NAN, NAN, NAN, NAN }, d, 2),
			 0);
	assert_int_equal(detect(&s, box, (float[]){ 1, 2, 3, 4 }, NULL, 0), 0);
	s.head.background = 1;
	assert_int_equal(detect(&s, box, (float[]){ 9, 2, 3, 3 }, d, 2), 1);
	assert_int_equal(d[0].class_id, 1);
}

/* ---- Against sorting everything ---- */

struct candidate {
	struct dbrt_detection d;
	uint32_t row;
};

static int by_score(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->d.score != y->d.score)
		return x->d.score > y->d.score ? -1 : 1;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return x->d.class_id < y->d.class_id ? -1 : 1;
}

static double iou(const struct dbrt_detection *a,
		  const struct dbrt_detection *b)
{
	float w = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1);
	float h = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
	float both = fmaxf(w, 0) * fmaxf(h, 0);

	return (double)(both / ((a->x2 - a->x1) * (a->y2 - a->y1) +
				(b->x2 - b->x1) * (b->y2 - b->y1) - both));
}

static int reference(const struct head_setup *s, const float *boxes,
		     const float *scores, struct dbrt_detection *out, int max)
{
	static struct candidate list[MAX_ROWS * MAX_CLASSES];
	int n = 0, kept = 0, k;

	for (uint32_t i = 0; i < s->rows * s->classes; i++) {
		const float *b = boxes + 4 * (i / s->classes);

		if (scores[i] >= s->head.score_threshold)
			list[n++] =
				(struct candidate){ { b[0], b[1], b[2], b[3],
						      scores[i], i % s->classes,
						      i / s->classes },
						    i / s->classes };
	}
	qsort(list, (size_t)n, sizeof(*list), by_score);
	for (int i = 0; i < n && kept < max; i++) {
		for (k = 0; k < kept; k++)
			if (out[k].class_id == list[i].d.class_id &&
			    iou(&out[k], &list[i].d) > (double)s->head.nms_iou)
				break;
		if (k == kept)
			out[kept++] = list[i].d;
	}
	return kept;
}

/* Few distinct scores, so that ties and suppression are common. */
static void random_candidates(const struct head_setup *s, float *boxes,
			      float *scores, uint32_t levels, uint32_t spread,
			      uint32_t *seed)
{
	for (uint32_t i = 0; i < s->rows; i++) {
		float x = (float)(dbp_run_random(seed) % spread);
		float y = (float)(dbp_run_random(seed) % spread);

		boxes[4 * i] = x;
		boxes[4 * i + 1] = y;
		boxes[4 * i + 2] = x + 1 + (float)(dbp_run_random(seed) % 20);
		boxes[4 * i + 3] = y + 1 + (float)(dbp_run_random(seed) % 20);
	}
	for (uint32_t i = 0; i < s->rows * s->classes; i++)
		scores[i] =
			(float)(dbp_run_random(seed) % levels) / (float)levels;
}

static void test_random(void **state)
{
	static float boxes[4 * MAX_ROWS], scores[MAX_CLASSES * MAX_ROWS];
	static struct dbrt_detection got[300], want[300];
	const uint32_t maxima[] = { 1, 2, 3, 10, 100, 300 };
	uint32_t seed = 1;

	(void)state;
	for (uint32_t i = 0; i < 240; i++) {
		struct head_setup s =
			setup_of(1 + dbp_run_random(&seed) % MAX_ROWS,
				 1 + i % MAX_CLASSES);
		uint32_t max = maxima[i % 6];
		int n;

		s.head.score_threshold = (float)(i % 4) / 4;
		s.head.nms_iou = i % 5 ? 0.3f : 0;
		random_candidates(&s, boxes, scores, i % 3 ? 1000 : 4,
				  i % 7 ? 50 : 4, &seed);
		n = detect(&s, boxes, scores, got, max);
		assert_int_equal(n,
				 reference(&s, boxes, scores, want, (int)max));
		assert_memory_equal(got, want, (size_t)n * sizeof(*got));
	}
}

/* ---- What is refused ---- */

static void test_bad(void **state)
{
	struct head_setup good = setup_of(3, 2), s;
	struct dbrt_detection d[1];
	struct dbrt_model unbound;
	struct dbp_run r;

	(void)state;
	assert_int_equal(open_head(&r, &good), DBRT_OK);
	assert_int_equal(dbrt_detections(&r.model, NULL, 1),
			 DBRT_ERROR_ARGUMENT);
	assert_int_equal(dbrt_detections(NULL, d, 1), DBRT_ERROR_ARGUMENT);
	assert_int_equal(dbrt_open(&unbound, r.file, r.bytes), DBRT_OK);
	assert_int_equal(dbrt_detections(&unbound, d, 1), DBRT_ERROR_ARENA);
	dbp_run_close(&r);
#define BAD(change)                                             \
	s = good;                                               \
	change;                                                 \
	assert_int_equal(open_head(&r, &s), DBRT_ERROR_FORMAT); \
	dbp_run_close(&r)
	BAD(s.head.kind = 1);
	BAD(s.head.kind = DBP_HEAD_CLASSIFIER; s.head.level_count = 0;
	    s.head.scores_output = 0);
	BAD(s.head.box_form = DBP_BOX_FORMS);
	BAD(s.head.normalized = 2);
	BAD(s.head.background = 2);
	BAD(s.head.box_act = 2);
	BAD(s.head.object_act = 2);
	BAD(s.head.class_act = 3);
	BAD(s.head.bins = 8); /* of corners */
	BAD(s.head.level_count = 0);
	BAD(s.head.level_count = 17);
	BAD(s.head.anchor_count = UINT32_MAX);
	BAD(s.boxes_output = 2);
	BAD(s.boxes_output = 1);
	BAD(s.scores_output = 2);
	BAD(s.rows = 0);
	BAD(s.head.class_count = 3);
	BAD(s.head.score_threshold = NAN);
	BAD(s.head.nms_iou = INFINITY);
	BAD(s.head.object_power = INFINITY);
	BAD(s.head.flags = DBP_HEAD_FLAGS + 1);
	BAD(s.head.flags = DBP_HEAD_MORE_PARTS); /* and there are none */
	BAD(s.head.point_count = 1; s.head.point_fields = 2); /* nowhere */
	BAD(s.head.point_fields = 2);                         /* of no points */
	BAD(s.head.point_scale = NAN);
	BAD(s.share_boxes = 1; s.cells = s.rows + 1);
#undef BAD
}

static void test_no_head(void **state)
{
	const uint32_t dims[] = { 2 };
	struct dbrt_detection d[1];
	struct dbp_builder b;
	struct dbp_run r;

	(void)state;
	dbp_builder_init(&b);
	add_copy(&b, 1, dims, 0);
	assert_int_equal(dbp_run_open(&r, &b, 1), DBRT_OK);
	assert_int_equal(dbrt_detections(&r.model, d, 1), DBRT_ERROR_NO_HEAD);
	assert_int_equal(dbrt_detections_at(&r.model, 0, 0, d, 1),
			 DBRT_ERROR_NO_HEAD);
	assert_string_equal(dbrt_class_name(&r.model, 0), "");
	dbp_run_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suppression),
		cmocka_unit_test(test_odd_numbers),
		cmocka_unit_test(test_ties),
		cmocka_unit_test(test_background),
		cmocka_unit_test(test_photo),
		cmocka_unit_test(test_classifier),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_no_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
