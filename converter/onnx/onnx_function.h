/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_FUNCTION_H
#define DBC_CONVERTER_ONNX_ONNX_FUNCTION_H

#include "converter/onnx/onnx_reader.h"

/* Sorts the model's functions and sets how many nodes may be read, copies of
 * functions included. -1 with a diagnostic. */
int onnx_functions_init(struct onnx_reader *r);
/* The function that a node calls: the first of its domain, name and overload;
 * NULL if there is none. */
const Onnx__FunctionProto *onnx_find_function(const struct onnx_reader *r,
					      const Onnx__NodeProto *p);

#endif
