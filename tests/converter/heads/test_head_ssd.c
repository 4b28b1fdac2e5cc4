/* SPDX-License-Identifier: Apache-2.0 */
/* SSD and its kin: recognised, and decoded as a plain decoder does. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/head_joined.h"

static double softmax_largest(const float *v, int count, int step)
{
	double sum = 0, best = 0;

	for (int i = 0; i < count; i++)
		sum += exp((double)v[i * step]);
	for (int i = 1; i < count; i++)
		best = fmax(best, exp((double)v[i * step]) / sum);
	return best;
}

/* ---- SSD: sizes as shares of the input ---- */

struct ssd {
	struct head_joined head;
	const double *steps; /* of the cells; NULL: input / cells */
	void (*prior)(int level, int anchor, double *w, double *h);
	double center, size;
	bool y_first, clipped;
};

static void decode_ssd(struct head_decoded *d, const struct ssd *s)
{
	for (int i = 0; i < s->head.levels; i++) {
		int stride = s->head.strides[i], anchors = s->head.anchors[i];
		int side = ((int)d->width + stride - 1) / stride;
		double step = s->steps ? s->steps[i] : d->width / side;

		for (int n = 0; n < anchors * side * side; n++) {
			int cell = n / anchors;
			struct head_prior_box p = { (cell % side + .5) * step,
						    (cell / side + .5) * step,
						    0, 0 };

			s->prior(i, n % anchors, &p.w, &p.h);
			p.w = (s->clipped ? fmin(p.w, 1) : p.w) * d->width;
			p.h = (s->clipped ? fmin(p.h, 1) : p.h) * d->height;
			head_prior_decode(d, &p, s->center, s->size,
					  s->y_first);
			if (s->head.score)
				head_prior_score(d, s->head.scores,
						 s->head.levels > 5);
			else
				d->list[d->count - 1].score = softmax_largest(
					d->out[1] +
						s->head.scores * (d->count - 1),
					s->head.scores, 1);
		}
	}
}

static void of_ratio(double scale, double ratio, double *w, double *h)
{
	*w = scale * sqrt(ratio);
	*h = scale / sqrt(ratio);
}

static void tf_prior(int level, int anchor, double *w, double *h)
{
	static const double ratios[] = { 1, 2, .5, 3, 1 / 3. };
	double scale = .2 + .15 * level;
	double next = level == 5 ? 1 : scale + .15;

	if (level == 0)
		of_ratio(anchor ? .2 : .1, ratios[anchor], w, h);
	else if (anchor < 5)
		of_ratio(scale, ratios[anchor], w, h);
	else
		of_ratio(sqrt(scale * next), 1, w, h);
}

static const int strides_300[] = { 16, 32, 64, 100, 150, 300 };
static const int tf_anchors[] = { 3, 6, 6, 6, 6, 6 };
static const struct ssd tf_ssd = { { 6, 5, 0, "Sigmoid", strides_300,
				     tf_anchors },
				   NULL,
				   tf_prior,
				   .1,
				   .2,
				   true,
				   false };

static void write_tf_ssd(struct head_graph *g)
{
	head_joined_write(g, &tf_ssd.head);
}

static void decode_tf_ssd(struct head_decoded *d)
{
	decode_ssd(d, &tf_ssd);
}

/* A square, a larger one, then pairs of ratios 2 and 3. */
static void square_first(double scale, double next, int anchor, double *w,
			 double *h)
{
	static const double ratios[] = { 1, 1, 2, .5, 3, 1 / 3. };

	of_ratio(anchor == 1 ? sqrt(scale * next) : scale, ratios[anchor], w,
		 h);
}

static void lite_prior(int level, int anchor, double *w, double *h)
{
	double scale = .2 + .15 * level;

	square_first(scale, level == 5 ? 1 : scale + .15, anchor, w, h);
}

static const int strides_320[] = { 16, 32, 64, 107, 160, 320 };
static const int sixes[] = { 6, 6, 6, 6, 6, 6 };
static const struct ssd ssdlite = { { 6, 8, 0, NULL, strides_320, sixes },
				    NULL,
				    lite_prior,
				    .1,
				    .2,
				    false,
				    true };

static void write_ssdlite(struct head_graph *g)
{
	head_joined_write(g, &ssdlite.head);
}

static void decode_ssdlite(struct head_decoded *d)
{
	decode_ssd(d, &ssdlite);
}

static void ssd300_prior(int level, int anchor, double *w, double *h)
{
	static const double scales[] = { .07, .15, .33, .51, .69, .87, 1.05 };

	square_first(scales[level], scales[level + 1], anchor, w, h);
}

static const int strides_vgg[] = { 8, 16, 32, 64, 100, 300 };
static const double steps_vgg[] = { 8, 16, 32, 64, 100, 300 };
static const int vgg_anchors[] = { 4, 6, 6, 6, 4, 4 };
static const struct ssd ssd300 = { { 6, 4, 0, "Softmax", strides_vgg,
				     vgg_anchors },
				   steps_vgg,
				   ssd300_prior,
				   .1,
				   .2,
				   false,
				   true };

static void write_ssd300(struct head_graph *g)
{
	head_joined_write(g, &ssd300.head);
}

static void decode_ssd300(struct head_decoded *d)
{
	decode_ssd(d, &ssd300);
}

static void mobilenet_prior(int level, int anchor, double *w, double *h)
{
	double least = 60 + 45 * level;

	square_first(least / 300, (least + 45) / 300, anchor, w, h);
}

static const double steps_300[] = { 16, 32, 64, 100, 150, 300 };
static const struct ssd mobilenet = { { 6, 4, 0, "Softmax", strides_300,
					sixes },
				      steps_300,
				      mobilenet_prior,
				      .1,
				      .2,
				      false,
				      true };

static void write_mobilenet(struct head_graph *g)
{
	head_joined_write(g, &mobilenet.head);
}

static void decode_mobilenet(struct head_decoded *d)
{
	decode_ssd(d, &mobilenet);
}

/* EfficientDet-Lite0: three octaves by three ratios, three strides large. */
static void efficientdet_prior(int level, int anchor, double *w, double *h)
{
	static const double ratios[] = { 1, 2, .5 };
	static const int sides[] = { 40, 20, 10, 5, 3 };

	of_ratio(3 * pow(2, anchor / 3 / 3.) / sides[level], ratios[anchor % 3],
		 w, h);
}

static const int strides_8[] = { 8, 16, 32, 64, 128 };
static const int nines[] = { 9, 9, 9, 9, 9 };
static const struct ssd efficientdet = { { 5, 4, 0, "Sigmoid", strides_8,
					   nines },
					 NULL,
					 efficientdet_prior,
					 1,
					 1,
					 true,
					 false };

static void write_efficientdet(struct head_graph *g)
{
	head_joined_write(g, &efficientdet.head);
}

static void decode_efficientdet(struct head_decoded *d)
{
	decode_ssd(d, &efficientdet);
}

/* ---- All ---- */

static void test_tf_ssd(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "SSD (TensorFlow)", 300, 300, 0,
					     write_tf_ssd, decode_tf_ssd });
}

static void test_ssdlite(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "SSDLite (torchvision)", 320, 320,
					     0, write_ssdlite,
					     decode_ssdlite });
}

static void test_ssd300(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "SSD300 (torchvision)", 300, 300,
					     0, write_ssd300, decode_ssd300 });
}

static void test_mobilenet(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "SSD (pytorch-ssd)", 300, 300, 0,
					     write_mobilenet,
					     decode_mobilenet });
}

static void test_efficientdet(void **state)
{
	(void)state;
	head_case_check(&(struct head_case){ "EfficientDet", 320, 320, 0,
					     write_efficientdet,
					     decode_efficientdet });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tf_ssd),
		cmocka_unit_test(test_ssdlite),
		cmocka_unit_test(test_ssd300),
		cmocka_unit_test(test_mobilenet),
		cmocka_unit_test(test_efficientdet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
