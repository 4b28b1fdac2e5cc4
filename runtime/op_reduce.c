/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/fmath.h"
#include "runtime/tensor_walk.h"

static float reduce_start(uint32_t kind)
{
	switch ((enum dbp_reduce_kind)kind) {
	case DBP_R_MAX:
		return -dbrt_infinity();
	case DBP_R_MIN:
		return dbrt_infinity();
	case DBP_R_PROD:
		return 1;
	case DBP_R_SUM:
	case DBP_R_MEAN:
	case DBP_R_L1:
	case DBP_R_L2:
	case DBP_R_SUM_SQUARE:
		return 0;
	case DBP_R_COUNT:
		break;
	}
	return dbrt_nan(); /* dbrt_reduce_check() refuses these kinds */
}

static float reduce_step(uint32_t kind, float sum, float x)
{
	switch ((enum dbp_reduce_kind)kind) {
	case DBP_R_MAX:
		return x > sum || x != x ? x : sum;
	case DBP_R_MIN:
		return x < sum || x != x ? x : sum;
	case DBP_R_PROD:
		return sum * x;
	case DBP_R_L1:
		return sum + dbrt_absf(x);
	case DBP_R_L2:
	case DBP_R_SUM_SQUARE:
		return sum + x * x;
	case DBP_R_SUM:
	case DBP_R_MEAN:
		return sum + x;
	case DBP_R_COUNT:
		break;
	}
	return dbrt_nan();
}

static float reduce_end(uint32_t kind, float sum, uint32_t count)
{
	if (kind == DBP_R_MEAN)
		return sum / (float)count;
	return kind == DBP_R_L2 ? dbrt_sqrtf(sum) : sum;
}

int dbrt_reduce_check(const struct dbrt_op_view *v)
{
	const struct dbp_reduce *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);
	uint32_t i;

	if (x->dtype != DBP_F32 || y->dtype != DBP_F32 || x->rank != y->rank ||
	    p->kind < DBP_R_SUM || p->kind >= DBP_R_COUNT || p->axes >> x->rank)
		return DBRT_ERROR_FORMAT;
	for (i = 0; i < x->rank; i++)
		if (y->dims[i] != (p->axes >> i & 1 ? 1 : x->dims[i]))
			return DBRT_ERROR_FORMAT;
	return DBRT_OK;
}

/* The walk over the input elements of one output element; its start is set for
 * each of them. */
struct reduce_job {
	struct dbrt_walk walk;
	uint32_t kind, count;
};

static float reduce_one(const struct reduce_job *r, uint8_t *data)
{
	struct dbrt_walk w = r->walk;
	float sum = reduce_start(r->kind);
	uint32_t i;

	w.at[0] = data;
	do {
		const float *x = (const void *)w.at[0];

		for (i = 0; i < w.n; i++, x += w.inner[0])
			sum = reduce_step(r->kind, sum, *x);
	} while (dbrt_walk_next(&w));
	return dbrt_canonical(reduce_end(r->kind, sum, r->count));
}

static void reduce_row(const void *ctx, struct dbrt_walk *w)
{
	float *out = (void *)w->at[0];
	uint8_t *in = w->at[1];
	uint32_t i;

	for (i = 0; i < w->n; i++) {
		*out = reduce_one(ctx, in);
		out += w->inner[0];
		in += (ptrdiff_t)w->inner[1] * 4;
	}
}

void dbrt_reduce_run(const struct dbrt_op_view *v)
{
	const struct dbp_reduce *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0);
	struct reduce_job r = { .kind = p->kind, .count = 1 };
	struct dbrt_view views[2], reduced;
	uint32_t i, d;

	dbrt_view_of(&views[0], v->m, dbrt_out(v, 0));
	dbrt_view_of(&views[1], v->m, x);
	reduced = views[1];
	for (i = 0; i < x->rank; i++) {
		d = dbrt_view_axis(x, i);
		if (p->axes >> i & 1) {
			r.count *= x->dims[i];
			views[1].stride[d] = 0;
			views[1].dims[d] = 1;
		} else {
			reduced.dims[d] = 1;
			reduced.stride[d] = 0;
		}
	}
	dbrt_walk_start(&r.walk, &reduced, 1);
	dbrt_walk_rows(v->m, views, 2, r.count, reduce_row, &r);
}
