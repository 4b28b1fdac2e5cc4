/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_NODE_H
#define DBC_CONVERTER_ONNX_ONNX_NODE_H

#include "converter/onnx/onnx_reader.h"

/*
 * Adds the node to the graph and brings it into the form of ir/ops.def (see
 * onnx_normalise.c). Operand counts and attributes are checked.
 */
int onnx_add_node(const struct onnx_node *o, enum op op,
		  struct value *const *inputs, int input_count,
		  struct value *const *outputs, int output_count);
/* Checks that need all nodes: only supported outputs are read, weights are
 * finite. Drops outputs that no node reads. */
int onnx_finish_nodes(struct onnx_reader *r);

#endif
