/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/bits/step_rows.h"

#include "evaluator/detmath.h"

#define ERROR_MIN 1e-30

/* Between b and c, of four numbers at even distances: the cubic through their
 * logarithms; without a and d, the geometric mean. */
static double between(double a, double b, double c, double d, bool all)
{
	double y = det_log(b) + det_log(c);

	if (all)
		return det_exp((9 * y - det_log(a) - det_log(d)) / 16);
	return det_exp(y / 2);
}

/* The candidate between measured steps n and n + 1, whose error and bytes are
 * smooth. Its time is that of the finer step, whose codes are larger. */
static void add_between(struct layer_candidates *o, const struct step_rows *s,
			int n)
{
	const int *at = s->at + n;
	bool all = n > 0 && n + 2 < s->count && at[-1] >= 0 && at[2] >= 0;
	const struct candidate *coarse = &o->rows[at[0]];
	const struct candidate *fine = &o->rows[at[1]];
	const struct candidate *a = all ? &o->rows[at[-1]] : coarse;
	const struct candidate *d = all ? &o->rows[at[2]] : fine;
	struct candidate c = *fine;

	c.format.step = (double)(float)det_sqrt(coarse->format.step *
						fine->format.step);
	c.error = between(a->error + ERROR_MIN, coarse->error + ERROR_MIN,
			  fine->error + ERROR_MIN, d->error + ERROR_MIN, all);
	/* where all codes are 0, they take none */
	c.bytes = between(a->bytes + 1, coarse->bytes + 1, fine->bytes + 1,
			  d->bytes + 1, all) -
		  1;
	o->rows[o->count++] = c;
}

void step_rows_interpolate(const struct step_rows *s,
			   struct layer_candidates *o)
{
	for (int n = 0; n + 1 < s->count; n++)
		if (s->at[n] >= 0 && s->at[n + 1] >= 0)
			add_between(o, s, n);
}
