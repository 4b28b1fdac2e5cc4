/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/fmath.h"
#include "runtime/lines.h"

/* The largest; NaN if there is one. */
static float top_of(const struct dbrt_lines *l, const float *in)
{
	float top = -dbrt_infinity();
	uint32_t i;

	for (i = 0; i < l->in_count; i++, in += l->in_step)
		if (*in > top || *in != *in)
			top = *in;
	return top;
}

/* x[i] = in[i] - top, and the exponentials of these; i < n <= DBRT_BLOCK */
static void exponentials(const struct dbrt_lines *l, const float *in, float top,
			 uint32_t n, float *x, float *e)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		e[i] = x[i] = in[(ptrdiff_t)i * l->in_step] - top;
	if (n == DBRT_BLOCK)
		dbrt_exp_block(e);
	else
		for (i = 0; i < n; i++)
			e[i] = dbrt_expf(e[i]);
}

/* A NaN in a line makes the whole line NaN. The maximum is subtracted first,
 * so that exp() cannot overflow. */
static void softmax_line(const struct dbrt_lines *l, const float *in,
			 void *const *to)
{
	float x[DBRT_BLOCK], e[DBRT_BLOCK], *out = to[0], log_sum = 0, sum = 0;
	float top = top_of(l, in);
	uint32_t i, k, n;

	for (i = 0; i < l->in_count; i += n) {
		n = l->in_count - i < DBRT_BLOCK ? l->in_count - i : DBRT_BLOCK;
		exponentials(l, in + (ptrdiff_t)i * l->in_step, top, n, x, e);
		for (k = 0; k < n; k++) {
			sum += e[k];
			out[(ptrdiff_t)(i + k) * l->out_step[0]] =
				l->flags ? x[k] : e[k];
		}
	}
	if (l->flags)
		log_sum = dbrt_logf(sum);
	for (i = 0; i < l->in_count; i++, out += l->out_step[0])
		*out = dbrt_canonical(l->flags ? *out - log_sum : *out / sum);
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
	dbrt_for_lines(v, softmax_line);
}
