/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic programming over partial choices. A partial choice is kept for what
 * it costs so far; where many are about equal in size and time (a cell of a
 * grid over what the limits leave), only the one of least loss goes on.
 */
#include "quantizer/knapsack.h"

#include <math.h>
#include <stdlib.h>

#define SIZE_CELLS 4096
#define SIZE_CELLS_TIMED 512 /* with a limit on time as well */
#define TIME_CELLS 96
#define EDGE 1e-9 /* of a limit: what sums of doubles may be off */

struct partial {
	double size, time, loss;
	int before; /* index in the list of the class before */
	int option;
};

struct list {
	struct partial *rows;
	int count;
};

struct solver {
	const struct knapsack_class *classes;
	int count;
	double size_limit, time_limit;
	int size_cells, time_cells;
	double *least_size, *least_time; /* of classes i and on */
	struct list *lists;              /* after each class */
	int *cells;                      /* by cell: index of the best, -1 */
};

static double least(const struct knapsack_class *c, int by_time)
{
	double best = INFINITY;

	for (int i = 0; i < c->count; i++) {
		double x = by_time ? c->options[i].time : c->options[i].size;

		best = x < best ? x : best;
	}
	return best;
}

static int cell_of(double used, double limit, int cells)
{
	double at;

	if (cells == 1)
		return 0;
	at = used / limit * cells;
	return at < 0 ? 0 : at >= cells ? cells - 1 : (int)at;
}

/* The first choice of all that a cell sees stays where nothing is better, so
 * that the result does not depend on anything but the input. */
static void consider(struct solver *s, struct list *to, struct partial p,
		     int next)
{
	int cell;

	if (p.size + s->least_size[next] > s->size_limit * (1 + EDGE) ||
	    p.time + s->least_time[next] > s->time_limit * (1 + EDGE))
		return;
	cell = cell_of(p.size + s->least_size[next], s->size_limit,
		       s->size_cells) *
		       s->time_cells +
	       cell_of(p.time + s->least_time[next], s->time_limit,
		       s->time_cells);
	if (s->cells[cell] < 0) {
		s->cells[cell] = to->count;
		to->rows[to->count++] = p;
	} else if (p.loss < to->rows[s->cells[cell]].loss) {
		to->rows[s->cells[cell]] = p;
	}
}

static int add_class(struct solver *s, int i)
{
	static const struct partial none = { 0 };
	const struct list empty = { (struct partial *)&none, 1 };
	const struct list *from = i ? &s->lists[i - 1] : &empty;
	const struct knapsack_class *c = &s->classes[i];
	struct list *to = &s->lists[i];
	size_t cells = (size_t)s->size_cells * (size_t)s->time_cells;
	size_t most = (size_t)from->count * (size_t)c->count;

	to->rows = malloc((most < cells ? most : cells) * sizeof(*to->rows));
	if (!to->rows)
		return -1;
	for (size_t k = 0; k < cells; k++)
		s->cells[k] = -1;
	for (int k = 0; k < from->count; k++)
		for (int o = 0; o < c->count; o++) {
			const struct knapsack_option *x = &c->options[o];
			const struct partial *p = &from->rows[k];

			consider(s, to,
				 (struct partial){ p->size + x->size,
						   p->time + x->time,
						   p->loss + x->loss, k, o },
				 i + 1);
		}
	return to->count ? 0 : 1;
}

static void trace_back(const struct solver *s, int *chosen)
{
	const struct list *last = &s->lists[s->count - 1];
	int at = 0;

	for (int i = 1; i < last->count; i++)
		if (last->rows[i].loss < last->rows[at].loss)
			at = i;
	for (int i = s->count - 1; i >= 0; i--) {
		chosen[i] = s->lists[i].rows[at].option;
		at = s->lists[i].rows[at].before;
	}
}

static int solve(struct solver *s, int *chosen)
{
	s->least_size[s->count] = s->least_time[s->count] = 0;
	for (int i = s->count - 1; i >= 0; i--) {
		s->least_size[i] =
			s->least_size[i + 1] + least(&s->classes[i], 0);
		s->least_time[i] =
			s->least_time[i + 1] + least(&s->classes[i], 1);
	}
	for (int i = 0; i < s->count; i++) {
		int status = add_class(s, i);

		if (status)
			return status;
	}
	trace_back(s, chosen);
	return 0;
}

int knapsack_solve(const struct knapsack_class *classes, int count,
		   double size_limit, double time_limit, int *chosen)
{
	struct solver s = { .classes = classes,
			    .count = count,
			    .size_limit = size_limit,
			    .time_limit = time_limit };
	size_t n = (size_t)count + 1;
	int status = -1;

	if (!count)
		return 0;
	s.time_cells = time_limit < INFINITY ? TIME_CELLS : 1;
	s.size_cells =
		size_limit < INFINITY ?
			(s.time_cells > 1 ? SIZE_CELLS_TIMED : SIZE_CELLS) :
			1;
	s.least_size = calloc(n, sizeof(double));
	s.least_time = calloc(n, sizeof(double));
	s.lists = calloc(n, sizeof(*s.lists));
	s.cells = calloc((size_t)s.size_cells * (size_t)s.time_cells,
			 sizeof(int));
	if (s.least_size && s.least_time && s.lists && s.cells)
		status = solve(&s, chosen);
	for (int i = 0; s.lists && i < count; i++)
		free(s.lists[i].rows);
	free(s.least_size);
	free(s.least_time);
	free(s.lists);
	free(s.cells);
	return status;
}
