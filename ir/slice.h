/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_SLICE_H
#define DBC_IR_SLICE_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * The elements that a Slice selects, for every dim of its input: `count`
 * elements start, start + step, ..., all inside of the dim. The step may be
 * negative; it is 1 if count is 0 or 1.
 */
struct slice {
	int rank;
	int64_t start[GRAPH_MAX_RANK], step[GRAPH_MAX_RANK];
	int64_t count[GRAPH_MAX_RANK];
};

/*
 * From the node's input shape and its constant starts, ends, axes and steps
 * (ONNX Slice, opset 13: negative positions count from the end, and all are
 * clamped). -1 with a diagnostic as of node_error().
 */
int slice_of(const struct node *n, struct slice *s, struct diag *d);
/* The same without a diagnostic: false if it cannot be read. */
bool slice_known(const struct node *n, struct slice *s);

#endif
