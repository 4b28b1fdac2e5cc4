/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_MATCH_H
#define DBC_PASSES_MATCH_H

#include "ir/graph.h"

/* Predicates on the graph around a node. */

/* The node that computes v if it has that operator, else NULL. */
struct node *match_producer(const struct value *v, enum op op);
/* The same, but v must have no other reader: the node can be replaced. */
struct node *match_inner(const struct value *v, enum op op);
/* For a binary node with one constant number as operand: true, with the number
 * and the other operand. `swapped` (may be NULL): the number is the first
 * operand. */
bool match_scalar(const struct node *n, float *number, struct value **other,
		  bool *swapped);
/* a and b are equal up to float rounding. */
bool match_near(double a, double b);
/* The other input if one of the two inputs is v, else NULL. */
struct value *match_other(const struct node *n, const struct value *v);

/* A new node with one input that takes over the outputs (names, readers) of
 * `old`, which is removed. NULL when memory is exhausted. */
struct node *match_put(struct graph *g, struct node *old, enum op op,
		       struct value *input);

#endif
