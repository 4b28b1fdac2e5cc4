/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_CUT_OPS_H
#define DBC_CONVERTER_ONNX_ONNX_CUT_OPS_H

#include "converter/onnx/onnx_reader.h"

/* What operators of a file are for a selection of boxes at its end. */

/* The node that selects: this one, or the first in its bodies; NULL: none. */
const Onnx__NodeProto *cut_selection_of(const Onnx__NodeProto *n);
bool cut_is_selection(const Onnx__NodeProto *n);
/* It has weights. */
bool cut_is_network(const Onnx__NodeProto *n);
bool cut_is_gather(const Onnx__NodeProto *n);
/* Only the shape of its input counts. */
bool cut_is_shape(const Onnx__NodeProto *n);
/* The same elements in another order or shape. */
bool cut_is_move(const Onnx__NodeProto *n);
/* Behind it, what it reads is the better output. */
bool cut_is_criterion(const Onnx__NodeProto *n);

#endif
