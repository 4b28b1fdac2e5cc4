/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_UNKNOWN_H
#define DBC_CONVERTER_ONNX_ONNX_UNKNOWN_H

#include "converter/onnx/onnx_reader.h"

/* Records a node whose operator is not known; -1 when memory is exhausted. */
int onnx_note_unknown(const struct onnx_node *o);
/* An error for each operator that was recorded, and a hint. 0 if there is
 * none. */
int onnx_refuse_unknown(const struct onnx_reader *r);

#endif
