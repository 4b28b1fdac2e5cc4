/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes that the model decodes: which columns of its output are what, and whose
 * training code it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "converter/heads/head_find.h"
#include "passes/passes.h"
#include "tests/support/head_case.h"
#include "tests/support/head_tails.h"

struct decoded_case {
	struct head_graph graph;
	struct arena arena;
	struct diag d;
	struct config c;
	struct graph *g;
	struct head head;
};

static void begin(struct decoded_case *t)
{
	head_graph_begin(&t->graph, 64, 64);
}

/* `cut` was the selection at the end of the file. */
static void find_behind(struct decoded_case *t, struct graph_cut cut)
{
	arena_init(&t->arena, 0);
	diag_init(&t->d);
	config_init(&t->c);
	t->g = graph_parse(&t->arena, t->graph.text, &t->d);
	if (t->g)
		t->g->cut = cut;
	if (!t->g || pass_infer_shapes(t->g, &t->c, &t->d) ||
	    pass_fold_constants(t->g, &t->c, &t->d) ||
	    head_find(t->g, &t->c, &t->arena, &t->head, &t->d))
		fail_msg("%s", t->d.entries[0].text);
	if (!t->head.data)
		fail_msg("not recognised: %s", t->head.why);
	head_case_round_trip(t->g, &t->head);
}

static void find(struct decoded_case *t)
{
	find_behind(t, (struct graph_cut){ NULL, 0 });
}

/* Finds the head, which is of this kind and has so many classes. */
static void find_kind(struct decoded_case *t, const char *kind,
		      uint32_t classes)
{
	find(t);
	assert_string_equal(t->head.kind, kind);
	assert_int_equal(t->head.data->class_count, classes);
}

static void done(struct decoded_case *t)
{
	arena_free(&t->arena);
	diag_free(&t->d);
}

/* Boxes %NAME of [1, 4, n] from %FROM as centres in pixels, about (30, 30). */
static void add_boxes(struct head_graph *g, const char *name, const char *from)
{
	head_graph_add(g,
		       "%%m_%s = Mul(%%%s, %%few)\n"
		       "%%%s = Add(%%m_%s, %%places)\n",
		       name, from, name, name);
}

static void add_constants(struct head_graph *g)
{
	head_graph_add(g, "const %%few f32 1x4x1 = [0.01, 0.01, 0.01, 0.01]\n"
			  "const %%places f32 1x4x1 = [60, 60, 9, 9]\n");
}

/* The mean of the distributions %p as %c. */
static void add_mean(struct head_graph *g, int bins)
{
	head_graph_add(g,
		       "const %%mean f32 1x%dx1x1 = random 5\n"
		       "%%c = Conv(%%p, %%mean)\n",
		       bins);
}

/* The same as quantize_dynamic() writes it. */
static void add_dynamic_mean(struct head_graph *g, int bins)
{
	head_graph_add(g,
		       "%%q, %%s, %%z = DynamicQuantizeLinear(%%p)\n"
		       "const %%ws f32 scalar = [0.01]\n"
		       "%%k = Mul(%%s, %%ws)\n"
		       "const %%one f32 scalar = [1]\n"
		       "%%d = DequantizeLinear(%%q, %%one, %%z)\n"
		       "const %%mean f32 1x%dx1x1 = random 5\n"
		       "%%sum = Conv(%%d, %%mean)\n"
		       "%%i = Cast(%%sum) {to=\"i32\"}\n"
		       "%%f = Cast(%%i) {to=\"f32\"}\n"
		       "%%c = Mul(%%f, %%k)\n",
		       bins);
}

/* Four distributions, 84 boxes, classes in planes. */
static void add_distances(struct head_graph *g, int bins, int classes,
			  void (*mean)(struct head_graph *, int))
{
	add_constants(g);
	head_tail_planes(g, "dfl", 4 * bins, 3);
	head_tail_planes(g, "cls", classes, 3);
	head_graph_add(g,
		       "const %%bins i64 4 = [1, 4, %d, 84]\n"
		       "%%r = Reshape(%%dfl, %%bins)\n"
		       "%%t = Transpose(%%r) {perm=[0, 2, 1, 3]}\n"
		       "%%p = Softmax(%%t) {axis=1}\n",
		       bins);
	mean(g, bins);
	head_graph_add(g, "const %%four i64 3 = [1, 4, 84]\n"
			  "%%b = Reshape(%%c, %%four)\n");
	add_boxes(g, "boxes", "b");
	head_graph_add(g, "%%scores = Sigmoid(%%cls)\n");
}

/* Boxes as four numbers of a map, classes of another one. */
static void add_regressed(struct head_graph *g, int classes)
{
	add_constants(g);
	head_tail_planes(g, "reg", 4, 3);
	head_tail_planes(g, "cls", classes, 3);
	add_boxes(g, "boxes", "reg");
}

static void add_yolov8(struct head_graph *g, int classes)
{
	add_distances(g, 16, classes, add_mean);
}

static void test_yolov8(void **state)
{
	static struct decoded_case t;
	const struct dbp_head_level *l;

	(void)state;
	begin(&t);
	add_yolov8(&t.graph, 3);
	head_graph_add(&t.graph, "%%out = Concat(%%boxes, %%scores) "
				 "{axis=1}\noutput %%out\n");
	find_kind(&t, "YOLOv8", 3);
	assert_int_equal(t.head.data->box_form, DBP_BOX_CENTER);
	assert_int_equal(head_preprocess(&t.head)->pad_value, 114);
	l = head_levels(t.head.data);
	assert_int_equal(l->columns, 84);
	assert_int_equal(l->object.output, DBP_NONE);
	assert_int_equal(l->score.first, 4 * 84);
	done(&t);
}

static void test_dynamic(void **state)
{
	static struct decoded_case t;

	(void)state;
	begin(&t);
	add_distances(&t.graph, 16, 3, add_dynamic_mean);
	head_graph_add(&t.graph, "%%out = Concat(%%boxes, %%scores) "
				 "{axis=1}\noutput %%out\n");
	find_kind(&t, "YOLOv8", 3);
	done(&t);
}

/* A pose has three numbers a point, the third through a sigmoid. */
static void test_pose(void **state)
{
	static struct decoded_case t;

	(void)state;
	begin(&t);
	add_yolov8(&t.graph, 1);
	head_tail_planes(&t.graph, "kpt", 6, 3);
	head_graph_add(
		&t.graph,
		"const %%three i64 4 = [1, 2, 3, 84]\n"
		"const %%six i64 3 = [1, 6, 84]\nconst %%part i64 2 = [2, 1]\n"
		"%%k = Reshape(%%kpt, %%three)\n"
		"%%xy, %%v = Split(%%k, %%part) {axis=2}\n"
		"const %%more f32 1x1x2x1 = [3, 4]\n%%at = Add(%%xy, %%more)\n"
		"%%seen = Sigmoid(%%v)\n"
		"%%z = Concat(%%at, %%seen) {axis=2}\n"
		"%%points = Reshape(%%z, %%six)\n"
		"%%out = Concat(%%boxes, %%scores, %%points) {axis=1}\n"
		"output %%out\n");
	find_kind(&t, "YOLOv8", 1);
	assert_int_equal(t.head.data->point_count, 2);
	assert_int_equal(t.head.data->point_fields, 3);
	assert_int_equal(t.head.data->point_form, DBP_POINT_DIRECT);
	assert_int_equal(head_more(t.head.data)->points.first, 5 * 84);
	done(&t);
}

/* Box, objectness and `tail` more channels from one map, in rows. */
static void add_yolov5(struct head_graph *g, int points, int classes)
{
	int channels = 5 + 2 * points + classes;

	add_constants(g);
	head_tail_planes(g, "all", channels, 3);
	head_graph_add(g,
		       "const %%parts i64 4 = [4, 1, %d, %d]\n"
		       "%%b, %%o, %%k, %%c = Split(%%all, %%parts) {axis=1}\n"
		       "%%sb = Sigmoid(%%b)\n%%so = Sigmoid(%%o)\n"
		       "%%sc = Sigmoid(%%c)\n"
		       "const %%two f32 1x%dx1 = random 3\n"
		       "%%dk = Add(%%k, %%two)\n",
		       2 * points, classes, 2 * points);
	add_boxes(g, "boxes", "sb");
}

static void finish_yolov5(struct head_graph *g, bool points)
{
	head_graph_add(g,
		       "%%j = Concat(%%boxes, %%so%s, %%sc) {axis=1}\n"
		       "%%out = Transpose(%%j) {perm=[0, 2, 1]}\n"
		       "output %%out\n",
		       points ? ", %dk" : "");
}

/* The sixteen numbers of a face are no eleven classes. */
static void test_yolov5_face(void **state)
{
	static struct decoded_case t;
	const struct dbp_head_level *l;

	(void)state;
	begin(&t);
	add_yolov5(&t.graph, 5, 1);
	finish_yolov5(&t.graph, true);
	find_kind(&t, "YOLOv5-face", 1);
	assert_int_equal(t.head.data->point_count, 5);
	l = head_levels(t.head.data);
	assert_int_equal(l->object.first, 4);
	assert_int_equal(l->score.first, 15);
	assert_int_equal(head_more(t.head.data)->points.first, 5);
	done(&t);
}

static void test_yolov5(void **state)
{
	static struct decoded_case t;

	(void)state;
	begin(&t);
	add_yolov5(&t.graph, 1, 11);
	finish_yolov5(&t.graph, false);
	find_kind(&t, "YOLOv5", 11);
	assert_int_equal(t.head.data->point_count, 0);
	assert_int_equal(head_levels(t.head.data)->object.first, 4);
	done(&t);
}

/* YOLOv6: ones in place of an objectness. */
static void test_yolov6(void **state)
{
	static struct decoded_case t;

	(void)state;
	begin(&t);
	add_regressed(&t.graph, 5);
	head_graph_add(&t.graph, "const %%one f32 1x1x84 = fill 1\n"
				 "%%s = Sigmoid(%%cls)\n"
				 "%%j = Concat(%%boxes, %%one, %%s) {axis=1}\n"
				 "%%out = Transpose(%%j) {perm=[0, 2, 1]}\n"
				 "output %%out\n");
	find_kind(&t, "YOLOv6", 5);
	assert_int_equal(head_levels(t.head.data)->object.first, 4);
	done(&t);
}

/* Scores apart, as NonMaxSuppression takes them: [1, classes, n]. */
static void test_apart(void **state)
{
	static struct decoded_case t;
	const struct dbp_head_level *l;

	(void)state;
	begin(&t);
	add_yolov8(&t.graph, 3);
	head_graph_add(&t.graph, "%%rows = Transpose(%%boxes) "
				 "{perm=[0, 2, 1]}\n"
				 "output %%rows\noutput %%scores\n");
	find(&t);
	assert_string_equal(t.head.kind, "YOLOv8");
	l = head_levels(t.head.data);
	assert_int_equal(l->box.cell, 4);
	assert_int_equal(l->score.output, 1);
	assert_int_equal(l->score.cell, 1);
	assert_int_equal(l->score.field, 84);
	assert_int_equal(t.head.data->class_count, 3);
	done(&t);
}

/* One box for each object: a TopK is cut off, and nothing is suppressed. */
static void test_one_to_one(void **state)
{
	static struct decoded_case t;
	const struct graph_cut best = { "TopK", 1 };

	(void)state;
	begin(&t);
	add_yolov8(&t.graph, 3);
	head_graph_add(&t.graph, "output %%boxes\noutput %%scores\n");
	find_behind(&t, best);
	assert_string_equal(t.head.kind, "YOLOv10");
	assert_true(t.head.data->nms_iou == 1);
	done(&t);
	begin(&t);
	add_regressed(&t.graph, 3);
	head_graph_add(&t.graph, "%%scores = Sigmoid(%%cls)\n"
				 "output %%boxes\noutput %%scores\n");
	find_behind(&t, best);
	assert_string_equal(t.head.kind, "YOLO26");
	assert_int_equal(t.head.data->class_count, 3);
	assert_true(t.head.data->nms_iou == 1);
	assert_int_equal(head_preprocess(&t.head)->pad_value, 114);
	done(&t);
}

/* 17 bins, two outputs of rows. */
static void test_damo(void **state)
{
	static struct decoded_case t;

	(void)state;
	begin(&t);
	add_distances(&t.graph, 17, 5, add_mean);
	head_graph_add(&t.graph, "%%bt = Transpose(%%boxes) {perm=[0, 2, 1]}\n"
				 "%%st = Transpose(%%scores) {perm=[0, 2, 1]}\n"
				 "output %%st\noutput %%bt\n");
	find_kind(&t, "DAMO-YOLO", 5);
	assert_int_equal(head_levels(t.head.data)->box.output, 1);
	assert_true(head_preprocess(&t.head)->std[0] == 1);
	done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yolov8),
		cmocka_unit_test(test_dynamic),
		cmocka_unit_test(test_pose),
		cmocka_unit_test(test_yolov5_face),
		cmocka_unit_test(test_yolov5),
		cmocka_unit_test(test_yolov6),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_one_to_one),
		cmocka_unit_test(test_damo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
