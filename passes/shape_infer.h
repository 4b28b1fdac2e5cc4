/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_SHAPE_INFER_H
#define DBC_PASSES_SHAPE_INFER_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * Shape inference of one node by the rules of ONNX (the newest opset's form,
 * see ir/ops.def). Sets dtype and shape of the node's outputs from types,
 * shapes and constant values of its inputs. Checks everything that kernels
 * rely on: ranks, strides, dilations, kernels, groups, pads and axes in
 * range, weights that fit, shapes that broadcast. Respects node->layout.
 * Unknown input dims are an error. -1 with a diagnostic as of node_error().
 */
int shape_infer_node(struct graph *g, struct node *n, struct diag *d);

/* The operator has a shape rule. */
bool shape_infer_supports(enum op op);

#endif
