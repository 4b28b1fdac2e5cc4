/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_RESIZE_H
#define DBC_IR_RESIZE_H

#include "base/diag.h"
#include "ir/graph.h"

enum resize_mode { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC };

/* The geometry of a Resize (ONNX Resize, opset 19), one entry for each dim. */
struct resize {
	int rank;
	enum resize_mode mode;
	int64_t in[GRAPH_MAX_RANK], out[GRAPH_MAX_RANK];
	double scale[GRAPH_MAX_RANK];                      /* out per in */
	double start[GRAPH_MAX_RANK], end[GRAPH_MAX_RANK]; /* of the crop */
	const char *coordinates, *nearest;
	double cubic_a;
	bool exclude_outside, extrapolates;
	float extrapolation;
};

/* From a node whose shapes are known. -1 with a diagnostic for antialias,
 * which is not supported. */
int resize_of(const struct node *n, struct resize *r, struct diag *d);

/*
 * The input cells of output index o, at most 4, all inside of the axis. Their
 * weights sum to 1. Returns their number; 0 if the value is
 * r->extrapolation.
 */
struct resize_tap {
	int64_t cell;
	double weight;
};
int resize_taps(const struct resize *r, int axis, int64_t o,
		struct resize_tap taps[4]);

#endif
