/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/head_joined.h"

#include <math.h>
#include <stdio.h>

static void write_part(struct head_graph *g, const struct head_joined *j,
		       const char *name, int numbers)
{
	for (int i = 0; i < j->levels; i++) {
		char map[16], rows[16];

		snprintf(map, sizeof(map), "%s%d", name, i);
		snprintf(rows, sizeof(rows), "r%s%d", name, i);
		head_graph_map(g, map, j->anchors[i] * numbers, j->strides[i]);
		head_graph_rows(g, rows, map, numbers);
	}
	head_graph_add(g, "%%%s = Concat(", name);
	for (int i = 0; i < j->levels; i++)
		head_graph_add(g, "%s%%r%s%d", i ? ", " : "", name, i);
	head_graph_add(g, ") {axis=1}\n");
}

void head_joined_write(struct head_graph *g, const struct head_joined *j)
{
	write_part(g, j, "p", 4);
	write_part(g, j, "q", j->scores);
	head_graph_output(g, "p");
	if (!j->score)
		head_graph_output(g, "q");
	else
		head_graph_add(g, "%%s = %s(%%q)%s\noutput %%s\n", j->score,
			       *j->score == 'S' && j->score[1] == 'o' ?
				       " {axis=-1}" :
				       "");
	if (!j->points)
		return;
	write_part(g, j, "k", j->points);
	head_graph_output(g, "k");
}

void head_prior_decode(struct head_decoded *d, const struct head_prior_box *p,
		       double center, double size, bool y_first)
{
	int n = d->count;
	struct head_expected *e = head_case_add(d);
	const float *b = d->out[0] + 4 * n;
	int x = y_first, y = !y_first;

	head_case_center(e, p->x + (double)b[x] * center * p->w,
			 p->y + (double)b[y] * center * p->h,
			 p->w * exp((double)b[2 + x] * size),
			 p->h * exp((double)b[2 + y] * size));
}

void head_prior_points(struct head_decoded *d, const struct head_prior_box *p,
		       int count, double scale)
{
	struct head_expected *e = &d->list[d->count - 1];
	const float *v = d->out[2] + 2 * count * (d->count - 1);

	for (int k = 0; k < count; k++) {
		e->points[2 * k] = p->x + (double)v[2 * k] * scale * p->w;
		e->points[2 * k + 1] =
			p->y + (double)v[2 * k + 1] * scale * p->h;
	}
}

void head_prior_score(struct head_decoded *d, int numbers, int background)
{
	const float *v = d->out[1] + numbers * (d->count - 1);

	d->list[d->count - 1].score =
		head_case_largest(v + background, numbers - background, 1);
}
