/* SPDX-License-Identifier: Apache-2.0 */
/* Gemm (opset 13) and MatMul (opset 13). */
#include "evaluator/eval_gemm.h"

#include <string.h>

#include "evaluator/broadcast.h"
#include "evaluator/element.h"

gemm_f32_fn *eval_gemm_for(const struct eval *e)
{
	const struct node *from = e->n->inputs[0]->producer;

	while (from && from->inputs[0] && (op_info(from->op)->flags & OPF_S))
		from = from->inputs[0]->producer;
	return from && (from->op == OP_DEQUANTIZE_LINEAR ||
			from->op == OP_QUANT) ?
		       gemm_f32_exact :
		       gemm_f32;
}

/* y = beta * C, broadcast; zeros if there is no C. */
static void fill_addend(const struct eval *e, float beta)
{
	float *y = e->out[0];
	const struct shape *shape;
	struct broadcast w;

	if (!eval_has(e, 2)) {
		memset(y, 0, (size_t)eval_count(e) * sizeof(*y));
		return;
	}
	shape = eval_in(e, 2);
	broadcast_begin(&w, eval_out(e, 0), &shape, 1);
	for (; broadcast_next(&w); y += w.row)
		for (int64_t i = 0; i < w.row; i++)
			y[i] = beta *
			       ((const float *)
					e->in[2])[w.at[0] + i * w.step[0]];
}

int eval_gemm(const struct eval *e)
{
	const struct shape *a = eval_in(e, 0), *b = eval_in(e, 1);
	bool ta = node_int(e->n, "transA", 0), tb = node_int(e->n, "transB", 0);
	const struct shape *y = eval_out(e, 0);

	if (e->n->inputs[0]->dtype != DT_F32)
		return node_error(e->d, e->n, "cannot be evaluated on %s",
				  dtype_name(e->n->inputs[0]->dtype));
	fill_addend(e, node_float(e->n, "beta", 1));
	return eval_gemm_for(e)(
		ta, tb, y->dim[0], y->dim[1], a->dim[ta ? 0 : 1],
		node_float(e->n, "alpha", 1), e->in[0], a->dim[1], e->in[1],
		b->dim[1], 1, e->out[0], y->dim[1], e->d);
}

/* An operand as a matrix, as numpy.matmul does: a vector gets a dim of 1. */
static struct shape as_matrix(const struct shape *s, bool is_row)
{
	if (s->rank > 1)
		return *s;
	return is_row ? (struct shape){ 2, { 1, s->dim[0] } } :
			(struct shape){ 2, { s->dim[0], 1 } };
}

static int multiply_ints(const struct eval *e, int64_t a, int64_t b, int64_t y,
			 int64_t m, int64_t n, int64_t k)
{
	enum dtype t = e->n->inputs[0]->dtype;

	for (int64_t i = 0; i < m; i++)
		for (int64_t j = 0; j < n; j++) {
			uint64_t sum = 0;

			for (int64_t p = 0; p < k; p++)
				sum += (uint64_t)element_int(t, e->in[0],
							     a + i * k + p) *
				       (uint64_t)element_int(t, e->in[1],
							     b + p * n + j);
			element_store_int(t, e->out[0], y + i * n + j,
					  (int64_t)sum);
		}
	return 0;
}

int eval_matmul(const struct eval *e)
{
	struct shape a = as_matrix(eval_in(e, 0), true);
	struct shape b = as_matrix(eval_in(e, 1), false), batch;
	int64_t m = a.dim[a.rank - 2], k = a.dim[a.rank - 1];
	int64_t n = b.dim[b.rank - 1], at = 0;
	const struct shape *shapes[2] = { &a, &b };
	gemm_f32_fn *gemm = eval_gemm_for(e);
	struct broadcast w;

	a.rank -= 2;
	b.rank -= 2;
	batch = *eval_out(e, 0);
	batch.rank -= (eval_in(e, 0)->rank > 1) + (eval_in(e, 1)->rank > 1);
	broadcast_begin(&w, &batch, shapes, 2);
	while (broadcast_next(&w))
		for (int64_t i = 0; i < w.row; i++, at += m * n) {
			int64_t pa = (w.at[0] + i * w.step[0]) * m * k;
			int64_t pb = (w.at[1] + i * w.step[1]) * k * n;

			if (e->n->inputs[0]->dtype != DT_F32) {
				multiply_ints(e, pa, pb, at, m, n, k);
				continue;
			}
			if (gemm(false, false, m, n, k, 1,
				 (const float *)e->in[0] + pa, k,
				 (const float *)e->in[1] + pb, n, 0,
				 (float *)e->out[0] + at, n, e->d))
				return -1;
		}
	return 0;
}
