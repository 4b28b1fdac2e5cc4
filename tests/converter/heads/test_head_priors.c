/* SPDX-License-Identifier: Apache-2.0 */
/* Faces, as offsets to priors: recognised, and decoded as a plain decoder does.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/head_joined.h"

/* ---- RetinaFace: rows, with four points as plates have them ---- */

static const int strides_8[] = { 8, 16, 32 };
static const int twos[] = { 2, 2, 2 };

static void write_plates(struct head_graph *g)
{
	head_joined_write(g, &(struct head_joined){ 3, 2, 8, "Softmax",
						    strides_8, twos });
}

static void decode_plates(struct head_decoded *d)
{
	for (int i = 0; i < 3; i++) {
		int stride = 8 << i, side = (int)d->width / stride;

		for (int n = 0; n < 2 * side * side; n++) {
			double size = (16 << (2 * i)) << n % 2;
			struct head_prior_box p = {
				(n / 2 % side + .5) * stride,
				(n / 2 / side + .5) * stride, size, size
			};

			p.w = p.h = fmin(size, d->width);
			head_prior_decode(d, &p, .1, .2, false);
			head_prior_points(d, &p, 4, .1);
			head_prior_score(d, 2, 1);
		}
	}
}

/* ---- insightface's: planes, all backgrounds before all faces ---- */

static void write_mnet(struct head_graph *g)
{
	for (int i = 0; i < 3; i++) {
		char a[8], b[8], c[8];
		int side = 64 >> (3 + i);

		snprintf(a, sizeof(a), "a%d", i);
		snprintf(b, sizeof(b), "b%d", i);
		snprintf(c, sizeof(c), "c%d", i);
		head_graph_map(g, a, 4, 8 << i);
		head_graph_map(g, b, 8, 8 << i);
		head_graph_map(g, c, 20, 8 << i);
		head_graph_add(g,
			       "const %%u%d i64 4 = [1, 2, %d, %d]\n"
			       "const %%v%d i64 4 = [1, 4, %d, %d]\n"
			       "%%r%d = Reshape(%%a%d, %%u%d)\n"
			       "%%s%d = Softmax(%%r%d) {axis=1}\n"
			       "%%o%d = Reshape(%%s%d, %%v%d)\n"
			       "output %%o%d\noutput %%b%d\noutput %%c%d\n",
			       i, 2 * side, side, i, side, side, i, i, i, i, i,
			       i, i, i, i, i, i);
	}
}

static void decode_mnet(struct head_decoded *d)
{
	for (int i = 0; i < 3; i++) {
		int stride = 8 << i, side = (int)d->width / stride;
		int plane = side * side;

		for (int n = 0; n < 2 * plane; n++) {
			struct head_expected *e = head_case_add(d);
			int a = n % 2, at = n / 2;
			const float *b = d->out[3 * i + 1] + 4 * a * plane + at;
			const float *k =
				d->out[3 * i + 2] + 10 * a * plane + at;
			double s = (32 << (2 * i)) >> a;
			double x = at % side * stride + 7.5;
			double y = at / side * stride + 7.5;

			head_case_center(e, x + (double)b[0] * s,
					 y + (double)b[plane] * s,
					 s * exp((double)b[2 * plane]),
					 s * exp((double)b[3 * plane]));
			e->score = (double)d->out[3 * i][(2 + a) * plane + at];
			for (int p = 0; p < 10; p++)
				e->points[p] = (p % 2 ? y : x) +
					       s * (double)k[p * plane];
		}
	}
}

/* ---- FaceBoxes: anchors of 32 four times, of 64 twice as dense ---- */

static void write_faceboxes(struct head_graph *g)
{
	static const int strides[] = { 32, 64, 128 }, anchors[] = { 21, 1, 1 };

	head_joined_write(g, &(struct head_joined){ 3, 2, 0, "Softmax", strides,
						    anchors });
}

static void faceboxes_prior(struct head_prior_box *p, int level, int anchor)
{
	int stride = 32 << level, side = anchor < 16 ? 4 : 2;
	int k = anchor < 16 ? anchor : anchor - 16;

	p->w = p->h = level       ? 128 << level :
		      anchor < 16 ? 32 :
		      anchor < 20 ? 64 :
				    128;
	p->x = p->y = .5 * stride;
	if (level == 0 && anchor < 20) {
		p->x = (double)stride * (k % side) / side;
		p->y = (double)stride * (k / side) / side;
	}
}

static void decode_faceboxes(struct head_decoded *d)
{
	static const int anchors[] = { 21, 1, 1 };

	for (int i = 0; i < 3; i++) {
		int stride = 32 << i, side = (int)d->width / stride;

		for (int n = 0; n < anchors[i] * side * side; n++) {
			int cell = n / anchors[i];
			struct head_prior_box p;

			faceboxes_prior(&p, i, n % anchors[i]);
			p.x += cell % side * stride;
			p.y += cell / side * stride;
			head_prior_decode(d, &p, .1, .2, false);
			head_prior_score(d, 2, 1);
		}
	}
}

/* ---- All ---- */

static void test_plates(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "RetinaFace", 64, 64, 4,
					     write_plates, decode_plates });
}

static void test_mnet(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "RetinaFace (insightface)", 64, 64,
					     5, write_mnet, decode_mnet });
}

static void test_faceboxes(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){
		"FaceBoxes", 128, 128, 0, write_faceboxes, decode_faceboxes });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plates),
		cmocka_unit_test(test_mnet),
		cmocka_unit_test(test_faceboxes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
