/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms that threads can fill in any order. */
#include "quantizer/activations/histogram.h"

#include <stdbool.h>
#include <string.h>

#include "base/finite.h"

#define HIST_HALF (HIST_BINS / 2)
#define EXPONENT_MIN (-60)
#define EXPONENT_MAX 100

static double power_of_two(int exponent)
{
	double r = 1;

	for (; exponent > 0; exponent--)
		r *= 2;
	for (; exponent < 0; exponent++)
		r /= 2;
	return r;
}

double histogram_bin_width(const struct histogram *h)
{
	return power_of_two(h->exponent);
}

void histogram_init(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
	h->exponent = EXPONENT_MIN;
}

/* Doubles the bin width: new bin i is the old bins 2i and 2i + 1, all counted
 * from the middle. */
static void coarsen(struct histogram *h)
{
	for (int i = 0; i < HIST_HALF / 2; i++) {
		int right = HIST_HALF + 2 * i, left = HIST_HALF - 2 - 2 * i;

		h->count[HIST_HALF + i] = h->count[right] + h->count[right + 1];
		h->count[HIST_HALF - 1 - i] =
			h->count[left] + h->count[left + 1];
	}
	memset(h->count, 0, HIST_HALF / 2 * sizeof(*h->count));
	memset(h->count + HIST_HALF + HIST_HALF / 2, 0,
	       HIST_HALF / 2 * sizeof(*h->count));
	h->exponent++;
}

/* An empty histogram takes the exponent at once. */
static void coarsen_to(struct histogram *h, int exponent, bool empty)
{
	if (empty && exponent > h->exponent)
		h->exponent = exponent;
	while (h->exponent < exponent)
		coarsen(h);
}

static int exponent_for(float low, float high)
{
	double reach = -low > high ? -(double)low : (double)high;
	int exponent = EXPONENT_MIN;

	for (double end = power_of_two(exponent) * HIST_HALF;
	     end <= reach && exponent < EXPONENT_MAX; end *= 2)
		exponent++;
	return exponent;
}

void histogram_add(struct histogram *h, const float *x, int64_t n)
{
	bool empty = h->low == 0 && h->high == 0 && !h->count[HIST_HALF];
	float low = h->low, high = h->high;
	float inverse;

	for (int64_t i = 0; i < n; i++) {
		if (!float_is_finite(x[i]))
			continue;
		low = x[i] < low ? x[i] : low;
		high = x[i] > high ? x[i] : high;
	}
	h->low = low;
	h->high = high;
	coarsen_to(h, exponent_for(low, high), empty);
	inverse = (float)power_of_two(-h->exponent);
	for (int64_t i = 0; i < n; i++) {
		/* exact except for the truncation: a power of two */
		float at = x[i] * inverse + HIST_HALF;
		int bin = at > 0 ? (int)(at < HIST_BINS ? at : HIST_BINS - 1) :
				   0;

		h->count[bin] += float_is_finite(x[i]);
	}
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	struct histogram copy = *from;
	int exponent = into->exponent > from->exponent ? into->exponent :
							 from->exponent;

	coarsen_to(into, exponent, false);
	coarsen_to(&copy, exponent, false);
	into->low = copy.low < into->low ? copy.low : into->low;
	into->high = copy.high > into->high ? copy.high : into->high;
	for (int i = 0; i < HIST_BINS; i++)
		into->count[i] += copy.count[i];
}
