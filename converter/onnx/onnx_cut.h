/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_CUT_H
#define DBC_CONVERTER_ONNX_ONNX_CUT_H

#include "converter/onnx/onnx_reader.h"

/* A graph without its post-processing, by names and nodes of the file. */
struct onnx_cut {
	Onnx__NodeProto **nodes; /* that are left */
	size_t node_count;
	const char **outputs;
	size_t output_count;
};

/*
 * Cuts off the selection of boxes at the end of a detector (NonMaxSuppression,
 * TopK with Gather, TFLite_Detection_PostProcess and the like) and makes what
 * it selects from the outputs: the head does the selection. Nothing is cut
 * where the network goes on behind a selection, or where no network stands
 * before it. What was cut off stays in r->g->cut, and a note says so. 0, or -1
 * with a diagnostic.
 */
int onnx_cut_selection(struct onnx_reader *r, const Onnx__GraphProto *p,
		       struct onnx_cut *out);

#endif
