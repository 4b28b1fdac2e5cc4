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

/* More attributes than any operator has; it bounds the check for duplicates. */
#define ONNX_MAX_ATTRS 64

/* A call of a model-local function that is being inlined: the attributes
 * that its body may refer to. */
struct onnx_call {
	const struct onnx_call *outer; /* NULL: called from the main graph */
	const Onnx__FunctionProto *function;
	const Onnx__NodeProto *node;
	int depth;
};

/* The attribute `name`, with references to attributes of a function resolved;
 * NULL if it is absent. */
const Onnx__AttributeProto *onnx_attr(const struct onnx_node *o,
				      const char *name);
enum onnx_attr_type onnx_attr_type(const Onnx__AttributeProto *a);

/* Checks that each attribute name occurs once; for any operator. */
int onnx_attrs_check(const struct onnx_node *o);
/* Checks types, presence and range of every attribute of an operator that the
 * graph knows, and sets those that stay attributes on `n`. */
int onnx_attrs_copy(const struct onnx_node *o, struct node *n);

/* The value, or `def` if it is absent; only after onnx_attrs_copy(). */
int64_t onnx_attr_int(const struct onnx_node *o, const char *name, int64_t def);

#endif
