/* SPDX-License-Identifier: Apache-2.0 */
/* Darknet's heads as PyTorch and TensorFlow write them: recognised, and
 * decoded as a plain decoder does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/head_tails.h"

#define NUMBERS 8 /* of a box with three classes */

enum arrangement { PLANES, CHANNELS_LAST, FIVE };

static void write_map(struct head_graph *g, int i, int stride,
		      enum arrangement how)
{
	int side = HEAD_TAIL_SIDE / stride;
	char map[16];

	snprintf(map, sizeof(map), "m%d", i);
	head_graph_map(g, map, 3 * NUMBERS, stride);
	if (how == PLANES) {
		head_graph_output(g, map);
		return;
	}
	head_graph_add(g, "%%t%d = Transpose(%%m%d) {perm=[0, 2, 3, 1]}\n", i,
		       i);
	if (how == FIVE)
		head_graph_add(g,
			       "const %%d%d i64 5 = [1, %d, %d, 3, %d]\n"
			       "%%o%d = Reshape(%%t%d, %%d%d)\noutput %%o%d\n",
			       i, side, side, NUMBERS, i, i, i, i);
	else
		head_graph_add(g, "output %%t%d\n", i);
}

static void write_levels(struct head_graph *g, int levels, int first_stride,
			 enum arrangement how)
{
	for (int i = 0; i < levels; i++)
		write_map(g, i, first_stride << i, how);
}

/* cx = (s(x) v - (v - 1) / 2 + column) stride, w = exp(w) anchor. */
static void decode_levels(struct head_decoded *d, int levels, int first_stride,
			  bool planes, const double *anchors)
{
	for (int i = 0; i < levels; i++) {
		int stride = first_stride << i, side = HEAD_TAIL_SIDE / stride;
		int cells = side * side, step = planes ? cells : 1;

		for (int n = 0; n < 3 * cells; n++) {
			struct head_expected *e = head_case_add(d);
			int c = n / 3, a = n % 3;
			const float *v =
				planes ? d->out[i] + a * NUMBERS * cells + c :
					 d->out[i] + n * NUMBERS;
			const double *k = anchors + 6 * i + 2 * a;

			head_case_center(
				e,
				(head_case_sigmoid((double)v[0]) + c % side) *
					stride,
				(head_case_sigmoid((double)v[step]) +
				 c / side) *
					stride,
				k[0] * exp((double)v[2 * step]),
				k[1] * exp((double)v[3 * step]));
			e->score = head_case_sigmoid((double)v[4 * step]) *
				   head_case_sigmoid(head_case_largest(
					   v + 5 * step, NUMBERS - 5, step));
		}
	}
}

/* ---- YOLOv3, cfg/yolov3.cfg ---- */

static const double v3_anchors[] = { 10, 13, 16,  30,  33, 23,  30,  61,  62,
				     45, 59, 119, 116, 90, 156, 198, 373, 326 };

static void write_planes(struct head_graph *g)
{
	head_graph_leaky(g);
	write_levels(g, 3, 8, PLANES);
}

static void decode_planes(struct head_decoded *d)
{
	decode_levels(d, 3, 8, true, v3_anchors);
}

static void write_channels_last(struct head_graph *g)
{
	head_graph_leaky(g);
	write_levels(g, 3, 8, CHANNELS_LAST);
}

static void write_five(struct head_graph *g)
{
	head_graph_leaky(g);
	write_levels(g, 3, 8, FIVE);
}

static void decode_rows(struct head_decoded *d)
{
	decode_levels(d, 3, 8, false, v3_anchors);
}

static void test_yolov3(void **state)
{
	(void)state;
	head_tail_check("YOLOv3", write_planes, decode_planes);
	head_tail_check("YOLOv3", write_channels_last, decode_rows);
	head_tail_check("YOLOv3", write_five, decode_rows);
}

/* ---- Yolo-Fastest, ModelZoo/yolo-fastest-1.1_coco: depthwise layers ---- */

static void write_fastest(struct head_graph *g)
{
	for (int i = 0; i < 3; i++)
		head_graph_add(g,
			       "const %%dw%d f32 3x1x3x3 = random %d\n"
			       "%%deep%d = Conv(%%x, %%dw%d) {group=3}\n",
			       i, 50 + i, i, i);
	write_levels(g, 2, 16, PLANES);
}

static void decode_fastest(struct head_decoded *d)
{
	static const double anchors[] = { 12,  18, 37,  49,  52,  132,
					  115, 73, 119, 199, 242, 238 };

	decode_levels(d, 2, 16, true, anchors);
}

static void test_fastest(void **state)
{
	(void)state;
	head_tail_check("Yolo-Fastest", write_fastest, decode_fastest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yolov3),
		cmocka_unit_test(test_fastest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
