/* SPDX-License-Identifier: Apache-2.0 */
/* ArgMax and top-k: the largest of a line, the k largest, or the k smallest.
 * NaN comes last in both cases; of equal elements the first comes first. */
#include "runtime/heap.h"
#include "runtime/lines.h"

/* A line, and a heap of indices into it. */
struct order {
	const struct dbrt_lines *l;
	const float *in;
	int32_t *index;
};

static float element(const struct order *o, int32_t i)
{
	return o->in[(ptrdiff_t)i * o->l->in_step];
}

/* Element i of the line comes before element j. */
static int before(const struct order *o, int32_t i, int32_t j)
{
	float a = element(o, i), b = element(o, j);

	if (a == b || (a != a && b != b))
		return i < j;
	if (a != a || b != b)
		return b != b;
	return o->l->flags ? a < b : a > b;
}

static uint32_t arg_max_line(const struct dbrt_lines *l, const float *in,
			     void *const *out)
{
	struct order o = { l, in, out[0] };
	int32_t best = 0, i;

	for (i = 1; i < (int32_t)l->in_count; i++)
		if (before(&o, i, best))
			best = i;
	*o.index = best;
	return 1;
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
	dbrt_for_lines(v, arg_max_line);
}

static int32_t *slot(const struct order *o, uint32_t i)
{
	return &o->index[(ptrdiff_t)i * o->l->out_step[1]];
}

static int slot_before(const void *ctx, uint32_t i, uint32_t j)
{
	return before(ctx, *slot(ctx, i), *slot(ctx, j));
}

static void slot_swap(void *ctx, uint32_t i, uint32_t j)
{
	int32_t t = *slot(ctx, i);

	*slot(ctx, i) = *slot(ctx, j);
	*slot(ctx, j) = t;
}

static uint32_t top_k_line(const struct dbrt_lines *l, const float *in,
			   void *const *out)
{
	struct order o = { l, in, out[1] };
	struct dbrt_heap heap = { slot_before, slot_swap, &o };
	uint32_t k = l->out_count, i;
	float *y = out[0];

	for (i = 0; i < k; i++)
		*slot(&o, i) = (int32_t)i;
	dbrt_heap_make(&heap, k);
	for (; i < l->in_count; i++)
		if (before(&o, (int32_t)i, *o.index)) {
			*o.index = (int32_t)i;
			dbrt_heap_sink(&heap, k);
		}
	dbrt_heap_sort(&heap, k);
	for (i = 0; i < k; i++, y += l->out_step[0])
		*y = element(&o, *slot(&o, i));
	return 1;
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

void dbrt_top_k_run(const struct dbrt_op_view *v)
{
	dbrt_for_lines(v, top_k_line);
}
