/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_BIPOLAR_H
#define DBC_CONVERTER_ONNX_ONNX_BIPOLAR_H

#include "converter/onnx/onnx_reader.h"

/*
 * BipolarQuant of QONNX, the scale where x is at least 0 and its negative
 * elsewhere, becomes a choice, and a Quant of two bits that changes nothing but
 * says which grid the two numbers are on. `n` is to be the Quant, with the
 * inputs x and scale. -1 with a diagnostic.
 */
int onnx_bipolar(const struct onnx_node *o, struct node *n);

#endif
