/* SPDX-License-Identifier: Apache-2.0 */
/* The largest of a line, and the largest few. NaN counts as the least. */
#include "runtime/lines.h"

static float at(const struct dbrt_lines *l, uint32_t i)
{
	return l->in[(ptrdiff_t)i * l->in_step];
}

int dbrt_arg_max_check(const struct dbrt_op_view *v)
{
	const struct dbp_softmax *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);

	return dbrt_expect(x->dtype == DBP_F32 && y->dtype == DBP_I32 &&
			   p->axis < x->rank && p->flags <= 1 &&
			   dbrt_same_dims_but(x, y, p->axis) &&
			   y->dims[p->axis] == 1);
}

void dbrt_arg_max_run(const struct dbrt_op_view *v)
{
	const struct dbp_softmax *p = v->params;
	struct dbrt_lines l;
	uint32_t i;

	dbrt_lines_start(&l, v->m, dbrt_in(v, 0), dbrt_out(v, 0), p->axis);
	while (dbrt_lines_next(&l)) {
		uint32_t best = 0;

		for (i = 1; i < l.in_count; i++) {
			float x = at(&l, i), top = at(&l, best);

			if (p->flags & 1 ? x < top : x > top)
				best = i;
			else if (top != top && x == x)
				best = i;
		}
		*(int32_t *)l.out = (int32_t)best;
	}
}

int dbrt_top_k_check(const struct dbrt_op_view *v)
{
	const struct dbp_softmax *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	const struct dbp_tensor *index = dbrt_out(v, 1);

	return dbrt_expect(x->dtype == DBP_F32 && y->dtype == DBP_F32 &&
			   index->dtype == DBP_I32 && p->axis < x->rank &&
			   p->flags <= 1 && dbrt_same_dims_but(x, y, p->axis) &&
			   dbrt_same_dims(y, index) &&
			   y->dims[p->axis] <= x->dims[p->axis]);
}

/* i comes before j: the better one, equal ones by their place. */
static int before(const struct dbrt_lines *l, uint32_t i, uint32_t j,
		  int smallest)
{
	float a = at(l, i), b = at(l, j);

	if (a == b || (a != a && b != b))
		return i < j;
	if (a != a || b != b)
		return b != b;
	return smallest ? a < b : a > b;
}

/* The best of those that come behind `last`, which is the one before. */
static uint32_t next_best(const struct dbrt_lines *l, uint32_t last, int first,
			  int smallest)
{
	uint32_t best = UINT32_MAX, i;

	for (i = 0; i < l->in_count; i++) {
		if (!first && !before(l, last, i, smallest))
			continue;
		if (!first && i == last)
			continue;
		if (best == UINT32_MAX || before(l, i, best, smallest))
			best = i;
	}
	return best;
}

void dbrt_top_k_run(const struct dbrt_op_view *v)
{
	const struct dbp_softmax *p = v->params;
	struct dbrt_lines values, indices;
	uint32_t k, best = 0;

	dbrt_lines_start(&values, v->m, dbrt_in(v, 0), dbrt_out(v, 0),
			 p->axis);
	dbrt_lines_start(&indices, v->m, dbrt_in(v, 0), dbrt_out(v, 1),
			 p->axis);
	while (dbrt_lines_next(&values) && dbrt_lines_next(&indices))
		for (k = 0; k < values.out_count; k++) {
			float *y = values.out;
			int32_t *index = indices.out;

			best = next_best(&values, best, k == 0, p->flags & 1);
			y[(ptrdiff_t)k * values.out_step] = at(&values, best);
			index[(ptrdiff_t)k * indices.out_step] =
				(int32_t)best;
		}
}
