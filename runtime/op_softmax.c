/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/fmath.h"
#include "runtime/lines.h"

/* NaN anywhere in a line makes all of it NaN. */
static void softmax_line(const struct dbrt_lines *l, int logarithm)
{
	float *out = l->out, top = -dbrt_infinity(), sum = 0, log_sum = 0;
	uint32_t i;

	for (i = 0; i < l->in_count; i++) {
		float x = l->in[(ptrdiff_t)i * l->in_step];

		top = x > top || x != x ? x : top;
	}
	for (i = 0; i < l->in_count; i++) {
		float x = l->in[(ptrdiff_t)i * l->in_step] - top;
		float e = dbrt_expf(x);

		sum += e;
		out[(ptrdiff_t)i * l->out_step] = logarithm ? x : e;
	}
	if (logarithm)
		log_sum = dbrt_logf(sum);
	for (i = 0; i < l->in_count; i++) {
		float *y = &out[(ptrdiff_t)i * l->out_step];

		*y = dbrt_canonical(logarithm ? *y - log_sum : *y / sum);
	}
}

int dbrt_softmax_check(const struct dbrt_op_view *v)
{
	const struct dbp_softmax *p = v->params;
	const struct dbp_tensor *x = dbrt_in(v, 0), *y = dbrt_out(v, 0);

	return dbrt_expect(x->dtype == DBP_F32 && y->dtype == DBP_F32 &&
			   dbrt_same_dims(x, y) && p->axis < x->rank &&
			   p->flags <= 1);
}

void dbrt_softmax_run(const struct dbrt_op_view *v)
{
	const struct dbp_softmax *p = v->params;
	struct dbrt_lines l;

	dbrt_lines_start(&l, v->m, dbrt_in(v, 0), dbrt_out(v, 0), p->axis);
	while (dbrt_lines_next(&l))
		softmax_line(&l, p->flags & 1);
}
