/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decode tail: the nodes behind the last layer on every path to an output.
 * Boxes of hundreds of pixels and scores below 1 cannot share one 8-bit scale,
 * so the tail is computed in float.
 */
#include <stdlib.h>

#include "passes/match.h"
#include "passes/passes.h"

/* Distribution focal loss (Li et al. 2020, arXiv 2006.04388): the expectation
 * over softmaxed bins, written as a 1x1 Conv to one channel. It belongs to
 * decoding, although it is a Conv. */
static bool is_expectation(const struct node *n)
{
	const struct node *from = n->inputs[0]->producer;

	if (n->op != OP_CONV || n->inputs[1]->shape.dim[0] != 1)
		return false;
	while (from && (op_info(from->op)->flags & OPF_S) &&
	       from->op != OP_CONCAT)
		from = from->inputs[0] ? from->inputs[0]->producer : NULL;
	return from && from->op == OP_SOFTMAX;
}

/* Layers of the network, and pools between or behind them. */
static bool is_network(const struct node *n)
{
	switch (n->op) {
	case OP_CONV:
	case OP_CONV_TRANSPOSE:
	case OP_GEMM:
	case OP_MAT_MUL:
		return value_is_const(node_input(n, 1)) && !is_expectation(n);
	case OP_GLOBAL_AVERAGE_POOL:
	case OP_GLOBAL_MAX_POOL:
	case OP_AVERAGE_POOL:
	case OP_MAX_POOL:
		return true;
	default:
		return false;
	}
}

int pass_recognise_tail(struct graph *g, const struct config *c, struct diag *d)
{
	/* by value id: a layer depends on it */
	bool *needed = calloc(g->value_count + 1, sizeof(*needed));

	(void)c;
	if (!needed)
		return diag_error(d, "out of memory");
	for (struct node *n = g->last; n; n = n->prev) {
		bool inside = is_network(n);

		for (int i = 0; i < n->output_count; i++)
			if (n->outputs[i] && needed[n->outputs[i]->id])
				inside = true;
		n->tail = !inside;
		for (int i = 0; inside && i < n->input_count; i++)
			if (n->inputs[i])
				needed[n->inputs[i]->id] = true;
	}
	free(needed);
	return 0;
}
