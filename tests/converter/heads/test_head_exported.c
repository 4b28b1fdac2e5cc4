/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads as exporters write them with their decoding, and the same without it:
 * the decoding's nodes are those of each exporter. Recognised, and decoded as a
 * plain decoder does.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/head_tails.h"

#define CELLS 84 /* of strides 8, 16 and 32 */

/* ---- YOLOv5 and YOLOv7 with their decoding ---- */

static const double v5_anchors[] = { 10, 13, 16,  30,  33, 23,  30,  61,  62,
				     45, 59, 119, 116, 90, 156, 198, 373, 326 };

/* The grid of a level less a half, and its anchors, [1, 1 or 3, rows, columns,
 * 2]. */
static void add_grid(struct head_graph *g, int i, bool expanded)
{
	int s = HEAD_TAIL_SIDE / (8 << i), planes = expanded ? 3 : 1;

	head_graph_add(g, "const %%grid%d f32 1x%dx%dx%dx2 = [", i, planes, s,
		       s);
	for (int c = 0; c < planes * s * s; c++)
		head_graph_add(g, "%s%g, %g", c ? ", " : "", c % s - .5,
			       c / s % s - .5);
	head_graph_add(g, "]\nconst %%wide%d f32 1x3x1x1x2 = [", i);
	for (int k = 0; k < 6; k++)
		head_graph_add(g, "%s%g", k ? ", " : "", v5_anchors[6 * i + k]);
	head_graph_add(g, "]\n");
}

/* (2 s + grid) stride. */
static void add_center(struct head_graph *g, int i)
{
	head_graph_add(g,
		       "%%u%d = Mul(%%xy%d, %%two)\n"
		       "%%v%d = Add(%%u%d, %%grid%d)\n"
		       "const %%st%d f32 scalar = [%d]\n"
		       "%%c%d = Mul(%%v%d, %%st%d)\n",
		       i, i, i, i, i, i, 8 << i, i, i, i);
}

/* (2 s)^2 anchor. */
static void add_size(struct head_graph *g, int i)
{
	head_graph_add(g,
		       "%%t%d = Mul(%%wh%d, %%two)\n"
		       "%%q%d = Pow(%%t%d, %%two)\n"
		       "%%w%d = Mul(%%q%d, %%wide%d)\n",
		       i, i, i, i, i, i, i);
}

/* Numbers [first, first + 2) of every anchor, as places of ScatterND. */
static void add_places(struct head_graph *g, const char *name, int i, int first)
{
	int s = HEAD_TAIL_SIDE / (8 << i);

	head_graph_add(g, "const %%%s%d i64 1x3x%dx%dx2x5 = [", name, i, s, s);
	for (int c = 0; c < 3 * s * s * 2; c++)
		head_graph_add(g, "%s0, %d, %d, %d, %d", c ? ", " : "",
			       c / 2 / s / s, c / 2 / s % s, c / 2 % s,
			       first + c % 2);
	head_graph_add(g, "]\n");
}

/* Numbers of the sigmoids %s in parts, and joined again. */
static void write_split(struct head_graph *g, int i)
{
	head_graph_add(g,
		       "%%xy%d, %%wh%d, %%cf%d = Split(%%s%d, %%parts) "
		       "{axis=4}\n",
		       i, i, i, i);
	add_center(g, i);
	add_size(g, i);
	head_graph_add(g, "%%j%d = Concat(%%c%d, %%w%d, %%cf%d) {axis=4}\n", i,
		       i, i, i);
}

/* The same in place, as before release 6.1: y[..., 0:2] = ... */
static void write_assigned(struct head_graph *g, int i)
{
	add_places(g, "first", i, 0);
	add_places(g, "next", i, 2);
	head_graph_add(g, "%%xy%d = Slice(%%s%d, %%n0, %%n2, %%n4)\n", i, i);
	add_center(g, i);
	head_graph_add(g,
		       "%%h%d = ScatterND(%%s%d, %%first%d, %%c%d)\n"
		       "%%wh%d = Slice(%%h%d, %%n2, %%n4, %%n4)\n",
		       i, i, i, i, i, i);
	add_size(g, i);
	head_graph_add(g, "%%j%d = ScatterND(%%h%d, %%next%d, %%w%d)\n", i, i,
		       i, i);
}

static void write_decoded(struct head_graph *g, int classes,
			  void (*write_level)(struct head_graph *g, int i))
{
	head_graph_add(g,
		       "const %%two f32 scalar = [2]\n"
		       "const %%parts i64 3 = [2, 2, %d]\n"
		       "const %%n0 i64 1 = [0]\nconst %%n2 i64 1 = [2]\n"
		       "const %%n4 i64 1 = [4]\n"
		       "const %%flat i64 3 = [1, -1, %d]\n",
		       1 + classes, 5 + classes);
	for (int i = 0; i < 3; i++) {
		char map[16], five[16];
		int s = HEAD_TAIL_SIDE / (8 << i);

		snprintf(map, sizeof(map), "m%d", i);
		snprintf(five, sizeof(five), "y%d", i);
		head_graph_map(g, map, 3 * (5 + classes), 8 << i);
		head_graph_anchors(g, five, map, 5 + classes, s, s);
		head_graph_add(g, "%%s%d = Sigmoid(%%y%d)\n", i, i);
		add_grid(g, i, i % 2 == 0);
		write_level(g, i);
		head_graph_add(g, "%%z%d = Reshape(%%j%d, %%flat)\n", i, i);
	}
	head_graph_add(g, "%%all = Concat(%%z0, %%z1, %%z2) {axis=1}\n");
}

static void write_yolov5(struct head_graph *g)
{
	head_graph_swish(g);
	write_decoded(g, 3, write_split);
	head_graph_output(g, "all");
}

static void write_yolov5_assigned(struct head_graph *g)
{
	head_graph_swish(g);
	write_decoded(g, 3, write_assigned);
	head_graph_output(g, "all");
}

static void decode_yolov5(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 0, 0, 3 * CELLS, 8, 1, 8, 1, 4,
						 5, 3, true, 1 });
}

static void write_one_class(struct head_graph *g)
{
	for (int i = 0; i < 3; i++)
		head_graph_pool(g, 2, 2);
	head_graph_swish(g);
	write_decoded(g, 1, write_split);
	head_graph_output(g, "all");
}

static void decode_one_class(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 0, 0, 3 * CELLS, 6, 1, 6, 1, 4,
						 5, 1, true, 1 });
}

/* Before a suppression: corners by a matrix, scores times objectness. */
static void write_matrix(struct head_graph *g)
{
	static const char matrix[] =
		"const %%m f32 4x4 = [1, 0, 1, 0, 0, 1, 0, 1, "
		"-0.5, 0, 0.5, 0, 0, -0.5, 0, 0.5]\n";

	head_graph_swish(g);
	write_decoded(g, 3, write_split);
	head_graph_add(g, "const %%cut i64 3 = [4, 1, 3]\n"
			  "%%b, %%o, %%k = Split(%%all, %%cut) {axis=2}\n");
	head_graph_add(g, matrix);
	head_graph_add(g, "%%boxes = MatMul(%%b, %%m)\n"
			  "%%scores = Mul(%%k, %%o)\n"
			  "output %%boxes\noutput %%scores\n");
}

static void decode_matrix(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 0, 1, 3 * CELLS, 4, 1, 3, 1, 0,
						 0, 3, false, 1 });
}

static void test_yolov5(void **state)
{
	(void)state;
	head_tail_check("YOLOv5", write_yolov5, decode_yolov5);
	head_tail_check("YOLOv5", write_yolov5_assigned, decode_yolov5);
	head_tail_check("YOLOv7", write_one_class, decode_one_class);
	head_tail_check("YOLOv5", write_matrix, decode_matrix);
}

/* ---- YOLOv5-Lite: sigmoids in rows, the cells of an anchor together ---- */

static void write_lite(struct head_graph *g)
{
	head_graph_add(g, "const %%flat i64 3 = [1, -1, 8]\n");
	for (int i = 0; i < 3; i++) {
		char map[16], five[16];
		int s = HEAD_TAIL_SIDE / (8 << i);

		snprintf(map, sizeof(map), "m%d", i);
		snprintf(five, sizeof(five), "y%d", i);
		head_graph_map(g, map, 24, 8 << i);
		head_graph_anchors(g, five, map, 8, s, s);
		head_graph_add(g,
			       "%%s%d = Sigmoid(%%y%d)\n"
			       "%%z%d = Reshape(%%s%d, %%flat)\n",
			       i, i, i, i);
	}
	head_graph_add(g, "%%all = Concat(%%z0, %%z1, %%z2) {axis=1}\n"
			  "output %%all\n");
}

/* A level's candidates are cells, then anchors. */
static void decode_lite(struct head_decoded *d)
{
	const float *level = d->out[0];

	for (int i = 0; i < 3; i++) {
		int stride = 8 << i, s = HEAD_TAIL_SIDE / stride;

		for (int n = 0; n < 3 * s * s; n++) {
			struct head_expected *e = head_case_add(d);
			int c = n / 3, a = n % 3;
			const float *v = level + (a * s * s + c) * 8;
			const double *k = v5_anchors + 6 * i + 2 * a;
			double w = 2 * (double)v[2], h = 2 * (double)v[3];

			head_case_center(
				e, (c % s - .5 + 2 * (double)v[0]) * stride,
				(c / s - .5 + 2 * (double)v[1]) * stride,
				w * w * k[0], h * h * k[1]);
			e->score =
				(double)v[4] * head_case_largest(v + 5, 3, 1);
		}
		level += 3 * s * s * 8;
	}
}

static void test_lite(void **state)
{
	(void)state;
	head_tail_check("YOLOv5", write_lite, decode_lite);
}

/* ---- YOLOv6 ---- */

static void write_yolov6(struct head_graph *g)
{
	head_tail_places(g, .5, 3);
	head_tail_planes(g, "dist", 4, 3);
	head_tail_planes(g, "cls", 3, 3);
	head_tail_centers(g);
	head_graph_add(g, "const %%one f32 1x84x1 = fill 1\n"
			  "%%s = Sigmoid(%%cls)\n"
			  "%%sr = Transpose(%%s) {perm=[0, 2, 1]}\n"
			  "%%br = Transpose(%%box) {perm=[0, 2, 1]}\n"
			  "%%all = Concat(%%br, %%one, %%sr) {axis=2}\n"
			  "output %%all\n");
}

/* [1, classes and box, rows, columns] of each level, classes first. */
static void write_raw_yolov6(struct head_graph *g)
{
	for (int i = 0; i < 3; i++) {
		char box[16], score[16];

		snprintf(box, sizeof(box), "b%d", i);
		snprintf(score, sizeof(score), "c%d", i);
		head_graph_map(g, box, 4, 8 << i);
		head_graph_map(g, score, 3, 8 << i);
		head_graph_add(g,
			       "%%s%d = Sigmoid(%%c%d)\n"
			       "%%o%d = Concat(%%s%d, %%b%d) {axis=1}\n"
			       "output %%o%d\n",
			       i, i, i, i, i, i);
	}
}

static void decode_raw_yolov6(struct head_decoded *d)
{
	for (int i = 0; i < 3; i++) {
		int stride = 8 << i, s = HEAD_TAIL_SIDE / stride, n = s * s;

		for (int c = 0; c < n; c++) {
			struct head_expected *e = head_case_add(d);
			const float *v = d->out[i] + c, *b = v + 3 * n;
			double x = c % s + .5, y = c / s + .5;

			e->box[0] = (x - (double)b[0]) * stride;
			e->box[1] = (y - (double)b[n]) * stride;
			e->box[2] = (x + (double)b[2 * n]) * stride;
			e->box[3] = (y + (double)b[3 * n]) * stride;
			e->score = head_case_largest(v, 3, n);
		}
	}
}

static void write_raw_yolo26(struct head_graph *g)
{
	head_graph_swish(g);
	write_raw_yolov6(g);
}

static void decode_yolov6(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 0, 0, CELLS, 8, 1, 8, 1, 0, 5,
						 3, true, 1 });
}

static void test_yolov6(void **state)
{
	(void)state;
	head_tail_check("YOLOv6", write_yolov6, decode_yolov6);
	head_tail_check("YOLOv6", write_raw_yolov6, decode_raw_yolov6);
	head_tail_check("YOLO26", write_raw_yolo26, decode_raw_yolov6);
}

/* ---- YOLOv8, and one-to-one heads before their TopK ---- */

static void write_yolov8(struct head_graph *g)
{
	head_tail_places(g, .5, 3);
	head_tail_planes(g, "dfl", 64, 3);
	head_tail_planes(g, "cls", 3, 3);
	head_tail_means(g, 16, CELLS);
	head_tail_centers(g);
	head_graph_add(g, "%%s = Sigmoid(%%cls)\n"
			  "%%all = Concat(%%box, %%s) {axis=1}\n"
			  "output %%all\n");
}

static void decode_yolov8(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 0, 0, CELLS, 1, CELLS, 1,
						 CELLS, 0, 4, 3, true, 1 });
}

/* What a TopK is cut off from: corners and scores in rows. */
static void finish_best(struct head_graph *g)
{
	head_graph_add(g, "%%s = Sigmoid(%%cls)\n"
			  "%%j = Concat(%%box, %%s) {axis=1}\n"
			  "%%rows = Transpose(%%j) {perm=[0, 2, 1]}\n"
			  "const %%cut i64 2 = [4, 3]\n"
			  "%%b, %%k = Split(%%rows, %%cut) {axis=2}\n"
			  "output %%k\noutput %%b\n");
}

static void write_yolov10(struct head_graph *g)
{
	head_tail_places(g, .5, 3);
	head_tail_planes(g, "dfl", 64, 3);
	head_tail_planes(g, "cls", 3, 3);
	head_tail_means(g, 16, CELLS);
	head_tail_corners(g);
	finish_best(g);
}

static void write_yolo26(struct head_graph *g)
{
	head_tail_places(g, .5, 3);
	head_tail_planes(g, "dist", 4, 3);
	head_tail_planes(g, "cls", 3, 3);
	head_tail_corners(g);
	finish_best(g);
}

static void decode_best(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 1, 0, CELLS, 4, 1, 3, 1, 0, 0,
						 3, false, 1 });
}

static void test_yolov8(void **state)
{
	(void)state;
	head_tail_check("YOLOv8", write_yolov8, decode_yolov8);
}

static void test_one_to_one(void **state)
{
	(void)state;
	head_tail_check_cut("YOLOv10", write_yolov10, decode_best,
			    (struct graph_cut){ "TopK", 1 });
	head_tail_check_cut("YOLO26", write_yolo26, decode_best,
			    (struct graph_cut){ "TopK", 1 });
}

/* ---- YOLOX with its decoding ---- */

static void write_yolox(struct head_graph *g)
{
	head_tail_places(g, 0, 3);
	head_graph_swish(g);
	head_graph_add(g, "const %%rest i64 4 = [2, 2, 1, 3]\n");
	head_tail_planes(g, "reg", 4, 3);
	head_tail_planes(g, "obj", 1, 3);
	head_tail_planes(g, "cls", 3, 3);
	head_graph_add(g, "%%so = Sigmoid(%%obj)\n%%sc = Sigmoid(%%cls)\n"
			  "%%j = Concat(%%reg, %%so, %%sc) {axis=1}\n"
			  "%%xy, %%wh, %%o, %%k = Split(%%j, %%rest) {axis=1}\n"
			  "%%at = Add(%%xy, %%places)\n"
			  "%%c = Mul(%%at, %%steps)\n%%e = Exp(%%wh)\n"
			  "%%w = Mul(%%e, %%steps)\n"
			  "%%d = Concat(%%c, %%w, %%o, %%k) {axis=1}\n"
			  "%%all = Transpose(%%d) {perm=[0, 2, 1]}\n"
			  "output %%all\n");
}

static void decode_yolox(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 0, 0, CELLS, 8, 1, 8, 1, 4, 5,
						 3, true, 1 });
}

static void test_yolox(void **state)
{
	(void)state;
	head_tail_check("YOLOX", write_yolox, decode_yolox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yolov5),
		cmocka_unit_test(test_lite),
		cmocka_unit_test(test_yolov6),
		cmocka_unit_test(test_yolov8),
		cmocka_unit_test(test_one_to_one),
		cmocka_unit_test(test_yolox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
