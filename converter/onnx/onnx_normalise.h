/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_NORMALISE_H
#define DBC_CONVERTER_ONNX_ONNX_NORMALISE_H

#include "converter/onnx/onnx_reader.h"

/* The graph's operator for an operator of the file; OP_NONE if there is
 * none. */
enum op onnx_known_op(const char *domain, const char *op_type);
/*
 * Brings a node, which has its inputs, outputs and attributes, into the one
 * form of ir/ops.def.
 */
int onnx_normalise(const struct onnx_node *o, struct node *n);

#endif
