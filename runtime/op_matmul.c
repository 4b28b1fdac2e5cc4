/* SPDX-License-Identifier: Apache-2.0 */
/* Float matrix products of the last two dims; dims before them broadcast. Each
 * sum is in the order of K, one output row at a time. */
#include "runtime/fmath.h"
#include "runtime/tensor_walk.h"

static int outer_dims_ok(const struct dbp_tensor *t, const struct dbp_tensor *y)
{
	uint32_t i, d;

	if (t->rank > y->rank)
		return 0;
	for (i = 3; i <= t->rank; i++) {
		d = t->dims[t->rank - i];
		if (d != 1 && d != y->dims[y->rank - i])
			return 0;
	}
	return 1;
}

int dbrt_matmul_check(const struct dbrt_op_view *v)
{
	const struct dbp_tensor *a = dbrt_in(v, 0), *b = dbrt_in(v, 1);
	const struct dbp_tensor *y = dbrt_out(v, 0);

	if (a->dtype != DBP_F32 || b->dtype != DBP_F32 || y->dtype != DBP_F32 ||
	    a->rank < 2 || b->rank < 2 || y->rank < 2)
		return DBRT_ERROR_FORMAT;
	return dbrt_expect(a->dims[a->rank - 1] == b->dims[b->rank - 2] &&
			   y->dims[y->rank - 2] == a->dims[a->rank - 2] &&
			   y->dims[y->rank - 1] == b->dims[b->rank - 1] &&
			   outer_dims_ok(a, y) && outer_dims_ok(b, y));
}

struct product {
	uint32_t n, k;
	int32_t a_step, b_row, b_step, y_step;
};

/* y[0..n) = row of a times n <= DBRT_BLOCK columns of b */
static void multiply_some(const struct product *p, const float *a,
			  const float *b, float *y, uint32_t n)
{
	float sum[DBRT_BLOCK] = { 0 };
	uint32_t i, j;

	for (i = 0; i < p->k; i++, a += p->a_step, b += p->b_row)
		for (j = 0; j < n; j++)
			sum[j] += *a * b[(ptrdiff_t)j * p->b_step];
	for (j = 0; j < n; j++)
		y[(ptrdiff_t)j * p->y_step] = dbrt_canonical(sum[j]);
}

/* The same for a whole block of adjacent columns: the compiler vectorizes
 * it. */
static void multiply_block(const struct product *p, const float *a,
			   const float *b, float *y)
{
	float sum[DBRT_BLOCK] = { 0 };
	uint32_t i, j;

	for (i = 0; i < p->k; i++, a += p->a_step, b += p->b_row)
		for (j = 0; j < DBRT_BLOCK; j++)
			sum[j] += *a * b[j];
	for (j = 0; j < DBRT_BLOCK; j++)
		y[(ptrdiff_t)j * p->y_step] = dbrt_canonical(sum[j]);
}

static void multiply_row(const struct product *p, const float *a,
			 const float *b, float *y)
{
	uint32_t left = p->n, n;

	for (; left; left -= n) {
		n = left < DBRT_BLOCK ? left : DBRT_BLOCK;
		if (n == DBRT_BLOCK && p->b_step == 1)
			multiply_block(p, a, b, y);
		else
			multiply_some(p, a, b, y, n);
		b += (ptrdiff_t)n * p->b_step;
		y += (ptrdiff_t)n * p->y_step;
	}
}

static void matmul_rows(const void *ctx, struct dbrt_walk *w)
{
	uint32_t i;

	for (i = 0; i < w->n; i++)
		multiply_row(ctx,
			     (const float *)(void *)w->at[1] +
				     (ptrdiff_t)i * w->inner[1],
			     (const float *)(void *)w->at[2] +
				     (ptrdiff_t)i * w->inner[2],
			     (float *)(void *)w->at[0] +
				     (ptrdiff_t)i * w->inner[0]);
}

/* A walk over all output rows: a's row, b's matrix, y's row. */
void dbrt_matmul_run(const struct dbrt_op_view *v)
{
	struct dbrt_view views[3];
	struct product p;
	const uint32_t row = DBP_MAX_RANK - 2, last = DBP_MAX_RANK - 1;
	uint32_t i;

	dbrt_view_of(&views[0], v->m, dbrt_out(v, 0));
	dbrt_view_of(&views[1], v->m, dbrt_in(v, 0));
	dbrt_view_of(&views[2], v->m, dbrt_in(v, 1));
	p.n = views[0].dims[last];
	p.k = views[1].dims[last];
	p.y_step = views[0].stride[last];
	p.a_step = views[1].stride[last];
	p.b_row = views[2].stride[row];
	p.b_step = views[2].stride[last];
	for (i = 0; i < 3; i++)
		dbrt_view_pick(&views[i], last, 0);
	dbrt_view_pick(&views[2], row, 0);
	for (i = 0; i < 3; i++)
		views[i].stride[last] = 0;
	views[2].stride[row] = 0;
	dbrt_walk_rows(v->m, views, 3, p.n * (uint64_t)p.k, matmul_rows, &p);
}
