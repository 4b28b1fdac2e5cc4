/* SPDX-License-Identifier: Apache-2.0 */
/* YOLO with anchors: recognised, and decoded as a plain decoder does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/head_case.h"

/* ---- YOLOv5 and its kin: [1, 3, rows, columns, numbers] ---- */

static void write_yolo(struct head_graph *g, int levels, int first_stride,
		       int numbers, int side)
{
	for (int i = 0; i < levels; i++) {
		int stride = first_stride << i;
		char map[16], out[16];

		snprintf(map, sizeof(map), "m%d", i);
		snprintf(out, sizeof(out), "o%d", i);
		head_graph_map(g, map, 3 * numbers, stride);
		head_graph_anchors(g, out, map, numbers, side / stride,
				   side / stride);
		head_graph_output(g, out);
	}
}

static void decode_square(struct head_decoded *d, const float *v, int classes,
			  double x, double y, double stride, double aw,
			  double ah, int points)
{
	struct head_expected *e = head_case_add(d);
	double w = 2 * head_case_sigmoid((double)v[2]),
	       h = 2 * head_case_sigmoid((double)v[3]);
	double best = -1;

	head_case_center(
		e, (x - .5 + 2 * head_case_sigmoid((double)v[0])) * stride,
		(y - .5 + 2 * head_case_sigmoid((double)v[1])) * stride,
		w * w * aw, h * h * ah);
	for (int c = 0; c < classes; c++)
		best = fmax(best,
			    head_case_sigmoid((double)v[5 + 2 * points + c]));
	e->score = head_case_sigmoid((double)v[4]) * best;
	for (int k = 0; k < points; k++) {
		e->points[2 * k] = x * stride + (double)v[5 + 2 * k] * aw;
		e->points[2 * k + 1] = y * stride + (double)v[6 + 2 * k] * ah;
	}
}

static void decode_yolo(struct head_decoded *d, int levels, int first_stride,
			int numbers, int points, const double *anchors)
{
	for (int i = 0; i < levels; i++) {
		int stride = first_stride << i, side = (int)d->width / stride;

		for (int cell = 0; cell < side * side; cell++)
			for (int a = 0; a < 3; a++)
				decode_square(d,
					      d->out[i] + (a * side * side +
							   cell) * numbers,
					      numbers - 5 - 2 * points,
					      cell % side, cell / side, stride,
					      anchors[6 * i + 2 * a],
					      anchors[6 * i + 2 * a + 1],
					      points);
	}
}

static const double v5_anchors[] = { 10, 13, 16,  30,  33, 23,  30,  61,  62,
				     45, 59, 119, 116, 90, 156, 198, 373, 326 };

static void write_yolov5(struct head_graph *g)
{
	head_graph_swish(g);
	head_graph_pool(g, 5, 1);
	write_yolo(g, 3, 8, 8, 64);
}

static void decode_yolov5(struct head_decoded *d)
{
	decode_yolo(d, 3, 8, 8, 0, v5_anchors);
}

static void write_yolov7(struct head_graph *g)
{
	for (int i = 0; i < 3; i++)
		head_graph_pool(g, 2, 2);
	head_graph_swish(g);
	write_yolo(g, 3, 8, 7, 64);
}

static void decode_yolov7(struct head_decoded *d)
{
	static const double anchors[] = { 12,  16,  19,  36,  40,  28,
					  36,  75,  76,  55,  72,  146,
					  142, 110, 192, 243, 459, 401 };

	decode_yolo(d, 3, 8, 7, 0, anchors);
}

static void write_yolov5_face(struct head_graph *g)
{
	head_graph_pool(g, 2, 2);
	head_graph_swish(g);
	write_yolo(g, 3, 8, 16, 64);
}

static void decode_yolov5_face(struct head_decoded *d)
{
	static const double anchors[] = { 4,   5,   8,   10,  13,  16,
					  23,  29,  43,  55,  73,  105,
					  146, 217, 231, 300, 335, 433 };

	decode_yolo(d, 3, 8, 16, 5, anchors);
}

/* YOLOv5-Lite: rows of all levels in one output, a cell's anchors together. */
static void write_lite(struct head_graph *g)
{
	for (int i = 0; i < 3; i++) {
		char map[16], out[16];

		snprintf(map, sizeof(map), "m%d", i);
		snprintf(out, sizeof(out), "o%d", i);
		head_graph_map(g, map, 3 * 9, 8 << i);
		head_graph_rows(g, out, map, 9);
	}
	head_graph_add(g, "%%all = Concat(%%o0, %%o1, %%o2) {axis=1}\n"
			  "output %%all\n");
}

static void decode_lite(struct head_decoded *d)
{
	const float *v = d->out[0];

	for (int i = 0; i < 3; i++) {
		int side = (int)d->width / (8 << i);

		for (int n = 0; n < 3 * side * side; n++, v += 9)
			decode_square(d, v, 4, n / 3 % side, n / 3 / side,
				      8 << i, v5_anchors[6 * i + n % 3 * 2],
				      v5_anchors[6 * i + n % 3 * 2 + 1], 0);
	}
}

/* ---- Darknet: planes [1, 3 * (5 + classes), rows, columns] ---- */

static void write_darknet(struct head_graph *g)
{
	for (int i = 0; i < 2; i++) {
		char map[16];

		snprintf(map, sizeof(map), "m%d", i);
		head_graph_map(g, map, 3 * 7, 16 << i);
		head_graph_output(g, map);
	}
	head_graph_leaky(g);
}

static void write_yolov3_tiny(struct head_graph *g)
{
	for (int i = 0; i < 5; i++)
		head_graph_pool(g, 2, 2);
	write_darknet(g);
}

static void decode_darknet(struct head_decoded *d, const double *anchors,
			   double range)
{
	for (int i = 0; i < 2; i++) {
		int stride = 16 << i, side = (int)d->width / stride;
		int plane = side * side;

		for (int n = 0; n < 3 * plane; n++) {
			struct head_expected *e = head_case_add(d);
			const float *v = d->out[i] + n % 3 * 7 * plane + n / 3;
			double x = head_case_sigmoid((double)v[0]) * range;
			double y = head_case_sigmoid((double)v[plane]) * range;
			const double *a = anchors + 6 * i + n % 3 * 2;

			x += n / 3 % side - (range - 1) / 2;
			y += n / 3 / side - (range - 1) / 2;
			head_case_center(e, x * stride, y * stride,
					 a[0] * exp((double)v[2 * plane]),
					 a[1] * exp((double)v[3 * plane]));
			e->score =
				head_case_sigmoid((double)v[4 * plane]) *
				fmax(head_case_sigmoid((double)v[5 * plane]),
				     head_case_sigmoid((double)v[6 * plane]));
		}
	}
}

static void decode_yolov3_tiny(struct head_decoded *d)
{
	static const double anchors[] = { 10, 14, 23,  27,  37,  58,
					  81, 82, 135, 169, 344, 319 };

	decode_darknet(d, anchors, 1);
}

static void decode_yolov4_tiny(struct head_decoded *d)
{
	static const double anchors[] = { 23, 27, 37,  58,  81,  82,
					  81, 82, 135, 169, 344, 319 };

	decode_darknet(d, anchors, 1.05);
}

/* ---- Yolo-FastestV2: the anchors of a cell share their classes ---- */

static void write_fastest2(struct head_graph *g)
{
	for (int i = 0; i < 2; i++) {
		char a[8], b[8], c[8];

		snprintf(a, sizeof(a), "a%d", i);
		snprintf(b, sizeof(b), "b%d", i);
		snprintf(c, sizeof(c), "c%d", i);
		head_graph_map(g, a, 12, 16 << i);
		head_graph_map(g, b, 3, 16 << i);
		head_graph_map(g, c, 5, 16 << i);
		head_graph_add(g,
			       "%%sa%d = Sigmoid(%%a%d)\n"
			       "%%sb%d = Sigmoid(%%b%d)\n"
			       "%%sc%d = Softmax(%%c%d) {axis=1}\n"
			       "%%j%d = Concat(%%sa%d, %%sb%d, %%sc%d) "
			       "{axis=1}\n"
			       "%%o%d = Transpose(%%j%d) {perm=[0, 2, 3, 1]}\n"
			       "output %%o%d\n",
			       i, i, i, i, i, i, i, i, i, i, i, i, i);
	}
}

static void decode_fastest2(struct head_decoded *d)
{
	static const double anchors[] = { 12.64,  19.39,  37.88,  51.48,
					  55.71,  138.31, 126.91, 78.23,
					  131.57, 214.55, 279.92, 258.87 };

	for (int i = 0; i < 2; i++) {
		int stride = 16 << i, side = (int)d->width / stride;

		for (int n = 0; n < 3 * side * side; n++) {
			struct head_expected *e = head_case_add(d);
			const float *v = d->out[i] + n / 3 * 20;
			const float *b = v + n % 3 * 4;
			const double *a = anchors + 6 * i + n % 3 * 2;
			double w = 2 * (double)b[2], h = 2 * (double)b[3];
			double x = n / 3 % side, y = n / 3 / side;

			head_case_center(e,
					 (x - .5 + 2 * (double)b[0]) * stride,
					 (y - .5 + 2 * (double)b[1]) * stride,
					 w * w * a[0], h * h * a[1]);
			e->score = (double)v[12 + n % 3] *
				   head_case_largest(v + 15, 5, 1);
		}
	}
}

/* ---- All ---- */

static void test_yolov5(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "YOLOv5", 64, 64, 0, write_yolov5,
					     decode_yolov5 });
}

static void test_yolov7(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "YOLOv7", 64, 64, 0, write_yolov7,
					     decode_yolov7 });
}

static void test_yolov5_face(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "YOLOv5-face", 64, 64, 5,
					     write_yolov5_face,
					     decode_yolov5_face });
}

static void test_lite(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "YOLOv5", 64, 64, 0, write_lite,
					     decode_lite });
}

static void test_yolov3_tiny(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "YOLOv3-tiny", 64, 64, 0,
					     write_yolov3_tiny,
					     decode_yolov3_tiny });
}

static void test_yolov4_tiny(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){
		"YOLOv4-tiny", 64, 64, 0, write_darknet, decode_yolov4_tiny });
}

static void test_fastest2(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "Yolo-FastestV2", 64, 64, 0,
					     write_fastest2, decode_fastest2 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yolov5),
		cmocka_unit_test(test_yolov7),
		cmocka_unit_test(test_yolov5_face),
		cmocka_unit_test(test_lite),
		cmocka_unit_test(test_yolov3_tiny),
		cmocka_unit_test(test_yolov4_tiny),
		cmocka_unit_test(test_fastest2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
