/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins QuantizeLinear and DequantizeLinear of one activation to a single
 * Quant (QONNX), the form in which the quantizer knows a trained grid. A Clip
 * of the codes between the two, which PyTorch writes for ranges of 7 bits, is
 * part of the grid. The two round before the zero point is added, Quant after:
 * results differ if a number lies exactly between two codes and the zero point
 * is odd.
 */
#include "ir/code_range.h"
#include "ir/tensor.h"
#include "passes/match.h"
#include "passes/passes.h"

static bool one_code(const struct value *v, double *x)
{
	if (!value_is_const(v) || v->dtype == DT_F32 ||
	    shape_elements(&v->shape) != 1)
		return false;
	*x = tensor_element(v->dtype, v->data, 0);
	return true;
}

struct joined_rounding {
	float scale;
	double zero;
};

static bool rounding_of(const struct node *n, struct joined_rounding *r)
{
	r->zero = 0;
	return node_const_float(n, 1, &r->scale) && r->scale > 0 &&
	       (!node_input(n, 2) || one_code(n->inputs[2], &r->zero));
}

/* The attributes of a Quant with these codes. False: it has no such form. */
static bool set_form(struct code_range *r, bool *narrow)
{
	double half = 1;
	int bits = 1;

	r->is_signed = r->low < 0;
	while (half - 1 < (r->is_signed ? r->high : (r->high - 1) / 2)) {
		half *= 2;
		bits++;
	}
	r->bits = bits;
	if (r->is_signed)
		*narrow = r->low > -half;
	else
		*narrow = r->high < 2 * half - 1;
	return r->is_signed ? r->high >= half - 1 && r->high <= half - 1 &&
				      r->low >= -half && r->low <= 1 - half :
			      r->low >= 0 && r->low <= 0 && r->high > 0 &&
				      r->high >= 2 * half - 2;
}

/* A pair and what stands between. */
struct pair {
	struct node *q, *dq;
	struct code_range codes;
	bool narrow;
	struct joined_rounding grid;
};

/* The limits of a Clip of codes cut those of the pair. */
static bool cut_codes(const struct node *clip, struct code_range *r)
{
	double low = r->low, high = r->high;

	if ((node_input(clip, 1) && !one_code(clip->inputs[1], &low)) ||
	    (node_input(clip, 2) && !one_code(clip->inputs[2], &high)))
		return false;
	r->low = low > r->low ? low : r->low;
	r->high = high < r->high ? high : r->high;
	return true;
}

static bool find_pair(struct node *dq, struct pair *p)
{
	struct node *q = dq->inputs[0]->producer, *clip = NULL;
	struct joined_rounding a;

	if (q && q->op == OP_CLIP) {
		clip = q;
		q = clip->inputs[0]->producer;
	}
	if (!q || q->op != OP_QUANTIZE_LINEAR || q->tail ||
	    !rounding_of(q, &a) || !rounding_of(dq, &p->grid) ||
	    a.scale < p->grid.scale || a.scale > p->grid.scale ||
	    a.zero < p->grid.zero || a.zero > p->grid.zero ||
	    dq->outputs[0]->dtype != DT_F32 || q->inputs[0]->dtype != DT_F32)
		return false;
	p->q = q;
	p->dq = dq;
	p->codes = quantize_code_range(q);
	return (!clip || cut_codes(clip, &p->codes)) &&
	       set_form(&p->codes, &p->narrow);
}

static bool same_codes(const struct pair *a, const struct pair *b)
{
	return a->q == b->q && a->codes.bits == b->codes.bits &&
	       a->codes.is_signed == b->codes.is_signed &&
	       a->narrow == b->narrow;
}

/* A Quant whose least code is 0. */
static bool rectifies(const struct node *n)
{
	float zero, bits;

	return node_const_float(n, 2, &zero) && node_const_float(n, 3, &bits) &&
	       (double)zero <= quant_code_range(n, (int)bits).low;
}

/* As far as it is known. An input's grid is made for its values. */
static bool never_negative(const struct value *v)
{
	for (; v->producer; v = v->producer->inputs[0]) {
		const struct node *n = v->producer;

		if (n->op == OP_RELU || n->op == OP_SIGMOID)
			return true;
		if (n->op == OP_QUANT)
			return rectifies(n);
		if (n->op == OP_PAD ||
		    (!(op_info(n->op)->flags & OPF_KEEPS_SCALE) &&
		     n->op != OP_AVERAGE_POOL &&
		     n->op != OP_GLOBAL_AVERAGE_POOL))
			return false;
	}
	return v->role == VALUE_INPUT;
}

/* A grid of more codes than the device has keeps only its end at 0: the Relu
 * that rounding took over. */
static struct value *rectified(struct graph *g, const struct pair *p)
{
	struct value *x = p->q->inputs[0], *y;

	if (p->codes.bits <= 8 || p->grid.zero > p->codes.low ||
	    never_negative(x))
		return x;
	y = graph_value(g, x->name, DT_F32, &x->shape);
	return y && graph_node(g, OP_RELU, p->q->name, &x, 1, &y, 1, p->dq) ?
		       y :
		       NULL;
}

/* A Quant of x that takes over dq's output. */
static struct node *quant_for(struct graph *g, const struct pair *p)
{
	struct value *in[4] = { rectified(g, p), NULL, NULL, NULL };
	struct value *y = p->dq->outputs[0];
	float zero = (float)p->grid.zero, bits = (float)p->codes.bits;
	struct node *n;

	in[1] = graph_const_f32(g, NULL, 1, &p->grid.scale);
	in[2] = graph_const_f32(g, NULL, 1, &zero);
	in[3] = graph_const_f32(g, NULL, 1, &bits);
	if (!in[0] || !in[1] || !in[2] || !in[3])
		return NULL;
	p->dq->outputs[0] = NULL;
	n = graph_node(g, OP_QUANT, p->dq->name, in, 4, &y, 1, p->dq);
	if (!n || node_set_int(g, n, "signed", p->codes.is_signed) ||
	    (p->narrow && node_set_int(g, n, "narrow", 1)))
		return NULL;
	return n;
}

/* Every DequantizeLinear with the codes of `first`: the first becomes the
 * Quant, readers of the others read its output. */
static int join(struct graph *g, struct pair *first)
{
	struct node *made, *next, *n = first->dq->next;
	struct pair p;

	made = quant_for(g, first);
	if (!made)
		return -1;
	graph_remove(g, first->dq);
	for (; n; n = next) {
		next = n->next;
		if (n->op != OP_DEQUANTIZE_LINEAR || n->outputs[0]->is_output ||
		    !find_pair(n, &p) || !same_codes(first, &p))
			continue;
		if (graph_replace(g, n->outputs[0], made->outputs[0]))
			return -1;
		graph_remove(g, n);
	}
	return 0;
}

/* Rounding whose codes nobody reads any more. */
static void remove_unread(struct graph *g)
{
	struct node *before;

	for (struct node *n = g->last; n; n = before) {
		before = n->prev;
		if ((n->op == OP_QUANTIZE_LINEAR ||
		     (n->op == OP_CLIP && n->outputs[0]->dtype != DT_F32)) &&
		    !value_readers(n->outputs[0]))
			graph_remove(g, n);
	}
}

int pass_join_rounding(struct graph *g, const struct config *c, struct diag *d)
{
	struct node *next;
	struct pair p;

	(void)c;
	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if (n->op != OP_DEQUANTIZE_LINEAR || !find_pair(n, &p))
			continue;
		if (join(g, &p))
			return diag_error(d, "out of memory");
		next = g->first; /* others behind it may be gone */
	}
	remove_unread(g);
	return 0;
}
