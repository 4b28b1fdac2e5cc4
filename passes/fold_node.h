/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_FOLD_NODE_H
#define DBC_PASSES_FOLD_NODE_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * What folding may still cost. A graph that makes large constants out of
 * small ones, or copies of copies, is left as it is once the budget is used:
 * memory and time stay a small multiple of the file.
 */
struct fold_budget {
	int64_t elements; /* that may still be read and written */
};

/* 16 million elements and four times the graph's own constants. */
void fold_budget_init(struct fold_budget *b, const struct graph *g);

/*
 * Where all inputs of `n` are constants (Shape and Size: have known shapes),
 * computes its outputs, makes them constants and removes the node. The shapes
 * of its outputs must be known. Constants of DequantizeLinear and Quant keep
 * their grid in value->quant. 0 also where the node stays; -1 with a
 * diagnostic where it cannot be computed.
 */
int fold_node(struct graph *g, struct node *n, struct fold_budget *b,
	      struct diag *d);

/*
 * Leaves in y->quant the integers that a folded node's constant output y was
 * made of, so that trained codes survive bit for bit. `n` is the node, still
 * linked to its inputs. Codes become signed, of the fewest bits that hold
 * them, with zero point 0 wherever they fit so; where the values lie on no
 * such grid of 8 bits, y stays without. -1 only when memory is exhausted.
 */
int fold_keep_grid(struct graph *g, const struct node *n, struct value *y,
		   struct diag *d);

#endif
