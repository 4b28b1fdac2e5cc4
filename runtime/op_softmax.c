/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/float_block.h"
#include "runtime/lines.h"

/* x if it is above top, or NaN; for vectors without a branch */
static float larger(float top, float x)
{
	if (!DBRT_HAS_BLOCKS)
		return x > top || x != x ? x : top;
	return dbrt_float_of(dbrt_pick((x > top) | (x != x), dbrt_float_bits(x),
				       dbrt_float_bits(top)));
}

/* The largest of whole blocks; *done elements are in them. */
static float top_of_blocks(const struct dbrt_lines *l, const float *in,
			   uint32_t *done)
{
	float top = -dbrt_infinity(), x[DBRT_BLOCK], best[DBRT_BLOCK];
	uint32_t i, k;

	for (k = 0; k < DBRT_BLOCK; k++)
		best[k] = top;
	for (i = 0; i + DBRT_BLOCK <= l->in_count; i += DBRT_BLOCK) {
		dbrt_load_block(x, in + (ptrdiff_t)i * l->in_step, l->in_step,
				DBRT_BLOCK);
		for (k = 0; k < DBRT_BLOCK; k++)
			best[k] = larger(best[k], x[k]);
	}
	*done = i;
	for (k = 0; k < DBRT_BLOCK; k++)
		top = larger(top, best[k]);
	return top;
}

/* The largest; NaN if there is one. */
static float top_of(const struct dbrt_lines *l, const float *in)
{
	uint32_t i = 0;
	float top = DBRT_HAS_BLOCKS ? top_of_blocks(l, in, &i) :
				      -dbrt_infinity();

	in += (ptrdiff_t)i * l->in_step;
	for (; i < l->in_count; i++, in += l->in_step)
		top = larger(top, *in);
	return top;
}

/* x[i] = in[i] - top, and the exponentials of these; i < n <= DBRT_BLOCK */
static void exponentials(const struct dbrt_lines *l, const float *in, float top,
			 uint32_t n, float *x, float *e)
{
	uint32_t i;

	if (DBRT_HAS_BLOCKS && n == DBRT_BLOCK) {
		dbrt_load_block(x, in, l->in_step, DBRT_BLOCK);
		for (i = 0; i < DBRT_BLOCK; i++)
			e[i] = x[i] -= top;
		dbrt_exp_block(e);
		return;
	}
	for (i = 0; i < n; i++) {
		x[i] = in[(ptrdiff_t)i * l->in_step] - top;
		e[i] = dbrt_expf(x[i]);
	}
}

/* The last step for whole blocks; returns the elements done. */
static uint32_t finish_blocks(const struct dbrt_lines *l, float *out, float sum,
			      float log_sum)
{
	float x[DBRT_BLOCK];
	uint32_t i, k;

	for (i = 0; i + DBRT_BLOCK <= l->in_count; i += DBRT_BLOCK) {
		float *at = out + (ptrdiff_t)i * l->out_step[0];

		dbrt_load_block(x, at, l->out_step[0], DBRT_BLOCK);
		if (l->flags)
			for (k = 0; k < DBRT_BLOCK; k++)
				x[k] -= log_sum;
		else
			for (k = 0; k < DBRT_BLOCK; k++)
				x[k] /= sum;
		dbrt_store_block(at, x, l->out_step[0], DBRT_BLOCK);
	}
	return i;
}

/* x = elements of `lines` lines minus the largest of their line; the other
 * entries are 0. */
static void load_short_lines(const struct dbrt_lines *l, const float *in,
			     uint32_t lines, float *x)
{
	uint32_t n = l->in_count, i, k;

	for (i = 0; i < lines; i++, in += l->in_next) {
		float top = -dbrt_infinity();

		for (k = 0; k < n; k++)
			top = larger(top, in[(ptrdiff_t)k * l->in_step]);
		for (k = 0; k < n; k++)
			*x++ = in[(ptrdiff_t)k * l->in_step] - top;
	}
	for (k = lines * n; k < DBRT_BLOCK; k++)
		*x++ = 0;
}

/* Lines whose elements fit a block. */
static uint32_t short_lines(const struct dbrt_lines *l, const float *in,
			    float *out)
{
	float x[DBRT_BLOCK], e[DBRT_BLOCK], sums[DBRT_BLOCK] = { 0 };
	uint32_t n = l->in_count, lines = DBRT_BLOCK / n, i, k;

	lines = lines < l->lines ? lines : l->lines;
	load_short_lines(l, in, lines, x);
	memcpy(e, x, sizeof(e));
	dbrt_exp_block(e);
	for (i = 0; i < lines * n; i += n) {
		float sum = 0;

		for (k = 0; k < n; k++)
			sum += e[i + k];
		sum = l->flags ? dbrt_logf(sum) : sum;
		for (k = 0; k < n; k++)
			sums[i + k] = sum;
	}
	for (k = 0; k < DBRT_BLOCK; k++)
		e[k] = dbrt_canonical(l->flags ? x[k] - sums[k] :
						 e[k] / sums[k]);
	for (i = 0; i < lines; i++, out += l->out_next)
		for (k = 0; k < n; k++)
			out[(ptrdiff_t)k * l->out_step[0]] = e[i * n + k];
	return lines;
}

/* A NaN in a line makes the whole line NaN. The maximum is subtracted first,
 * so that exp() cannot overflow. */
static uint32_t softmax_line(const struct dbrt_lines *l, const float *in,
			     void *const *to)
{
	float x[DBRT_BLOCK], e[DBRT_BLOCK], *out = to[0], log_sum = 0, sum = 0;
	float top;
	const float *from;
	uint32_t i, k, n;

	if (DBRT_HAS_BLOCKS && l->in_count <= DBRT_BLOCK)
		return short_lines(l, in, out);
	top = top_of(l, in);
	for (i = 0; i < l->in_count; i += n) {
		n = l->in_count - i < DBRT_BLOCK ? l->in_count - i : DBRT_BLOCK;
		exponentials(l, in + (ptrdiff_t)i * l->in_step, top, n, x, e);
		from = l->flags ? x : e;
		for (k = 0; k < n; k++) {
			sum += e[k];
			out[(ptrdiff_t)(i + k) * l->out_step[0]] = from[k];
		}
	}
	if (l->flags)
		log_sum = dbrt_logf(sum);
	i = DBRT_HAS_BLOCKS ? finish_blocks(l, out, sum, log_sum) : 0;
	out += (ptrdiff_t)i * l->out_step[0];
	for (; i < l->in_count; i++, out += l->out_step[0])
		*out = dbrt_canonical(l->flags ? *out - log_sum : *out / sum);
	return 1;
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
