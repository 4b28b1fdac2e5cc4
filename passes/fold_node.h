/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_FOLD_NODE_H
#define DBC_PASSES_FOLD_NODE_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * If all inputs of `n` are constants (for Shape and Size: have known shapes),
 * computes its outputs, makes them constants and removes the node. The shapes
 * of its outputs must be known and the budget open. Constants of
 * DequantizeLinear and Quant keep their grid in value->quant. 0 also if the
 * node stays; -1 with a diagnostic if it cannot be computed, or the graph's
 * budget does not suffice.
 */
int fold_node(struct graph *g, struct node *n, struct diag *d);

/*
 * Stores in y->quant the integers of a folded node's constant output y, so
 * that trained codes are kept bit for bit. `n` is the node, still linked to
 * its inputs. Codes become signed, with the fewest bits that hold them, and
 * zero point 0 if they fit. If the values lie on no grid of 8 bits, y->quant
 * stays NULL. -1 only when memory is exhausted.
 */
int fold_keep_grid(struct graph *g, const struct node *n, struct value *y,
		   struct diag *d);

#endif
