/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "ir/graph.h"

/* node->mark while sorting. */
enum { WAITING, OPEN, DONE };

/* The first producer of n that is not placed yet, from input *slot on; *slot
 * is moved there. */
static struct node *next_producer(const struct node *n, int *slot)
{
	for (; *slot < n->input_count; ++*slot) {
		const struct value *v = n->inputs[*slot];

		if (v && v->producer && v->producer->mark != DONE)
			return v->producer;
	}
	return NULL;
}

struct sort_frame {
	struct node *node;
	int slot;
};

/* Moves everything that `root` depends on, then `root`, to the end of the
 * list. Depth first with an explicit stack, because the file decides the
 * depth. */
static int place_node(struct graph *g, struct node *root,
		      struct sort_frame *stack, struct diag *d)
{
	size_t depth = 1;

	stack[0] = (struct sort_frame){ root, 0 };
	root->mark = OPEN;
	while (depth) {
		struct sort_frame *top = &stack[depth - 1];
		struct node *p = next_producer(top->node, &top->slot);

		if (p && p->mark == OPEN)
			return node_error(d, p, "depends on its own output");
		if (p) {
			p->mark = OPEN;
			stack[depth++] = (struct sort_frame){ p, 0 };
			continue;
		}
		top->node->mark = DONE;
		graph_move_before(g, top->node, NULL);
		depth--;
	}
	return 0;
}

int graph_sort(struct graph *g, struct diag *d)
{
	struct node **order = calloc(g->node_count + 1, sizeof(*order));
	struct sort_frame *stack = calloc(g->node_count + 1, sizeof(*stack));
	size_t count = 0;
	int err = -1;

	if (!order || !stack) {
		diag_error(d, "out of memory");
		goto done;
	}
	for (struct node *n = g->first; n; n = n->next) {
		n->mark = WAITING;
		order[count++] = n;
	}
	for (size_t i = 0; i < count; i++)
		if (order[i]->mark == WAITING &&
		    place_node(g, order[i], stack, d))
			goto done;
	err = 0;
done:
	free(order);
	free(stack);
	return err;
}
