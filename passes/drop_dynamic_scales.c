/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activations that a model quantizes while it runs, by their own range
 * (DynamicQuantizeLinear), become floats again, to be calibrated like those of
 * a float model. Weights keep their codes: the device has fixed scales, and
 * cannot search each activation for its range.
 *
 * The codes are about x / scale + zero point, and every reader takes the zero
 * point off and multiplies by the scale later. With the scale 1 and the zero
 * point 0 the same readers compute the real numbers.
 */
#include <string.h>

#include "passes/match.h"
#include "passes/passes.h"

/* DequantizeLinear of the codes, by their own scale or by 1. */
static bool takes_zero_off(const struct node *dq, const struct node *dynamic)
{
	float scale;

	return dq->op == OP_DEQUANTIZE_LINEAR && dynamic->output_count == 3 &&
	       dq->inputs[0] == dynamic->outputs[0] && node_input(dq, 2) &&
	       dq->inputs[2] == dynamic->outputs[2] &&
	       (dq->inputs[1] == dynamic->outputs[1] ||
		(node_const_float(dq, 1, &scale) && scale >= 1 && scale <= 1));
}

/* The Cast to integers of whole sums behind a product, and the one back to
 * floats; NULL if there are none. */
static struct node *casts_behind(const struct node *product, struct node **back)
{
	struct node *cast = value_only_reader(product->outputs[0]);

	if (!cast || cast->op != OP_CAST || cast->outputs[0]->dtype != DT_I32)
		return NULL;
	*back = value_only_reader(cast->outputs[0]);
	return *back && (*back)->op == OP_CAST &&
			       (*back)->outputs[0]->dtype == DT_F32 ?
		       cast :
		       NULL;
}

static bool rounds(const struct node *n)
{
	return n && n->op == OP_CAST && n->outputs[0]->dtype != DT_F32;
}

/* Nothing makes integers of dequantized codes, or of their products, but the
 * Casts that go. */
static bool stays_float(const struct node *dq)
{
	const struct value *y = dq->outputs[0];
	struct node *back;

	for (int i = 0; i < y->use_count; i++) {
		const struct node *n = y->uses[i];

		if (rounds(n) || (rounds(value_only_reader(n->outputs[0])) &&
				  !casts_behind(n, &back)))
			return false;
	}
	return true;
}

static bool only_scales(const struct value *scale)
{
	for (int i = 0; i < scale->use_count; i++) {
		const struct node *n = scale->uses[i];

		if (n->op != OP_MUL &&
		    (n->op != OP_DEQUANTIZE_LINEAR || n->inputs[1] != scale))
			return false;
	}
	return true;
}

static bool is_removable(const struct node *n)
{
	const struct value *codes = n->outputs[0];
	const struct value *zero = n->output_count > 2 ? n->outputs[2] : NULL;

	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && n->outputs[i]->is_output)
			return false;
	if (n->output_count > 1 && n->outputs[1] && !only_scales(n->outputs[1]))
		return false;
	for (int i = 0; i < codes->use_count; i++)
		if (!takes_zero_off(codes->uses[i], n) ||
		    !stays_float(codes->uses[i]))
			return false;
	for (int i = 0; zero && i < zero->use_count; i++)
		if (!takes_zero_off(zero->uses[i], n))
			return false;
	return true;
}

/* ---- Removal ---- */

static int replace(struct graph *g, struct node *n, struct value *by)
{
	if (graph_replace(g, n->outputs[0], by))
		return -1;
	graph_remove(g, n);
	return 0;
}

/* The product of y's readers is no sum of integers any more. */
static int drop_casts(struct graph *g, const struct value *y)
{
	for (int i = 0; i < y->use_count; i++) {
		struct node *back, *cast = casts_behind(y->uses[i], &back);

		if (cast && (replace(g, back, y->uses[i]->outputs[0]) ||
			     replace(g, cast, y->uses[i]->outputs[0])))
			return -1;
	}
	return 0;
}

/* A product with the scale 1 is its other operand. */
static int drop_scale(struct graph *g, struct value *scale)
{
	const float one = 1;
	struct value *number;

	for (int i = 0; i < scale->use_count; i++) {
		struct node *n = scale->uses[i];
		struct value *other = match_other(n, scale);

		if (n->op != OP_MUL || !other || other == scale ||
		    !shape_equal(&other->shape, &n->outputs[0]->shape))
			continue;
		if (replace(g, n, other))
			return -1;
		i = -1; /* the list has changed */
	}
	number = graph_const_f32(g, scale->name, -1, &one);
	return number ? graph_replace(g, scale, number) : -1;
}

static int remove_dynamic(struct graph *g, struct node *n)
{
	struct value *codes = n->outputs[0], *x = n->inputs[0];

	while (codes->use_count) {
		struct node *dq = codes->uses[0];

		if (drop_casts(g, dq->outputs[0]) || replace(g, dq, x))
			return -1;
	}
	if (n->output_count > 1 && n->outputs[1] &&
	    drop_scale(g, n->outputs[1]))
		return -1;
	graph_remove(g, n);
	return 0;
}

int pass_drop_dynamic_scales(struct graph *g, const struct config *c,
			     struct diag *d)
{
	struct node *next;

	(void)c;
	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if (n->op == OP_DYNAMIC_QUANTIZE_LINEAR && is_removable(n)) {
			if (remove_dynamic(g, n))
				return diag_error(d, "out of memory");
			next = g->first; /* nodes behind it may be gone */
		}
	}
	return 0;
}
