/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_FUSED_H
#define DBC_CONVERTER_ONNX_ONNX_FUSED_H

#include "converter/onnx/onnx_reader.h"

/* The operator inside of a fused one; OP_NONE for other names. */
enum op onnx_fused_op(const char *op_type);

/*
 * FusedConv, FusedGemm and FusedMatMul, which ONNX Runtime writes when it saves
 * an optimized model (domain com.microsoft). `n` is the inner node; a sum and
 * the activation become nodes behind it. -1 with a diagnostic.
 */
int onnx_fused(const struct onnx_node *o, struct node *n);

#endif
