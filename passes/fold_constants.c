/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/budget.h"
#include "passes/fold_node.h"
#include "passes/passes.h"

int pass_fold_constants(struct graph *g, const struct config *c, struct diag *d)
{
	struct node *next;

	(void)c;
	graph_budget_open(g);
	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if (fold_node(g, n, d))
			return -1;
	}
	return graph_budget_check_run(g, d);
}
