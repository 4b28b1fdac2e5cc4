/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_SLICE_H
#define DBC_IR_SLICE_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * What a Slice takes, one entry for every dim of its input: `count` elements
 * start, start + step, ..., all inside of the dim. The step may be negative;
 * it is 1 where count is 0 or 1.
 */
struct slice {
	int rank;
	int64_t start[GRAPH_MAX_RANK], step[GRAPH_MAX_RANK];
	int64_t count[GRAPH_MAX_RANK];
};

/*
 * Reads it off the node's input shape and its constant starts, ends, axes and
 * steps (ONNX Slice-13: negative positions count from the end, and all are
 * clamped). -1 with a diagnostic in the form of node_error().
 */
int slice_of(const struct node *n, struct slice *s, struct diag *d);
/* The same for who only looks: false where it cannot be read. */
bool slice_known(const struct node *n, struct slice *s);

#endif
