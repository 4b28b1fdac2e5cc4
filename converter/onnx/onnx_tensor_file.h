/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_TENSOR_FILE_H
#define DBC_CONVERTER_ONNX_ONNX_TENSOR_FILE_H

#include "base/diag.h"
#include "ir/tensor.h"

/* Reads a file that holds one TensorProto (.pb), as ONNX test data stores
 * them; -1 with a diagnostic. Free with tensor_free(). */
int tensor_read_pb(const char *path, struct tensor *t, struct diag *d);

#endif
