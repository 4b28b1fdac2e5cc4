/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_SHAPE_INFER_H
#define DBC_PASSES_SHAPE_INFER_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * Sets dtype and shape of the node's outputs from its inputs' (and from the
 * values of constant inputs) and checks everything about the node that the
 * kernels rely on: ranks, strides, dilations, kernels and groups in range,
 * pads and axes in range, weights that fit, broadcastable shapes. Honours
 * node->layout. Unknown input dims are an error. -1 with a diagnostic in the
 * form of node_error().
 */
int shape_infer_node(struct graph *g, struct node *n, struct diag *d);

#endif
