/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_CAST_H
#define DBC_CONVERTER_ONNX_ONNX_CAST_H

#include "converter/onnx/onnx_node.h"

/* Sets `attr` to the name of a type of the file; -1 with an error for one that
 * the graph does not have. */
int onnx_set_dtype(const struct onnx_node *o, struct node *n, const char *attr,
		   int64_t data_type);
/* A CastLike (opset 15 to 24) is a Cast that has two inputs until
 * onnx_resolve_casts(). The nodes of functions stand in any order, so the type
 * of the second one is known only when all are read. */
bool onnx_is_cast_like(const struct onnx_node *o);
/* Cast (opset 6 to 24) or CastLike. */
int onnx_normalise_cast(const struct onnx_node *o, struct node *n);
/* Sets the types of all CastLike, when all nodes are read and sorted; -1 with
 * an error where the type of a second input is not known. */
int onnx_resolve_casts(struct onnx_reader *r);

#endif
