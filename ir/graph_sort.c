/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "ir/graph.h"

/* node->mark while sorting. */
enum { WAITING, OPEN, DONE };

/* The first producer that n still waits for; *slot goes on where the last
 * search ended. */
static struct node *next_producer(const struct node *n, int *slot)
{
	for (; *slot < n->input_count; ++*slot) {
		const struct value *v = n->inputs[*slot];

		if (v && v->producer && v->producer->mark != DONE)
			return v->producer;
	}
	return NULL;
}

struct frame {
	struct node *node;
	int slot;
};

/* Everything that `root` depends on, then itself, to the end of the list:
 * depth first, with a stack of our own, since files choose the depth. */
static int place(struct graph *g, struct node *root, struct frame *stack,
		 struct diag *d)
{
	size_t depth = 1;

	stack[0] = (struct frame){ root, 0 };
	root->mark = OPEN;
	while (depth) {
		struct frame *top = &stack[depth - 1];
		struct node *p = next_producer(top->node, &top->slot);

		if (p && p->mark == OPEN)
			return node_error(d, p, "depends on its own output");
		if (p) {
			p->mark = OPEN;
			stack[depth++] = (struct frame){ p, 0 };
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
	struct frame *stack = calloc(g->node_count + 1, sizeof(*stack));
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
		if (order[i]->mark == WAITING && place(g, order[i], stack, d))
			goto done;
	err = 0;
done:
	free(order);
	free(stack);
	return err;
}
