/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_INTEGER_H
#define DBC_CONVERTER_ONNX_ONNX_INTEGER_H

#include "converter/onnx/onnx_reader.h"

/* The float operator of one whose sums stay integers, or become floats; OP_NONE
 * for other names. */
enum op onnx_integer_op(const char *op_type);

/*
 * ConvInteger and MatMulInteger (opset 10), and ONNX Runtime's
 * MatMulIntegerToFloat and DynamicQuantizeMatMul: models whose activations are
 * quantized while they run. `n` is the node, of the float operator but with
 * scales and zero points among its inputs: they move to DequantizeLinear nodes
 * before it. Integer sums are floats that a Cast brings back. -1 with a
 * diagnostic.
 */
int onnx_integer(const struct onnx_node *o, struct node *n);

#endif
