/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code q or more begins at a sum t(q), by the real numbers, and at
 * ceil((d(q) - bias) / factor), by the device, where d(q) follows from
 * multiplier and shift. The two are equal for each q if
 *
 *	d(q) - factor * t(q) <= bias < d(q) - factor * (t(q) - 1)
 *
 * so a bias exists where the largest of the lower bounds is below the smallest
 * of the upper ones. A multiplier that is slightly off tilts the bounds.
 */
#include "converter/lower/lower_exact.h"

#include <math.h>

#include "converter/lower/lower_scale.h"

#define NUMBER_MOST 127 /* of weights */
#define SHIFT_MOST 50   /* keeps 255 * 2^shift within 64 bits */
#define TILT_MOST 64    /* multipliers tried to each side */
#define CODES 256
#define PLACES_LEAST 0.25 /* places of a table for each sum */
#define MULTIPLIERS_MOST 16384
#define NEAR 512 /* biases around the real one that are tried */

/* For each code above the lowest: the least sum that gives it. */
struct thresholds {
	int count;
	int above[CODES]; /* code - zero */
	int64_t sum[CODES];
	int64_t farthest;
};

/* The device gives the code of every sum around a threshold if the bias is
 * between these. */
struct bounds {
	int64_t low, high;
};

static void find_thresholds(const struct exact_channel *c, struct thresholds *t)
{
	t->count = 0;
	t->farthest = 1;
	for (int q = c->low + 1; q <= c->high; q++) {
		double edge = (q - 0.5 - c->zero) * c->step;
		double at = ceil((edge - c->bias) / c->unit);

		/* a half goes to the even one of the two codes */
		if (at * c->unit + c->bias <= edge && q & 1)
			at++;
		at = fmin(fmax(at, (double)c->least), (double)c->most + 1);
		t->above[t->count] = q - c->zero;
		t->sum[t->count++] = (int64_t)at;
		if (at > (double)c->least && at <= (double)c->most)
			t->farthest =
				(int64_t)fmax((double)t->farthest, fabs(at));
	}
}

/* ceil(a / b), b > 0. */
static int64_t divide_up(int64_t a, int64_t b)
{
	return a / b + (a % b > 0);
}

/* Sums beyond the least and the most do not occur. */
static struct bounds bounds_of(const struct exact_channel *c,
			       const struct thresholds *t, int i,
			       const struct exact_scaling *s)
{
	int64_t half = (int64_t)1 << (s->shift - 1);
	int64_t low = divide_up((2 * t->above[i] - 1) * half, s->multiplier) -
		      s->factor * t->sum[i];
	struct bounds b = { low, low + s->factor - 1 };

	if (t->sum[i] > c->most)
		b.low = INT64_MIN / 2;
	if (t->sum[i] <= c->least)
		b.high = INT64_MAX / 2;
	return b;
}

/* A bias within all bounds; false if there is none. */
static bool find_bias(const struct exact_channel *c, const struct thresholds *t,
		      struct exact_scaling *s)
{
	double ideal = rint(c->bias / c->unit * s->factor);
	struct bounds all = { INT64_MIN / 2, INT64_MAX / 2 };

	for (int i = 0; i < t->count && all.low <= all.high; i++) {
		struct bounds b = bounds_of(c, t, i, s);

		all.low = b.low > all.low ? b.low : all.low;
		all.high = b.high < all.high ? b.high : all.high;
	}
	s->bias = (int64_t)fmin(fmax(ideal, (double)all.low), (double)all.high);
	return all.low <= all.high;
}

/* The bias within the most bounds, near the real one. Returns how many it
 * misses. */
static int nearest_bias(const struct exact_channel *c,
			const struct thresholds *t, struct exact_scaling *s)
{
	int64_t first = (int64_t)rint(c->bias / c->unit * s->factor) - NEAR / 2;
	int change[NEAR] = { 0 }, within = 0, most = 0;

	for (int i = 0; i < t->count; i++) {
		struct bounds b = bounds_of(c, t, i, s);
		int64_t begin = b.low - first, end = b.high + 1 - first;

		if (begin < NEAR && end > 0) {
			change[begin < 0 ? 0 : begin]++;
			if (end < NEAR)
				change[end]--;
		}
	}
	for (int i = 0; i < NEAR; i++) {
		within += change[i];
		if (within > most) {
			most = within;
			s->bias = first + i;
		}
	}
	return t->count - most;
}

/* The right multiplier of a factor; false if there is none. */
static bool set_factor(const struct exact_channel *c, int factor,
		       struct exact_scaling *s)
{
	s->factor = factor;
	return !scale_to_multiplier(c->unit / factor / c->step, 1, SHIFT_MOST,
				    &s->multiplier, &s->shift) &&
	       s->multiplier;
}

/* Multiplier number i around the right one, as far as the tilt is less than a
 * sum; 0 at the end. */
static uint32_t tilted(const struct thresholds *t, uint32_t right, int64_t i)
{
	int64_t most = right / t->farthest;
	int64_t m = right + (i & 1 ? -(i + 1) / 2 : i / 2);

	most = most > TILT_MOST ? TILT_MOST : most;
	return i > 2 * most ? 0 :
	       m < 32768    ? 32768 :
	       m > 65535    ? 65535 :
			      (uint32_t)m;
}

static bool try_factor(const struct exact_channel *c,
		       const struct thresholds *t, int factor,
		       struct exact_scaling *s)
{
	uint32_t right;

	if (!set_factor(c, factor, s))
		return false;
	right = s->multiplier;
	for (int64_t i = 0; (s->multiplier = tilted(t, right, i)) != 0; i++)
		if (find_bias(c, t, s))
			return true;
	return false;
}

/* *least: misses of *out; a smaller number replaces both. */
static void find_nearest(const struct exact_channel *c,
			 const struct thresholds *t, int factor,
			 struct exact_scaling *out, int *least)
{
	struct exact_scaling s = { .exact = false };
	uint32_t right;

	if (!set_factor(c, factor, &s))
		return;
	right = s.multiplier;
	for (int64_t i = 0; (s.multiplier = tilted(t, right, i)) != 0; i++) {
		int misses = nearest_bias(c, t, &s);

		if (misses < *least) {
			*least = misses;
			*out = s;
		}
	}
}

bool exact_scaling_find(const struct exact_channel *c,
			struct exact_scaling *out)
{
	/* -128 stays as it is */
	int most = c->largest ? NUMBER_MOST / c->largest : 1;
	int least = CODES;
	struct thresholds t;

	if (!(c->unit > 0) || c->most > INT32_MAX || c->least < INT32_MIN)
		return false;
	find_thresholds(c, &t);
	most = most > 1 ? most : 1;
	out->exact = true;
	for (int factor = 1; factor <= most; factor++)
		if (try_factor(c, &t, factor, out))
			return true;
	for (int factor = 1; factor <= most; factor++)
		find_nearest(c, &t, factor, out, &least);
	return least < CODES;
}

/* ---- Tables ---- */

/* The place of a sum in a table of `size` codes, counted from the middle. */
static int64_t place_of(const struct exact_scaling *s, int64_t sum, int size)
{
	int64_t half = (int64_t)1 << (s->shift - 1);
	int64_t at = ((sum + s->bias) * s->multiplier + half) >> s->shift;

	return at < -size / 2 ? -size / 2 : at >= size / 2 ? size / 2 - 1 : at;
}

/* No sums of two codes have one place. */
static bool separates(const struct exact_channel *c, const struct thresholds *t,
		      const struct exact_scaling *s, int size)
{
	for (int i = 0; i < t->count; i++)
		if (t->sum[i] > c->least && t->sum[i] <= c->most &&
		    place_of(s, t->sum[i] - 1, size) >=
			    place_of(s, t->sum[i], size))
			return false;
	return true;
}

static void fill_table(const struct exact_channel *c,
		       const struct thresholds *t,
		       const struct exact_scaling *s, int size, int8_t *table)
{
	for (int i = 0; i < size; i++) {
		int code = c->low;

		for (int k = 0; k < t->count; k++)
			code += t->sum[k] <= c->least ||
				(t->sum[k] <= c->most &&
				 place_of(s, t->sum[k], size) <= i - size / 2);
		table[i] = (int8_t)code;
	}
}

/* Sums between the first and the last threshold. */
static void find_span(const struct exact_channel *c, const struct thresholds *t,
		      int64_t *first, int64_t *last)
{
	*first = c->most;
	*last = c->least;
	for (int i = 0; i < t->count; i++)
		if (t->sum[i] > c->least && t->sum[i] <= c->most) {
			*first = t->sum[i] < *first ? t->sum[i] : *first;
			*last = t->sum[i] > *last ? t->sum[i] : *last;
		}
}

/* Biases that put the first threshold at the first places. */
static bool try_places(const struct exact_channel *c,
		       const struct thresholds *t, int64_t first, int size,
		       struct exact_scaling *s)
{
	int64_t sums = ((int64_t)1 << s->shift) / s->multiplier + 1;
	int64_t bias = (1 - size / 2) * ((int64_t)1 << s->shift) /
			       (int64_t)s->multiplier -
		       first;

	for (int64_t i = 0; i <= 2 * sums; i++) {
		s->bias = bias + i;
		if (separates(c, t, s, size))
			return true;
	}
	return false;
}

bool exact_sums_table(const struct exact_channel *c, int size, int8_t *table,
		      struct exact_scaling *out)
{
	struct exact_scaling s = { .factor = 1, .exact = true };
	struct thresholds t;
	int64_t first, last;
	double ratio;

	find_thresholds(c, &t);
	find_span(c, &t, &first, &last);
	ratio = last > first ? (size - 3) / (double)(last - first) : 1;
	if (ratio < PLACES_LEAST ||
	    scale_to_multiplier(ratio < 1 ? ratio : 1, 1, SHIFT_MOST,
				&s.multiplier, &s.shift))
		return false;
	for (int i = 0; i < MULTIPLIERS_MOST; i++, s.multiplier--) {
		if (s.multiplier < 32768) {
			s.multiplier = 65535;
			s.shift++;
		}
		if (!try_places(c, &t, first, size, &s))
			continue;
		fill_table(c, &t, &s, size, table);
		*out = s;
		return true;
	}
	return false;
}
