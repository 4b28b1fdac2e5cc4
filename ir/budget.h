/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_BUDGET_H
#define DBC_IR_BUDGET_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * Memory and time of a conversion are bounded by the file: a few bytes can ask
 * for a constant of gigabytes, or for a matrix product of hours. Each graph
 * has one budget for everything that is computed while it is converted, and
 * limits for one run of the network, both a constant plus a multiple of the
 * constants in the file.
 */

/* Sets the budget from the constants that the graph has now. Later calls do
 * nothing. */
void graph_budget_open(struct graph *g);
/* Takes bytes and work (see node_work()); false, and takes nothing, if there
 * is less. */
bool graph_budget_take(struct graph *g, int64_t bytes, int64_t work);

/*
 * The cost of computing a node once: about one for a multiplication of a
 * matrix product, more for other operators. Its shapes must be known.
 */
int64_t node_work(const struct node *n);

/* Whether one run of the network is within its limits; an error names the
 * input or node that needs too much. Shapes must be known. */
int graph_budget_check_run(const struct graph *g, struct diag *d);

#endif
