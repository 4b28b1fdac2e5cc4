/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/fold_node.h"
#include "passes/passes.h"

int pass_fold_constants(struct graph *g, const struct config *c, struct diag *d)
{
	struct fold_budget budget;
	struct node *next;

	(void)c;
	fold_budget_init(&budget, g);
	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if (fold_node(g, n, &budget, d))
			return -1;
	}
	return 0;
}
