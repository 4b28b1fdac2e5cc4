/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_QLINEAR_H
#define DBC_CONVERTER_ONNX_ONNX_QLINEAR_H

#include "converter/onnx/onnx_reader.h"

/* The float operator of a QLinear one, or of QGemm; OP_NONE for other names. */
enum op onnx_qlinear_op(const char *op_type);

/*
 * QLinearConv and QLinearMatMul (opset 10), and ONNX Runtime's operators on
 * codes (domain com.microsoft). `n` is the node, of the float operator but
 * with scales and zero points among its inputs: they move to DequantizeLinear
 * nodes before it and a QuantizeLinear behind it. Codes and scales stay as they
 * were trained. -1 with a diagnostic.
 */
int onnx_qlinear(const struct onnx_node *o, struct node *n);

#endif
