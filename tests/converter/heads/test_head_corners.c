/* SPDX-License-Identifier: Apache-2.0 */
/* Heads whose exporters write corners and scores apart, and the same without
 * the decoding: recognised, and decoded as a plain decoder does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/head_joined.h"
#include "tests/support/head_tails.h"

/* ---- DAMO-YOLO: 17 bins, from the corner of the cell ---- */

static void write_damo(struct head_graph *g)
{
	head_tail_places(g, 0, 3);
	head_tail_planes(g, "dfl", 68, 3);
	head_tail_planes(g, "cls", 3, 3);
	head_tail_means(g, 17, 84);
	head_tail_corners(g);
	head_graph_add(g, "%%s = Sigmoid(%%cls)\n"
			  "%%sr = Transpose(%%s) {perm=[0, 2, 1]}\n"
			  "%%br = Transpose(%%box) {perm=[0, 2, 1]}\n"
			  "output %%sr\noutput %%br\n");
}

static void decode_damo(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 1, 0, 84, 4, 1, 3, 1, 0, 0, 3,
						 false, 1 });
}

/* Maps of sigmoids, then of distributions with a trained factor. */
static void write_raw_damo(struct head_graph *g)
{
	for (int i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "c%d", i);
		head_graph_map(g, name, 3, 8 << i);
		head_graph_add(g, "%%s%d = Sigmoid(%%c%d)\noutput %%s%d\n", i,
			       i, i);
	}
	for (int i = 0; i < 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "b%d", i);
		head_graph_map(g, name, 68, 8 << i);
		head_graph_add(g,
			       "const %%k%d f32 scalar = [%g]\n"
			       "%%f%d = Mul(%%b%d, %%k%d)\noutput %%f%d\n",
			       i, 1.1 - .1 * i, i, i, i, i);
	}
}

static double mean_of(const float *v, int bins, int step)
{
	double sum = 0, mean = 0;

	for (int i = 0; i < bins; i++) {
		sum += exp((double)v[i * step]);
		mean += i * exp((double)v[i * step]);
	}
	return mean / sum;
}

static void decode_raw_damo(struct head_decoded *d)
{
	for (int i = 0; i < 3; i++) {
		int stride = 8 << i, s = HEAD_TAIL_SIDE / stride, n = s * s;

		for (int c = 0; c < n; c++) {
			struct head_expected *e = head_case_add(d);
			const float *b = d->out[3 + i] + c;

			for (int k = 0; k < 4; k++) {
				int at = k % 2 ? c / s : c % s;
				double far = mean_of(b + 17 * k * n, 17, n);

				e->box[k] =
					(at + (k < 2 ? -far : far)) * stride;
			}
			e->score = head_case_largest(d->out[i] + c, 3, n);
		}
	}
}

static void test_damo(void **state)
{
	(void)state;
	head_tail_check("DAMO-YOLO", write_damo, decode_damo);
	head_tail_check("DAMO-YOLO", write_raw_damo, decode_raw_damo);
}

/* ---- PicoDet: 8 bins of four levels, scores in planes ---- */

static void write_picodet(struct head_graph *g)
{
	head_tail_places(g, .5, 4);
	head_tail_planes(g, "dfl", 32, 4);
	head_tail_planes(g, "cls", 3, 4);
	head_tail_means(g, 8, 85);
	head_tail_corners(g);
	head_graph_add(g, "%%s = Sigmoid(%%cls)\n"
			  "%%br = Transpose(%%box) {perm=[0, 2, 1]}\n"
			  "output %%br\noutput %%s\n");
}

static void decode_picodet(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 0, 1, 85, 4, 1, 1, 85, 0, 0, 3,
						 false, 1 });
}

static void test_picodet(void **state)
{
	(void)state;
	head_tail_check("PicoDet", write_picodet, decode_picodet);
}

/* ---- Offsets to priors that the graph holds ---- */

struct ssd {
	int levels, anchors[6], strides[6], scores, points;
	double sizes[6][2]; /* of the squares, as shares of the input */
	bool sliced;        /* the background is left out */
};

static void add_rows(struct head_graph *g, const struct ssd *s,
		     const char *name, int numbers)
{
	for (int i = 0; i < s->levels; i++) {
		char map[16], rows[16];

		snprintf(map, sizeof(map), "%s%d", name, i);
		snprintf(rows, sizeof(rows), "r%s%d", name, i);
		head_graph_map(g, map, s->anchors[i] * numbers, s->strides[i]);
		head_graph_rows(g, rows, map, numbers);
	}
	head_graph_add(g, "%%%s = Concat(%%r%s0", name, name);
	for (int i = 1; i < s->levels; i++)
		head_graph_add(g, ", %%r%s%d", name, i);
	head_graph_add(g, ") {axis=1}\n");
}

static int side_of(const struct ssd *s, int level)
{
	return (HEAD_TAIL_SIDE + s->strides[level] - 1) / s->strides[level];
}

/* One number of each prior: 0 and 1 the centre, 2 the size. */
static double prior(const struct ssd *s, int level, int cell, int anchor,
		    int what)
{
	int side = side_of(s, level);
	int at = what ? cell / side : cell % side;

	if (what == 2)
		return s->sizes[level][anchor % 2] * (1 + anchor / 2);
	return (at + .5) * s->strides[level] / HEAD_TAIL_SIDE;
}

static int count_of(const struct ssd *s)
{
	int n = 0;

	for (int i = 0; i < s->levels; i++)
		n += s->anchors[i] * side_of(s, i) * side_of(s, i);
	return n;
}

static void add_prior(struct head_graph *g, const struct ssd *s,
		      const char *name, int first)
{
	bool any = false;

	head_graph_add(g, "const %%%s f32 1x%dx2 = [", name, count_of(s));
	for (int i = 0; i < s->levels; i++)
		for (int n = 0; n < side_of(s, i) * side_of(s, i); n++)
			for (int a = 0; a < 2 * s->anchors[i]; a++) {
				head_graph_add(g, "%s%g", any ? ", " : "",
					       prior(s, i, n, a / 2,
						     first ? 2 : a % 2));
				any = true;
			}
	head_graph_add(g, "]\n");
}

static void write_ssd(struct head_graph *g, const struct ssd *s)
{
	add_rows(g, s, "loc", 4);
	add_rows(g, s, "conf", s->scores);
	add_prior(g, s, "pc", 0);
	add_prior(g, s, "ps", 2);
	head_graph_add(g, "const %%two i64 2 = [2, 2]\n"
			  "const %%v0 f32 scalar = [0.1]\n"
			  "const %%v1 f32 scalar = [0.2]\n"
			  "const %%h f32 scalar = [2]\n"
			  "%%dc, %%ds = Split(%%loc, %%two) {axis=2}\n"
			  "%%a0 = Mul(%%dc, %%v0)\n%%a1 = Mul(%%a0, %%ps)\n"
			  "%%c = Add(%%pc, %%a1)\n%%e0 = Mul(%%ds, %%v1)\n"
			  "%%e1 = Exp(%%e0)\n%%w = Mul(%%ps, %%e1)\n"
			  "%%hw = Div(%%w, %%h)\n%%n = Sub(%%c, %%hw)\n"
			  "%%f = Add(%%c, %%hw)\n"
			  "%%boxes = Concat(%%n, %%f) {axis=2}\n"
			  "%%s = Softmax(%%conf) {axis=2}\n");
	if (s->sliced)
		head_graph_add(g,
			       "const %%cut i64 2 = [1, %d]\n"
			       "%%back, %%kept = Split(%%s, %%cut) {axis=2}\n"
			       "%%scores = Transpose(%%kept) "
			       "{perm=[0, 2, 1]}\n"
			       "output %%boxes\noutput %%scores\n",
			       s->scores - 1);
	else
		head_graph_add(g, "output %%s\noutput %%boxes\n");
}

/* Six levels, as both are built. */
#define SSD_LEVELS                                                     \
	.levels = 6, .strides = { 4, 8, 16, 22, 32, 64 }, .scores = 4, \
	.sizes = { { .1, .15 }, { .15, .2 }, { .2, .3 },               \
		   { .3, .4 },  { .4, .6 },  { .6, .9 } }

static const struct ssd pytorch_ssd = {
	SSD_LEVELS,
	.anchors = { 6, 6, 6, 6, 6, 6 },
};
static const struct ssd sliced_ssd = {
	SSD_LEVELS,
	.anchors = { 2, 2, 2, 2, 2, 2 },
	.sliced = true,
};

static void write_pytorch_ssd(struct head_graph *g)
{
	write_ssd(g, &pytorch_ssd);
}

static void decode_pytorch_ssd(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 1, 0, count_of(&pytorch_ssd),
						 4, 1, 4, 1, 0, 1, 3, false,
						 HEAD_TAIL_SIDE });
}

static void write_sliced_ssd(struct head_graph *g)
{
	write_ssd(g, &sliced_ssd);
}

static void decode_sliced_ssd(struct head_decoded *d)
{
	int n = count_of(&sliced_ssd);

	head_tail_decode(d, &(struct head_rows){ 0, 1, n, 4, 1, 1, n, 0, 0, 3,
						 false, HEAD_TAIL_SIDE });
}

static void test_ssd(void **state)
{
	(void)state;
	head_tail_check("SSD", write_pytorch_ssd, decode_pytorch_ssd);
	head_tail_check_cut("SSD", write_sliced_ssd, decode_sliced_ssd,
			    (struct graph_cut){ "NonMaxSuppression", .45f });
}

/* ---- RetinaFace: the outputs in the orders of its exporters ---- */

static const int strides_8[] = { 8, 16, 32 }, twos[] = { 2, 2, 2 };

static void write_retinaface(struct head_graph *g)
{
	head_joined_write(g, &(struct head_joined){ 3, 2, 10, "Softmax",
						    strides_8, twos });
}

static void decode_retinaface(struct head_decoded *d)
{
	for (int i = 0; i < 3; i++) {
		int stride = 8 << i, side = HEAD_TAIL_SIDE / stride;

		for (int n = 0; n < 2 * side * side; n++) {
			double size =
				fmin((16 << (2 * i)) << n % 2, HEAD_TAIL_SIDE);
			struct head_prior_box p = {
				(n / 2 % side + .5) * stride,
				(n / 2 / side + .5) * stride, size, size
			};

			head_prior_decode(d, &p, .1, .2, false);
			head_prior_points(d, &p, 5, .1);
			head_prior_score(d, 2, 1);
		}
	}
}

/* Boxes and points, which the graph decodes as shares of the input. */
static const struct ssd faces = {
	.levels = 3,
	.anchors = { 2, 2, 2 },
	.strides = { 8, 16, 32 },
	.scores = 2,
	.sizes = { { .25, .5 }, { 1, 2 }, { 4, 8 } },
};

static void write_decoded_faces(struct head_graph *g)
{
	write_ssd(g, &faces);
	add_rows(g, &faces, "lm", 10);
	head_graph_add(g, "const %%five i64 5 = [2, 2, 2, 2, 2]\n"
			  "%%l0, %%l1, %%l2, %%l3, %%l4 = Split(%%lm, %%five) "
			  "{axis=2}\n");
	for (int i = 0; i < 5; i++)
		head_graph_add(g,
			       "%%x%d = Mul(%%l%d, %%v0)\n"
			       "%%y%d = Mul(%%x%d, %%ps)\n"
			       "%%z%d = Add(%%pc, %%y%d)\n",
			       i, i, i, i, i, i);
	head_graph_add(g, "%%marks = Concat(%%z0, %%z1, %%z2, %%z3, %%z4) "
			  "{axis=2}\noutput %%marks\n");
}

static void decode_decoded_faces(struct head_decoded *d)
{
	head_tail_decode(d, &(struct head_rows){ 1, 0, count_of(&faces), 4, 1,
						 2, 1, 0, 1, 1, false,
						 HEAD_TAIL_SIDE });
	for (int i = 0; i < d->count; i++)
		for (int k = 0; k < 10; k++)
			d->list[i].points[k] =
				(double)d->out[2][10 * i + k] * HEAD_TAIL_SIDE;
}

static void test_retinaface(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){
		"RetinaFace", HEAD_TAIL_SIDE, HEAD_TAIL_SIDE, 5,
		write_retinaface, decode_retinaface });
	head_case_check(&(struct head_case){
		"RetinaFace", HEAD_TAIL_SIDE, HEAD_TAIL_SIDE, 5,
		write_decoded_faces, decode_decoded_faces });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damo),
		cmocka_unit_test(test_picodet),
		cmocka_unit_test(test_ssd),
		cmocka_unit_test(test_retinaface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
