/* SPDX-License-Identifier: Apache-2.0 */
/* Size against loss, for people at a terminal. */
#include <math.h>
#include <stdlib.h>

#include "converter/report.h"

#define BAR 32
#define NO_LOSS 1e-6

static int by_size(const void *a, const void *b)
{
	const struct search_point *const *x = a, *const *y = b;

	if ((*x)->dbp_bytes != (*y)->dbp_bytes)
		return (*x)->dbp_bytes < (*y)->dbp_bytes ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

static double height(const struct search_point *p)
{
	return log(fmax(p->loss, NO_LOSS));
}

static void plot_point(const struct search_result *s,
		       const struct search_point *p, double low, double high,
		       FILE *out)
{
	int bar = (int)((height(p) - low) / (high - low) * (BAR - 1)) + 1;

	fprintf(out, "%12lld %7.1f %6.2f %9.2g ", (long long)p->dbp_bytes,
		p->latency_us / 1e3, p->weight_bits, p->loss);
	for (int i = 0; i < bar; i++)
		fputc(p->built ? '#' : '.', out);
	if (p->built && !isnan(p->agreement))
		fprintf(out, " agreement %.3f", p->agreement);
	if (p == &s->points[s->chosen])
		fputs(" <- this one", out);
	fputc('\n', out);
}

void report_plot(const struct report *r, FILE *out)
{
	const struct search_result *s = &r->v->search;
	const struct search_point *sorted[SEARCH_POINTS];
	double low = INFINITY, high = -INFINITY;

	if (!s->searched || s->point_count < 2)
		return;
	for (int i = 0; i < s->point_count; i++) {
		sorted[i] = &s->points[i];
		low = fmin(low, height(sorted[i]));
		high = fmax(high, height(sorted[i]));
	}
	if (!(high > low))
		return;
	qsort(sorted, (size_t)s->point_count, sizeof(*sorted), by_size);
	fputs("       bytes      ms   bits      loss  (# built, . estimated)\n",
	      out);
	for (int i = 0; i < s->point_count; i++)
		plot_point(s, sorted[i], low, high, out);
}
