/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_MATCH_H
#define DBC_PASSES_MATCH_H

#include "ir/graph.h"

/* Small questions that passes ask about the graph around a node. */

/* The node of that kind that computes v, NULL where another or none does. */
struct node *match_producer(const struct value *v, enum op op);
/* The same, but nobody else may read v: it can be taken apart. */
struct node *match_inner(const struct value *v, enum op op);
/* Of a binary node with one constant number as operand: true, with the number
 * and the other operand. `swapped` (may be NULL): the number comes first. */
bool match_scalar(const struct node *n, float *number, struct value **other,
		  bool *swapped);
/* a and b agree to float rounding. */
bool match_near(double a, double b);
/* One of the two inputs is v: the other one; else NULL. */
struct value *match_other(const struct node *n, const struct value *v);

/* A node of one input with the outputs (names, readers) of `old`, which is
 * removed. NULL when memory is exhausted. */
struct node *match_put(struct graph *g, struct node *old, enum op op,
		       struct value *input);

#endif
