/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_LAYOUT_MOVE_H
#define DBC_PASSES_LAYOUT_MOVE_H

#include "ir/graph.h"

/*
 * Moves Transposes from the inputs of n behind its outputs, if n can compute
 * in the Transposes' source order: n reads the sources, and its axes, pads
 * and constants follow. Leaves n unchanged otherwise. -1 when memory is
 * exhausted.
 */
int layout_sink(struct graph *g, struct node *n);
/* layout_sink() can move a Transpose past some nodes of this operator. */
bool layout_sinks(enum op op);
/* The operator has a layout (node->layout): it reads its input as maps. */
bool layout_is_spatial(enum op op);

#endif
