/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes as distances: recognised, and decoded as a plain decoder does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/head_case.h"

/* ---- SCRFD: nine outputs, two boxes a cell ---- */

static void write_scrfd(struct head_graph *g)
{
	static const char *const parts[] = { "a", "b", "c" };
	static const int numbers[] = { 1, 4, 10 };

	for (int p = 0; p < 3; p++)
		for (int i = 0; i < 3; i++) {
			char map[16], rows[16];

			snprintf(map, sizeof(map), "m%s%d", parts[p], i);
			snprintf(rows, sizeof(rows), "r%s%d", parts[p], i);
			head_graph_map(g, map, 2 * numbers[p], 8 << i);
			head_graph_rows(g, rows, map, numbers[p]);
			if (p == 0)
				head_graph_add(g, "%%s%d = Sigmoid(%%%s)\n", i,
					       rows);
		}
	for (int p = 0; p < 3; p++)
		for (int i = 0; i < 3; i++)
			head_graph_add(g, "output %%%s%s%d\n", p ? "r" : "s",
				       p ? parts[p] : "", i);
}

static void decode_scrfd(struct head_decoded *d)
{
	for (int i = 0; i < 3; i++) {
		int stride = 8 << i, columns = (int)d->width / stride;
		int boxes = columns * ((int)d->height / stride) * 2;

		for (int n = 0; n < boxes; n++) {
			struct head_expected *e = head_case_add(d);
			double x = n / 2 % columns * stride;
			double y = n / 2 / columns * stride;
			const float *b = d->out[3 + i] + 4 * n;
			const float *p = d->out[6 + i] + 10 * n;

			e->score = (double)d->out[i][n];
			e->box[0] = x - (double)b[0] * stride;
			e->box[1] = y - (double)b[1] * stride;
			e->box[2] = x + (double)b[2] * stride;
			e->box[3] = y + (double)b[3] * stride;
			for (int k = 0; k < 5; k++) {
				e->points[2 * k] =
					x + (double)p[2 * k] * stride;
				e->points[2 * k + 1] =
					y + (double)p[2 * k + 1] * stride;
			}
		}
	}
}

/* ---- Distances: NanoDet-Plus and PicoDet have 8 bins ---- */

static double mean_bin(const float *v, int bins, int step)
{
	double sum = 0, mean = 0;

	for (int i = 0; i < bins; i++) {
		sum += exp((double)v[i * step]);
		mean += i * exp((double)v[i * step]);
	}
	return mean / sum;
}

static void set_distances(struct head_expected *e, double x, double y,
			  const double by[4])
{
	e->box[0] = x - by[0];
	e->box[1] = y - by[1];
	e->box[2] = x + by[2];
	e->box[3] = y + by[3];
}

static void write_nanodet_plus(struct head_graph *g)
{
	head_graph_add(g, "const %%parts i64 2 = [3, 32]\n"
			  "const %%flat i64 3 = [1, 35, -1]\n");
	for (int i = 0; i < 4; i++) {
		char map[16];

		snprintf(map, sizeof(map), "m%d", i);
		head_graph_map(g, map, 35, 8 << i);
		head_graph_add(g,
			       "%%c%d, %%b%d = Split(%%m%d, %%parts) "
			       "{axis=1}\n%%s%d = Sigmoid(%%c%d)\n"
			       "%%j%d = Concat(%%s%d, %%b%d) {axis=1}\n"
			       "%%f%d = Reshape(%%j%d, %%flat)\n",
			       i, i, i, i, i, i, i, i, i, i);
	}
	head_graph_add(g, "%%all = Concat(%%f0, %%f1, %%f2, %%f3) {axis=2}\n"
			  "%%out = Transpose(%%all) {perm=[0, 2, 1]}\n"
			  "output %%out\n");
}

static void decode_nanodet_plus(struct head_decoded *d)
{
	const float *v = d->out[0];

	for (int i = 0; i < 4; i++) {
		int stride = 8 << i, side = (int)d->width / stride;

		for (int n = 0; n < side * side; n++, v += 35) {
			struct head_expected *e = head_case_add(d);
			double by[4];

			for (int k = 0; k < 4; k++)
				by[k] = mean_bin(v + 3 + 8 * k, 8, 1) * stride;
			set_distances(e, n % side * stride, n / side * stride,
				      by);
			e->score = (double)fmaxf(v[0], fmaxf(v[1], v[2]));
		}
	}
}

/* Scores are roots of products of two maps. */
static void write_picodet(struct head_graph *g)
{
	for (int i = 0; i < 4; i++) {
		char a[8], b[8], c[8], out[8];

		snprintf(a, sizeof(a), "a%d", i);
		snprintf(b, sizeof(b), "b%d", i);
		snprintf(c, sizeof(c), "c%d", i);
		snprintf(out, sizeof(out), "q%d", i);
		head_graph_map(g, a, 3, 8 << i);
		head_graph_map(g, b, 1, 8 << i);
		head_graph_map(g, c, 32, 8 << i);
		head_graph_add(g,
			       "%%sa%d = Sigmoid(%%a%d)\n"
			       "%%sb%d = Sigmoid(%%b%d)\n"
			       "%%p%d = Mul(%%sa%d, %%sb%d)\n"
			       "%%z%d = Sqrt(%%p%d)\n",
			       i, i, i, i, i, i, i, i, i);
		snprintf(a, sizeof(a), "z%d", i);
		snprintf(b, sizeof(b), "o%d", i);
		head_graph_rows(g, b, a, 3);
		head_graph_rows(g, out, c, 32);
	}
	for (int i = 0; i < 4; i++)
		head_graph_add(g, "output %%o%d\n", i);
	for (int i = 0; i < 4; i++)
		head_graph_add(g, "output %%q%d\n", i);
}

static void decode_picodet(struct head_decoded *d)
{
	for (int i = 0; i < 4; i++) {
		int stride = 8 << i, side = (int)d->width / stride;

		for (int n = 0; n < side * side; n++) {
			struct head_expected *e = head_case_add(d);
			const float *s = d->out[i] + 3 * n;
			double by[4];

			for (int k = 0; k < 4; k++)
				by[k] = mean_bin(d->out[4 + i] + 32 * n + 8 * k,
						 8, 1) *
					stride;
			set_distances(e, (n % side + .5) * stride,
				      (n / side + .5) * stride, by);
			e->score = (double)fmaxf(s[0], fmaxf(s[1], s[2]));
		}
	}
}

static void write_rtmdet(struct head_graph *g)
{
	for (int i = 0; i < 3; i++) {
		char a[8], b[8];

		snprintf(a, sizeof(a), "a%d", i);
		snprintf(b, sizeof(b), "b%d", i);
		head_graph_map(g, a, 3, 8 << i);
		head_graph_map(g, b, 4, 8 << i);
		head_graph_add(g,
			       "%%s%d = Sigmoid(%%a%d)\n"
			       "const %%k%d f32 scalar = [%d]\n"
			       "%%p%d = Mul(%%b%d, %%k%d)\n",
			       i, i, i, 8 << i, i, i, i);
	}
	for (int i = 0; i < 3; i++)
		head_graph_add(g, "output %%s%d\noutput %%p%d\n", i, i);
}

static void decode_rtmdet(struct head_decoded *d)
{
	for (int i = 0; i < 3; i++) {
		int stride = 8 << i, side = (int)d->width / stride;
		int plane = side * side;

		for (int n = 0; n < plane; n++) {
			struct head_expected *e = head_case_add(d);
			const float *s = d->out[2 * i] + n;
			double by[4];

			for (int k = 0; k < 4; k++)
				by[k] = (double)d
						->out[2 * i + 1][k * plane + n];
			set_distances(e, n % side * stride, n / side * stride,
				      by);
			e->score = (double)fmaxf(s[0],
						 fmaxf(s[plane], s[2 * plane]));
		}
	}
}

/* ---- YOLOv8 with key points, as it is exported without its decoding: 64
 * numbers of distances, a class, five points of three numbers ---- */

static void write_yolov8_pose(struct head_graph *g)
{
	for (int i = 0; i < 3; i++) {
		char a[8], b[8], c[8];

		snprintf(a, sizeof(a), "a%d", i);
		snprintf(b, sizeof(b), "b%d", i);
		snprintf(c, sizeof(c), "c%d", i);
		head_graph_map(g, a, 64, 8 << i);
		head_graph_map(g, b, 1, 8 << i);
		head_graph_map(g, c, 15, 8 << i);
		head_graph_add(g,
			       "%%all%d = Concat(%%a%d, %%b%d, %%c%d) "
			       "{axis=1}\n",
			       i, i, i, i);
	}
	for (int i = 0; i < 3; i++)
		head_graph_add(g, "output %%all%d\n", i);
}

static void decode_pose_cell(struct head_decoded *d, int stride, int n,
			     const float *v)
{
	int side = (int)d->width / stride, plane = side * side;
	struct head_expected *e = head_case_add(d);
	const float *p = v + 65 * plane + n;
	double by[4];

	for (int k = 0; k < 4; k++)
		by[k] = mean_bin(v + 16 * k * plane + n, 16, plane) * stride;
	set_distances(e, (n % side + .5) * stride, (n / side + .5) * stride,
		      by);
	e->score = head_case_sigmoid((double)v[64 * plane + n]);
	for (int k = 0; k < 5; k++, p += 3 * plane) {
		e->points[2 * k] = ((double)p[0] * 2 + n % side) * stride;
		e->points[2 * k + 1] =
			((double)p[plane] * 2 + n / side) * stride;
	}
}

static void decode_yolov8_pose(struct head_decoded *d)
{
	for (int i = 0; i < 3; i++) {
		int stride = 8 << i, side = (int)d->width / stride;

		for (int n = 0; n < side * side; n++)
			decode_pose_cell(d, stride, n, d->out[i]);
	}
}

/* ---- All ---- */

static void test_scrfd(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "SCRFD", 64, 64, 5, write_scrfd,
					     decode_scrfd });
}

static void test_nanodet_plus(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "NanoDet-Plus", 64, 64, 0,
					     write_nanodet_plus,
					     decode_nanodet_plus });
}

static void test_picodet(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "PicoDet", 64, 64, 0,
					     write_picodet, decode_picodet });
}

static void test_rtmdet(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "RTMDet", 64, 64, 0, write_rtmdet,
					     decode_rtmdet });
}

static void test_yolov8_pose(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){
		"YOLOv8", 64, 64, 5, write_yolov8_pose, decode_yolov8_pose });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yolov8_pose),
		cmocka_unit_test(test_scrfd),
		cmocka_unit_test(test_nanodet_plus),
		cmocka_unit_test(test_picodet),
		cmocka_unit_test(test_rtmdet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
