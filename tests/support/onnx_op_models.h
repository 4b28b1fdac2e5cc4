/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_ONNX_OP_MODELS_H
#define DBC_TESTS_ONNX_OP_MODELS_H

#include "tests/support/onnx_builder.h"

/* Model i of those that have one operator behind a convolution: one for each
 * form of operator that random networks do not have. Returns its name; NULL
 * behind the last one. */
const char *onnx_op_model(struct onnx_builder *b, uint32_t i);

#endif
