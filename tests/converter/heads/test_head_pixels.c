/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes in pixels and heat maps: recognised, and decoded as a plain decoder
 * does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/head_case.h"

/* ---- MediaPipe: two grids, offsets and points in pixels ---- */

static void write_pixels(struct head_graph *g, int fine, int numbers,
			 const int boxes[2])
{
	static const char *const names[] = { "a", "b" };
	const int each[] = { numbers, 1 };

	for (int p = 0; p < 2; p++) {
		for (int i = 0; i < 2; i++) {
			char map[8], rows[8];

			snprintf(map, sizeof(map), "%s%d", names[p], i);
			snprintf(rows, sizeof(rows), "r%s%d", names[p], i);
			head_graph_map(g, map, boxes[i] * each[p], fine << i);
			head_graph_rows(g, rows, map, each[p]);
		}
		head_graph_add(g, "%%%s = Concat(%%r%s0, %%r%s1) {axis=1}\n",
			       names[p], names[p], names[p]);
		head_graph_output(g, names[p]);
	}
}

static void decode_pixels(struct head_decoded *d, int fine, int numbers,
			  const int boxes[2])
{
	for (int i = 0; i < 2; i++) {
		int stride = fine << i, side = (int)d->width / stride;

		for (int n = 0; n < boxes[i] * side * side; n++) {
			const float *v = d->out[0] + numbers * d->count;
			double score = (double)d->out[1][d->count];
			struct head_expected *e = head_case_add(d);
			int cell = n / boxes[i];
			double x = (cell % side + .5) * stride;
			double y = (cell / side + .5) * stride;

			head_case_center(e, x + (double)v[0], y + (double)v[1],
					 (double)v[2], (double)v[3]);
			e->score = head_case_sigmoid(score);
			for (int k = 4; k < numbers; k++)
				e->points[k - 4] =
					(k % 2 ? y : x) + (double)v[k];
		}
	}
}

static const int two_six[] = { 2, 6 };

static void write_blazeface(struct head_graph *g)
{
	write_pixels(g, 8, 16, two_six);
}

static void decode_blazeface(struct head_decoded *d)
{
	decode_pixels(d, 8, 16, two_six);
}

static void write_palm(struct head_graph *g)
{
	write_pixels(g, 8, 18, two_six);
}

static void decode_palm(struct head_decoded *d)
{
	decode_pixels(d, 8, 18, two_six);
}

/* ---- Heat maps ---- */

static void write_heat_map(struct head_graph *g, int classes, int points)
{
	head_graph_map(g, "a", classes, 4);
	head_graph_map(g, "b", 2, 4);
	head_graph_map(g, "c", 2, 4);
	head_graph_add(g, "%%s = Sigmoid(%%a)\noutput %%s\noutput %%b\n"
			  "output %%c\n");
	if (!points)
		return;
	head_graph_map(g, "d", 2 * points, 4);
	head_graph_output(g, "d");
}

static void write_centernet(struct head_graph *g)
{
	write_heat_map(g, 3, 0);
}

static void decode_centernet(struct head_decoded *d)
{
	int side = (int)d->width / 4, plane = side * side;

	for (int n = 0; n < plane; n++) {
		struct head_expected *e = head_case_add(d);
		const float *size = d->out[1] + n, *at = d->out[2] + n;

		head_case_center(e, (n % side + (double)at[0]) * 4,
				 (n / side + (double)at[plane]) * 4,
				 4 * (double)size[0], 4 * (double)size[plane]);
		e->score = head_case_largest(d->out[0] + n, 3, plane);
	}
}

static void write_centerface(struct head_graph *g)
{
	write_heat_map(g, 1, 5);
}

static void decode_centerface(struct head_decoded *d)
{
	int side = (int)d->width / 4, plane = side * side;

	for (int n = 0; n < plane; n++) {
		struct head_expected *e = head_case_add(d);
		const float *size = d->out[1] + n, *at = d->out[2] + n;
		const float *p = d->out[3] + n;
		double h = exp((double)size[0]) * 4;
		double w = exp((double)size[plane]) * 4;

		head_case_center(e, (n % side + (double)at[plane] + .5) * 4,
				 (n / side + (double)at[0] + .5) * 4, w, h);
		e->score = (double)d->out[0][n];
		for (int k = 0; k < 5; k++) {
			e->points[2 * k] =
				e->box[0] + (double)p[(2 * k + 1) * plane] * w;
			e->points[2 * k + 1] =
				e->box[1] + (double)p[2 * k * plane] * h;
		}
	}
}

/* ---- All ---- */

static void test_blazeface(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){
		"BlazeFace", 128, 128, 6, write_blazeface, decode_blazeface });
}

static void test_palm(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "palm detection", 64, 64, 7,
					     write_palm, decode_palm });
}

static void test_centernet(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){
		"CenterNet", 64, 64, 0, write_centernet, decode_centernet });
}

static void test_centerface(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){
		"CenterFace", 64, 64, 5, write_centerface, decode_centerface });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blazeface),
		cmocka_unit_test(test_palm),
		cmocka_unit_test(test_centernet),
		cmocka_unit_test(test_centerface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
