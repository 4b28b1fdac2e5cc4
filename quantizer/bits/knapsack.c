/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic programming for the multiple-choice knapsack (Sinha and Zoltners
 * 1979; Kellerer, Pferschy and Pisinger 2004, chapter 11): classes are added
 * one by one to a list of partial choices. A partial choice is dropped where
 * another one is no worse in size, time and loss (dominance). Where very many
 * are left, each cell of a grid over size and time keeps two: the one of least
 * loss, and the one that leaves the most room.
 */
#include "quantizer/bits/knapsack.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define EXACT_MAX (1 << 14) /* partial choices that are all kept */
#define SIZE_CELLS 4096
#define SIZE_CELLS_TIMED 512 /* with a limit on time as well */
#define TIME_CELLS 128
#define EDGE 1e-9 /* of a limit: rounding error of sums of doubles */

struct partial {
	double size, time, loss;
	int before; /* index in the list of the previous class */
	int option;
};

struct partial_list {
	struct partial *rows;
	int count;
};

struct knapsack_solver {
	const struct knapsack_class *classes;
	int count;
	double size_limit, time_limit;
	int size_cells, time_cells;
	double *least_size, *least_time; /* of classes i and later */
	struct partial_list *lists;      /* after each class */
	int *cells; /* two per cell, or -1: index of the least loss, of the
		     * most room */
};

static double least_cost(const struct knapsack_class *c, int by_time)
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

static bool fits_limits(const struct knapsack_solver *s,
			const struct partial *p, int next)
{
	return p->size + s->least_size[next] <= s->size_limit * (1 + EDGE) &&
	       p->time + s->least_time[next] <= s->time_limit * (1 + EDGE);
}

static double room_taken(const struct knapsack_solver *s,
			 const struct partial *p)
{
	return (s->size_cells > 1 ? p->size / s->size_limit : 0) +
	       (s->time_cells > 1 ? p->time / s->time_limit : 0);
}

static void put_partial(struct partial_list *to, int *slot,
			const struct partial *p)
{
	if (*slot < 0)
		*slot = to->count++;
	to->rows[*slot] = *p;
}

/* Of equal choices the first one stays, so the result depends on the input
 * only. */
static void keep_best_of_cell(struct knapsack_solver *s,
			      struct partial_list *to, const struct partial *p,
			      int next)
{
	int *cell =
		s->cells + 2 * ((size_t)cell_of(p->size + s->least_size[next],
						s->size_limit, s->size_cells) *
					(size_t)s->time_cells +
				(size_t)cell_of(p->time + s->least_time[next],
						s->time_limit, s->time_cells));

	if (cell[0] < 0 || p->loss < to->rows[cell[0]].loss)
		put_partial(to, &cell[0], p);
	if (cell[1] < 0 || room_taken(s, p) < room_taken(s, &to->rows[cell[1]]))
		put_partial(to, &cell[1], p);
}

static int by_size(const void *a, const void *b)
{
	const struct partial *x = a, *y = b;
	const double keys[3][2] = { { x->size, y->size },
				    { x->time, y->time },
				    { x->loss, y->loss } };

	for (int i = 0; i < 3; i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	if (x->before != y->before)
		return x->before < y->before ? -1 : 1;
	return (x->option > y->option) - (x->option < y->option);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int rank_of(const double *times, int count, double time)
{
	int low = 0, high = count - 1;

	while (low < high) {
		int middle = (low + high) / 2;

		if (times[middle] < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Drops dominated partial choices. They are visited by size; a Fenwick tree
 * over the ranks of times holds the least loss so far of those that are as
 * fast.
 */
static int drop_dominated(struct partial_list *list)
{
	double *times = malloc((size_t)list->count * sizeof(*times));
	double *least_loss =
		malloc(((size_t)list->count + 1) * sizeof(*least_loss));
	int kept = 0;

	if (!times || !least_loss) {
		free(times);
		free(least_loss);
		return -1;
	}
	qsort(list->rows, (size_t)list->count, sizeof(*list->rows), by_size);
	for (int i = 0; i < list->count; i++) {
		times[i] = list->rows[i].time;
		least_loss[i + 1] = INFINITY;
	}
	qsort(times, (size_t)list->count, sizeof(*times), by_value);
	for (int i = 0; i < list->count; i++) {
		struct partial p = list->rows[i];
		int rank = rank_of(times, list->count, p.time) + 1;
		double best = INFINITY;

		for (int k = rank; k > 0; k -= k & -k)
			best = fmin(best, least_loss[k]);
		if (best <= p.loss)
			continue;
		for (int k = rank; k <= list->count; k += k & -k)
			least_loss[k] = fmin(least_loss[k], p.loss);
		list->rows[kept++] = p;
	}
	list->count = kept;
	free(times);
	free(least_loss);
	return 0;
}

/* a is no worse than b in what is limited, and in loss. */
static bool is_no_worse(const struct knapsack_solver *s,
			const struct knapsack_option *a,
			const struct knapsack_option *b)
{
	return a->loss <= b->loss &&
	       (s->size_cells == 1 || a->size <= b->size) &&
	       (s->time_cells == 1 || a->time <= b->time);
}

/* Option o is never the best: another one is no worse, of equal ones the
 * first. */
static bool is_useless(const struct knapsack_solver *s,
		       const struct knapsack_class *c, int o)
{
	for (int k = 0; k < c->count; k++)
		if (k != o && is_no_worse(s, &c->options[k], &c->options[o]) &&
		    (k < o || !is_no_worse(s, &c->options[o], &c->options[k])))
			return true;
	return false;
}

static int add_class(struct knapsack_solver *s, int i)
{
	static const struct partial none = { 0 };
	const struct partial_list empty = { (struct partial *)&none, 1 };
	const struct partial_list *from = i ? &s->lists[i - 1] : &empty;
	const struct knapsack_class *c = &s->classes[i];
	struct partial_list *to = &s->lists[i];
	size_t cells = 2 * (size_t)s->size_cells * (size_t)s->time_cells;
	size_t most = (size_t)from->count * (size_t)c->count;
	bool all = most <= EXACT_MAX;

	to->rows = malloc((all || most < cells ? most : cells) *
			  sizeof(*to->rows));
	if (!to->rows)
		return -1;
	for (size_t k = 0; !all && k < cells; k++)
		s->cells[k] = -1;
	for (int o = 0; o < c->count; o++) {
		const struct knapsack_option *x = &c->options[o];
		int rows = is_useless(s, c, o) ? 0 : from->count;

		for (int k = 0; k < rows; k++) {
			const struct partial *b = &from->rows[k];
			/* costs without a limit do not count */
			const struct partial p = {
				s->size_cells > 1 ? b->size + x->size : 0,
				s->time_cells > 1 ? b->time + x->time : 0,
				b->loss + x->loss, k, o
			};

			if (!fits_limits(s, &p, i + 1))
				continue;
			if (all)
				to->rows[to->count++] = p;
			else
				keep_best_of_cell(s, to, &p, i + 1);
		}
	}
	if (to->count && drop_dominated(to))
		return -1;
	return to->count ? 0 : 1;
}

static void trace_back(const struct knapsack_solver *s, int *chosen)
{
	const struct partial_list *last = &s->lists[s->count - 1];
	int at = 0;

	for (int i = 1; i < last->count; i++)
		if (last->rows[i].loss < last->rows[at].loss)
			at = i;
	for (int i = s->count - 1; i >= 0; i--) {
		chosen[i] = s->lists[i].rows[at].option;
		at = s->lists[i].rows[at].before;
	}
}

static int solve_classes(struct knapsack_solver *s, int *chosen)
{
	s->least_size[s->count] = s->least_time[s->count] = 0;
	for (int i = s->count - 1; i >= 0; i--) {
		s->least_size[i] =
			s->least_size[i + 1] + least_cost(&s->classes[i], 0);
		s->least_time[i] =
			s->least_time[i + 1] + least_cost(&s->classes[i], 1);
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
	struct knapsack_solver s = { .classes = classes,
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
	s.cells = calloc(2 * (size_t)s.size_cells * (size_t)s.time_cells,
			 sizeof(int));
	if (s.least_size && s.least_time && s.lists && s.cells)
		status = solve_classes(&s, chosen);
	for (int i = 0; s.lists && i < count; i++)
		free(s.lists[i].rows);
	free(s.least_size);
	free(s.least_time);
	free(s.lists);
	free(s.cells);
	return status;
}
