/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins QuantizeLinear and DequantizeLinear of one activation to a single
 * Quant (QONNX), the form in which the quantizer knows a trained grid. The two
 * round before the zero point is added, Quant after: results differ if a
 * number lies exactly between two codes and the zero point is odd.
 */
#include "passes/match.h"
#include "passes/passes.h"

static bool one_code(const struct value *v, int *x)
{
	if (!value_is_const(v) || shape_elements(&v->shape) != 1)
		return false;
	if (v->dtype == DT_I8)
		*x = *(const int8_t *)v->data;
	else if (v->dtype == DT_U8)
		*x = *(const uint8_t *)v->data;
	else
		return false;
	return true;
}

struct joined_rounding {
	float scale;
	int zero;
};

static bool rounding_of(const struct node *n, struct joined_rounding *r)
{
	r->zero = 0;
	return node_const_float(n, 1, &r->scale) && r->scale > 0 &&
	       (!node_input(n, 2) || one_code(n->inputs[2], &r->zero));
}

static bool is_pair(const struct node *q, const struct node *dq)
{
	struct joined_rounding a, b;

	return !q->tail && rounding_of(q, &a) && rounding_of(dq, &b) &&
	       a.scale == b.scale && a.zero == b.zero &&
	       (q->outputs[0]->dtype == DT_I8 ||
		q->outputs[0]->dtype == DT_U8) &&
	       dq->outputs[0]->dtype == DT_F32 && q->inputs[0]->dtype == DT_F32;
}

/* A Quant of x that takes over dq's output. */
static struct node *quant_for(struct graph *g, const struct node *q,
			      struct node *dq)
{
	struct value *in[4] = { q->inputs[0], NULL, NULL, NULL };
	struct value *y = dq->outputs[0];
	struct joined_rounding r;
	struct node *n;
	float zero, bits = 8;

	rounding_of(q, &r);
	zero = (float)r.zero;
	in[1] = graph_const_f32(g, NULL, 1, &r.scale);
	in[2] = graph_const_f32(g, NULL, 1, &zero);
	in[3] = graph_const_f32(g, NULL, 1, &bits);
	if (!in[1] || !in[2] || !in[3])
		return NULL;
	dq->outputs[0] = NULL;
	n = graph_node(g, OP_QUANT, dq->name, in, 4, &y, 1, dq);
	if (!n || node_set_int(g, n, "signed", q->outputs[0]->dtype == DT_I8))
		return NULL;
	return n;
}

/* Every DequantizeLinear behind q: the first becomes the Quant; readers of the
 * others read its output. */
static int join(struct graph *g, struct node *q)
{
	struct value *codes = q->outputs[0];
	struct node *made = NULL, *next;

	for (struct node *n = q->next; n; n = next) {
		next = n->next;
		if (n->op != OP_DEQUANTIZE_LINEAR || n->inputs[0] != codes ||
		    !is_pair(q, n) || (made && n->outputs[0]->is_output))
			continue;
		if (!made) {
			made = quant_for(g, q, n);
			if (!made)
				return -1;
		} else if (graph_replace(g, n->outputs[0], made->outputs[0])) {
			return -1;
		}
		graph_remove(g, n);
	}
	return 0;
}

int pass_join_rounding(struct graph *g, const struct config *c, struct diag *d)
{
	struct node *next;

	(void)c;
	for (struct node *n = g->first; n; n = next) {
		if (n->op == OP_QUANTIZE_LINEAR && join(g, n))
			return diag_error(d, "out of memory");
		next = n->next;
		if (n->op == OP_QUANTIZE_LINEAR &&
		    !value_readers(n->outputs[0]))
			graph_remove(g, n);
	}
	return 0;
}
