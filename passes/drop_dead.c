/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/passes.h"

static bool is_dead(const struct node *n)
{
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && value_readers(n->outputs[i]))
			return false;
	return true;
}

/* Backwards: a node that only a dead node reads is dead as well. */
int pass_drop_dead(struct graph *g, const struct config *c, struct diag *d)
{
	struct node *prev;

	(void)c;
	(void)d;
	for (struct node *n = g->last; n; n = prev) {
		prev = n->prev;
		if (is_dead(n))
			graph_remove(g, n);
	}
	return 0;
}
