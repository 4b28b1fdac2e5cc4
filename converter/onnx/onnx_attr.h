/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_ATTR_H
#define DBC_CONVERTER_ONNX_ONNX_ATTR_H

#include "ir/graph.h"
#include "onnx.pb-c.h"

struct onnx_node;

/* AttributeProto.AttributeType */
enum onnx_attr_type {
	ONNX_ATTR_UNDEFINED = 0,
	ONNX_ATTR_FLOAT = 1,
	ONNX_ATTR_INT = 2,
	ONNX_ATTR_STRING = 3,
	ONNX_ATTR_TENSOR = 4,
	ONNX_ATTR_GRAPH = 5,
	ONNX_ATTR_FLOATS = 6,
	ONNX_ATTR_INTS = 7,
	ONNX_ATTR_STRINGS = 8,
	ONNX_ATTR_SPARSE_TENSOR = 11,
	ONNX_ATTR_TYPE_COUNT = 15
};

/* More attributes than any operator has; keeps the check for duplicates
 * short. */
#define ONNX_MAX_ATTRS 64

/* A call of a model-local function that is being inlined: the attributes
 * that its body may refer to. */
struct onnx_call {
	const struct onnx_call *outer; /* NULL: called from the main graph */
	const Onnx__FunctionProto *function;
	const Onnx__NodeProto *node;
	int depth;
};

/* The attribute called `name`, references to a function's attributes
 * resolved; NULL where it is absent. */
const Onnx__AttributeProto *onnx_attr(const struct onnx_node *o,
				      const char *name);
enum onnx_attr_type onnx_attr_type(const Onnx__AttributeProto *a);

/* Of any operator: names that occur, each once. */
int onnx_attrs_check(const struct onnx_node *o);
/* Of an operator that the graph knows: types, presence and range of every
 * attribute; those that stay attributes are set on `n`. */
int onnx_attrs_copy(const struct onnx_node *o, struct node *n);

/* Values, once onnx_attrs_copy() has checked the types. */
int64_t onnx_attr_int(const struct onnx_node *o, const char *name, int64_t def);

#endif
