/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tensor_walk.h"

#include <string.h>

#include "runtime/kernels.h"

void dbrt_view_of(struct dbrt_view *view, const struct dbrt_model *m,
		  const struct dbp_tensor *t)
{
	int64_t stride = 1;
	uint32_t i, d;

	view->data = dbrt_data(m, t);
	view->size = dbrt_element_bytes(t);
	for (i = 0; i < DBP_MAX_RANK; i++) {
		d = DBP_MAX_RANK - 1 - i;
		view->dims[d] = i < t->rank ? t->dims[t->rank - 1 - i] : 1;
		/* Strides of size-1 dims could exceed 2^31; they are not
		 * used. */
		view->stride[d] = view->dims[d] > 1 ? (int32_t)stride : 0;
		stride = i == 0 ? t->pitch : stride * view->dims[d];
	}
}

void dbrt_view_pick(struct dbrt_view *view, uint32_t dim, uint32_t index)
{
	view->data += (ptrdiff_t)view->stride[dim] * index * view->size;
	view->dims[dim] = 1;
}

/* Dim `d` continues level `l` of the walk in every view. */
static int walk_joins(const struct dbrt_walk *w, const struct dbrt_view *views,
		      uint32_t d, uint32_t l)
{
	uint32_t k;

	for (k = 0; k < w->views; k++) {
		int64_t end = (int64_t)w->step[k][l] * w->dims[l];

		if ((int64_t)views[k].stride[d] * views[k].size != end)
			return 0;
	}
	return 1;
}

static void walk_swap_levels(struct dbrt_walk *w, uint32_t a, uint32_t b)
{
	uint32_t n = w->dims[a], k;

	w->dims[a] = w->dims[b];
	w->dims[b] = n;
	for (k = 0; k < w->views; k++) {
		ptrdiff_t step = w->step[k][a];

		w->step[k][a] = w->step[k][b];
		w->step[k][b] = step;
	}
}

/* The setup of a row costs more than a row of a few elements, as in slices of
 * boxes: then the level around them becomes the row. */
#define WALK_SHORT_ROW 8

#ifdef DBRT_NEON_ROWS

/* Kernels compute rows along the next level, too: that is best the one along
 * which the second view is contiguous, or else the longest. */
static void walk_choose_second(struct dbrt_walk *w, ptrdiff_t size)
{
	uint32_t best = 1, l;

	for (l = 2; l < w->rank; l++)
		if (w->step[1][best] != size &&
		    (w->step[1][l] == size || w->dims[l] > w->dims[best]))
			best = l;
	walk_swap_levels(w, 1, best);
}

#else
static void walk_choose_second(struct dbrt_walk *w, ptrdiff_t size)
{
	(void)w, (void)size;
}
#endif

static void walk_order_levels(struct dbrt_walk *w, uint32_t size)
{
	if (w->rank < 2)
		return;
	walk_choose_second(w, (ptrdiff_t)size);
	if (w->dims[0] < WALK_SHORT_ROW && w->dims[1] > w->dims[0])
		walk_swap_levels(w, 0, 1);
}

/* The innermost level becomes the row. */
static void walk_take_row(struct dbrt_walk *w, const struct dbrt_view *views)
{
	uint32_t k, l;

	w->n = w->rank ? w->dims[0] : 1;
	for (k = 0; k < w->views; k++)
		w->inner[k] = w->rank ? (int32_t)(w->step[k][0] /
						  (int32_t)views[k].size) :
					1;
	for (l = 1; l < w->rank; l++) {
		w->dims[l - 1] = w->dims[l];
		for (k = 0; k < w->views; k++)
			w->step[k][l - 1] = w->step[k][l];
	}
	w->rank -= w->rank > 0;
}

/* All levels, joined where possible, innermost first. */
static void walk_plan(struct dbrt_walk *w, const struct dbrt_view *views,
		      uint32_t count)
{
	uint32_t d = DBP_MAX_RANK, k;

	memset(w, 0, sizeof(*w));
	w->views = count;
	for (k = 0; k < count; k++)
		w->at[k] = views[k].data;
	while (d-- > 0) {
		if (views[0].dims[d] == 1)
			continue;
		if (w->rank && walk_joins(w, views, d, w->rank - 1)) {
			w->dims[w->rank - 1] *= views[0].dims[d];
			continue;
		}
		w->dims[w->rank] = views[0].dims[d];
		for (k = 0; k < count; k++)
			w->step[k][w->rank] = (ptrdiff_t)views[k].stride[d] *
					      (int32_t)views[k].size;
		w->rank++;
	}
}

void dbrt_walk_start(struct dbrt_walk *w, const struct dbrt_view *views,
		     uint32_t count)
{
	walk_plan(w, views, count);
	walk_take_row(w, views);
}

int dbrt_walk_next(struct dbrt_walk *w)
{
	uint32_t k, l;

	for (l = 0; l < w->rank; l++) {
		if (w->index[l] + 1 < w->dims[l]) {
			w->index[l]++;
			for (k = 0; k < w->views; k++)
				w->at[k] += w->step[k][l];
			return 1;
		}
		for (k = 0; k < w->views; k++)
			w->at[k] -= w->step[k][l] * (ptrdiff_t)w->index[l];
		w->index[l] = 0;
	}
	return 0;
}

struct walk_job {
	const struct dbrt_view *views;
	uint32_t count;
	uint32_t dim, parts; /* views[0].dims[dim] is split */
	dbrt_row *row;
	const void *ctx;
};

static void walk_part(void *arg, uint32_t part, uint32_t worker)
{
	const struct walk_job *j = arg;
	uint64_t n = j->views[0].dims[j->dim];
	uint32_t first = (uint32_t)(n * part / j->parts), k;
	struct dbrt_view views[DBRT_WALK_VIEWS];
	struct dbrt_walk w;

	(void)worker;
	for (k = 0; k < j->count; k++) {
		views[k] = j->views[k];
		dbrt_view_pick(&views[k], j->dim, first);
	}
	views[0].dims[j->dim] = (uint32_t)(n * (part + 1) / j->parts) - first;
	walk_plan(&w, views, j->count);
	walk_order_levels(&w, views[1].size);
	walk_take_row(&w, views);
	do
		j->row(j->ctx, &w);
	while (dbrt_walk_next(&w));
}

/* With less work, in copies of an element, starting threads costs more than it
 * saves. */
#define WALK_PARALLEL_WORK 8192
/* Bands of one worker, when somebody wants to be asked between them. */
#define WALK_BAND_ELEMENTS 64
#define WALK_BANDS 64

void dbrt_walk_rows(const struct dbrt_model *m, const struct dbrt_view *views,
		    uint32_t count, uint64_t work, dbrt_row *row,
		    const void *ctx)
{
	struct walk_job j = { views, count, 0, 1, row, ctx };
	uint32_t d, elements = 1;

	for (d = 0; d < DBP_MAX_RANK; d++)
		elements *= views[0].dims[d];
	while (j.dim < DBP_MAX_RANK - 1 && views[0].dims[j.dim] == 1)
		j.dim++;
	if (m->workers > 1 && elements * work >= WALK_PARALLEL_WORK)
		j.parts = m->workers;
	else if (m->tick && elements >= WALK_BAND_ELEMENTS)
		j.parts = elements / WALK_BAND_ELEMENTS;
	if (m->tick && j.parts > WALK_BANDS)
		j.parts = WALK_BANDS;
	if (j.parts > views[0].dims[j.dim])
		j.parts = views[0].dims[j.dim];
	if (j.parts > 1)
		dbrt_for(m, j.parts, walk_part, &j);
	else
		walk_part(&j, 0, 0);
}

void dbrt_walk_op(const struct dbrt_op_view *v, uint32_t inputs, uint64_t work,
		  dbrt_row *row, const void *ctx)
{
	struct dbrt_view views[DBRT_WALK_VIEWS];
	uint32_t i;

	dbrt_view_of(&views[0], v->m, dbrt_out(v, 0));
	for (i = 0; i < inputs; i++)
		dbrt_view_of(&views[i + 1], v->m, dbrt_in(v, i));
	dbrt_walk_rows(v->m, views, inputs + 1, work, row, ctx);
}

int dbrt_same_dims(const struct dbp_tensor *a, const struct dbp_tensor *b)
{
	return dbrt_same_dims_but(a, b, DBP_MAX_RANK);
}

int dbrt_same_dims_but(const struct dbp_tensor *a, const struct dbp_tensor *b,
		       uint32_t axis)
{
	uint32_t i;

	if (a->rank != b->rank)
		return 0;
	for (i = 0; i < a->rank; i++)
		if (i != axis && a->dims[i] != b->dims[i])
			return 0;
	return 1;
}

int dbrt_same_type(const struct dbp_tensor *a, const struct dbp_tensor *b)
{
	return a->dtype == b->dtype &&
	       (a->dtype != DBP_S8 ||
		(a->scale == b->scale && a->zero_point == b->zero_point));
}

int dbrt_broadcasts(const struct dbp_tensor *t, const struct dbp_tensor *to)
{
	uint32_t i, d;

	if (t->rank > to->rank)
		return 0;
	for (i = 1; i <= t->rank; i++) {
		d = t->dims[t->rank - i];
		if (d != 1 && d != to->dims[to->rank - i])
			return 0;
	}
	return 1;
}
