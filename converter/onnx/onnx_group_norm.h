/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_GROUP_NORM_H
#define DBC_CONVERTER_ONNX_ONNX_GROUP_NORM_H

#include "converter/onnx/onnx_reader.h"

/*
 * GroupNormalization (opset 18 with a scale for each group, 21 with one for
 * each channel). `n` is its node, an InstanceNormalization already; nodes are
 * added before and behind it. -1 with a diagnostic.
 */
int onnx_group_norm(const struct onnx_node *o, struct node *n);

#endif
