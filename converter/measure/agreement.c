/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/agreement.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "converter/measure/agreement_boxes.h"

#define QUANTILE 1.959963984540054 /* of the normal distribution, 97.5 % */
#define PHOTOS_MOST 1000000
/* The interval is that of a measurement on as many other photos, whose choice
 * varies as much as that of these. */
#define OTHER_PHOTOS 1.4142135623730951

void agreement_share_interval(double share, double count, double *low,
			      double *high)
{
	const double z2 = QUANTILE * QUANTILE;
	double p = fmin(fmax(share, 0), 1), center, half;

	*low = 0;
	*high = 1;
	if (!(count > 0))
		return;
	center = (p + z2 / (2 * count)) / (1 + z2 / count);
	half = QUANTILE / (1 + z2 / count) *
	       sqrt(p * (1 - p) / count + z2 / (4 * count * count));
	*low = fmax(center - half, 0);
	*high = fmin(center + half, 1);
}

/* ---- Sampling of photos ---- */

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The ends of the percentile interval (Efron 1979) of the replicates, which
 * become sorted. */
static void percentiles(double *list, int count, double *low, double *high)
{
	int tail = (int)(count * (1 - AGREEMENT_CONFIDENCE) / 2);

	qsort(list, (size_t)count, sizeof(*list), by_value);
	*low = list[tail];
	*high = list[count - 1 - tail];
}

/* As many photos as there are, drawn with replacement: how often each is. */
static void draw_photos(uint64_t *random, int *times, int count)
{
	for (int i = 0; i < count; i++)
		times[i] = 0;
	for (int i = 0; i < count; i++)
		times[random_next(random) % (uint64_t)count]++;
}

static double kept_signal(const struct agreement_photo *photos,
			  const int *times, int count)
{
	double signal = 0, noise = 0;

	for (int i = 0; i < count; i++) {
		signal += times[i] * photos[i].signal;
		noise += times[i] * photos[i].noise;
	}
	return signal > 0 ? fmax(1 - noise / signal, 0) : noise <= 0;
}

/* Replicates of the share, and its best estimate. */
static int sample_signal(const struct agreement_photo *photos, int count,
			 double *replicates, struct agreement *out)
{
	int *times = malloc((size_t)count * sizeof(*times));
	uint64_t random = 1;

	if (!times)
		return -1;
	for (int i = 0; i < count; i++)
		times[i] = 1;
	out->value = kept_signal(photos, times, count);
	for (int k = 0; k < AGREEMENT_REPLICATES; k++) {
		draw_photos(&random, times, count);
		replicates[k] = kept_signal(photos, times, count);
	}
	free(times);
	out->evidence = count;
	return AGREEMENT_REPLICATES;
}

/* Each replicate is a labelled set of photos that could have been. */
static int sample_boxes(const struct agreement_photo *photos, int count,
			uint32_t class_count, double *replicates,
			struct agreement *out)
{
	int *times = malloc((size_t)count * sizeof(*times));
	struct agreement_boxes *boxes =
		agreement_boxes_new(photos, count, class_count);
	double expected = 0, found = 0;
	uint64_t random = 1;
	int kept = times && boxes ? 0 : -1;

	for (int k = 0; kept >= 0 && k < AGREEMENT_REPLICATES; k++) {
		double ap[2];

		draw_photos(&random, times, count);
		agreement_boxes_draw(boxes, times, &random, ap);
		if (!(ap[0] > 0))
			continue;
		expected += ap[0];
		found += ap[1];
		replicates[kept++] = ap[1] / ap[0];
	}
	if (boxes)
		out->evidence = agreement_boxes_expected(boxes);
	out->value = kept > 0 ? found / expected : (double)NAN;
	agreement_boxes_free(boxes);
	free(times);
	return kept;
}

static void count_classes(const struct agreement_photo *photos, int count,
			  struct agreement *out)
{
	int same = 0;

	for (int i = 0; i < count; i++)
		same += photos[i].same_class;
	out->evidence = count;
	out->value = (double)same / count;
	out->sampled_low = out->value;
	agreement_share_interval(out->value, count, &out->low, &out->high);
}

int agreement_estimate(enum agreement_kind kind,
		       const struct agreement_photo *photos, int count,
		       uint32_t class_count, struct agreement *out)
{
	double replicates[AGREEMENT_REPLICATES], low, high;
	int kept;

	*out = (struct agreement){ .value = (double)NAN,
				   .low = (double)NAN,
				   .high = (double)NAN,
				   .photos = count };
	if (count <= 0)
		return 0;
	if (kind == AGREEMENT_CLASSES) {
		count_classes(photos, count, out);
		return 0;
	}
	kept = kind == AGREEMENT_SIGNAL ?
		       sample_signal(photos, count, replicates, out) :
		       sample_boxes(photos, count, class_count, replicates,
				    out);
	if (kept <= 0)
		return kept;
	percentiles(replicates, kept, &out->low, &out->high);
	if (kind == AGREEMENT_BOXES) {
		out->low = out->value - OTHER_PHOTOS * (out->value - out->low);
		out->high =
			out->value + OTHER_PHOTOS * (out->high - out->value);
	}
	out->sampled_low = fmin(out->low, out->value);
	if (kind == AGREEMENT_SIGNAL)
		return 0;
	/* few boxes that all agree vary little, but show little too */
	agreement_share_interval(out->value, out->evidence, &low, &high);
	out->low = fmin(out->sampled_low, low);
	out->high = fmax(out->high, high);
	return 0;
}

/* The lower end with `times` as many photos. */
static double low_with(const struct agreement *a, double times)
{
	double sampled = a->value - (a->value - a->sampled_low) / sqrt(times);
	double low, high;

	agreement_share_interval(a->value, a->evidence * times, &low, &high);
	return fmin(sampled, low);
}

int agreement_photos_needed(const struct agreement *a, double limit)
{
	double photos = a->photos;

	if (!(a->value > limit) || !(photos > 0))
		return 0;
	while (photos <= PHOTOS_MOST && low_with(a, photos / a->photos) < limit)
		photos = ceil(photos * 1.1);
	return photos <= PHOTOS_MOST ? (int)photos : 0;
}
