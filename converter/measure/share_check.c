/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/share_check.h"

#include <math.h>

#include "converter/measure/agreement.h"

#define MOST_CASES 1000000
#define ROUNDING 1e-9 /* of shares and their differences */

static enum share_verdict verdict_of(const struct share_check *c, double limit,
				     double margin)
{
	if (!(c->count > 0) || isnan(c->value))
		return SHARE_TOO_FEW;
	limit -= ROUNDING;
	if (c->value >= limit)
		return c->low >= limit || c->value - c->low <= margin ?
			       SHARE_PASSED :
			       SHARE_TOO_FEW;
	return c->high < limit || c->high - c->value <= margin ? SHARE_FAILED :
								 SHARE_TOO_FEW;
}

static struct share_check of_share(double value, int count)
{
	struct share_check c = { .value = value, .count = count };

	agreement_share_interval(value, count, &c.low, &c.high);
	return c;
}

/* The number of cases with the same share that would tell. */
static int cases_needed(double value, int count, double limit, double margin)
{
	int64_t low = count, high = count > 0 ? count : 1;
	struct share_check c;

	if (isnan(value))
		return 0;
	do {
		high *= 2;
		if (high > MOST_CASES)
			return 0;
		c = of_share(value, (int)high);
	} while (verdict_of(&c, limit, margin) == SHARE_TOO_FEW);
	while (high - low > 1) {
		int64_t middle = (low + high) / 2;

		c = of_share(value, (int)middle);
		if (verdict_of(&c, limit, margin) == SHARE_TOO_FEW)
			low = middle;
		else
			high = middle;
	}
	return (int)high;
}

struct share_check share_at_least(double value, int count, double limit,
				  double margin)
{
	struct share_check c = of_share(value, count);

	c.verdict = verdict_of(&c, limit, margin);
	if (c.verdict == SHARE_TOO_FEW)
		c.needed = cases_needed(value, count, limit, margin);
	return c;
}

struct share_check share_at_most(double value, int count, double limit,
				 double margin)
{
	struct share_check other =
		share_at_least(1 - value, count, 1 - limit, margin);
	struct share_check c = other;

	c.value = value;
	/* 1 - (1 - x) may round past x */
	c.low = fmin(1 - other.high, value);
	c.high = fmax(1 - other.low, value);
	return c;
}

/* The correlation of two outcomes of the same cases, as Newcombe has it: a
 * positive one is corrected for continuity. */
static double correlation(const struct share_pairs *p)
{
	double n = (double)p->both + p->only_new + p->only_old + p->neither;
	double a = (double)p->both + p->only_new, b = n - a;
	double c = (double)p->both + p->only_old, d = n - c;
	double product = (double)p->both * p->neither -
			 (double)p->only_new * p->only_old;

	if (!(a > 0 && b > 0 && c > 0 && d > 0))
		return 0;
	if (product > n / 2)
		product -= n / 2;
	else if (product > 0)
		product = 0;
	return product / sqrt(a * b * c * d);
}

static double distance(double x, double y, double phi)
{
	return sqrt(fmax(x * x - 2 * phi * x * y + y * y, 0));
}

struct share_check share_drop(double value_new, int count_new, double value_old,
			      int count_old, const struct share_pairs *pairs,
			      double drop, double margin)
{
	const struct share_check n = of_share(value_new, count_new);
	const struct share_check o = of_share(value_old, count_old);
	double phi = pairs ? correlation(pairs) : 0;
	struct share_check c = { .value = value_new - value_old,
				 .count = count_new < count_old ? count_new :
								  count_old };

	c.low = c.value - distance(n.value - n.low, o.high - o.value, phi);
	c.high = c.value + distance(n.high - n.value, o.value - o.low, phi);
	c.verdict = verdict_of(&c, -drop, margin);
	return c;
}
