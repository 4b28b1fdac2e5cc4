/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_FOLD_NODE_H
#define DBC_PASSES_FOLD_NODE_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * The remaining cost of folding. A graph that makes large constants from small
 * ones, or copies of copies, is no longer folded when the budget is used up:
 * memory and time stay a small multiple of the file.
 */
struct fold_budget {
	int64_t elements; /* elements to read and write */
};

/* 16 million elements and four times the graph's own constants. */
void fold_budget_init(struct fold_budget *b, const struct graph *g);

/*
 * If all inputs of `n` are constants (for Shape and Size: have known shapes),
 * computes its outputs, makes them constants and removes the node. The shapes
 * of its outputs must be known. Constants of DequantizeLinear and Quant keep
 * their grid in value->quant. 0 also if the node stays; -1 with a diagnostic
 * if it cannot be computed.
 */
int fold_node(struct graph *g, struct node *n, struct fold_budget *b,
	      struct diag *d);

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
