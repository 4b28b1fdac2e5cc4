/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_BODY_H
#define DBC_CONVERTER_ONNX_ONNX_BODY_H

#include "converter/onnx/onnx_reader.h"

/* The names of one body; values that the body only passes on included. */
struct onnx_scope {
	const char **names;
	struct value **values;
	size_t slots, used;
};

/* Room for that many names; -1 when memory is exhausted. */
int onnx_scope_init(struct onnx_scope *s, struct arena *a, size_t names);
/* NULL where the name is not there, or stands for no value. */
struct value *onnx_scope_find(const struct onnx_scope *s, const char *name);
bool onnx_scope_has(const struct onnx_scope *s, const char *name);
void onnx_scope_add(struct onnx_scope *s, const char *name, struct value *v);

/* The nodes of the main graph, or of a function that is being inlined. */
struct onnx_body {
	Onnx__NodeProto **nodes;
	size_t count;
	struct onnx_scope scope;
	struct onnx_scope
		results; /* a function's outputs: the caller's values */
	const struct onnx_call *call;
	int64_t opset;
	const char *prefix; /* of node and value names */
};

/* Adds the body's nodes to the graph. Operators that are not known are only
 * noted: onnx_refuse_unknown() then names all of them. */
int onnx_read_body(struct onnx_reader *r, struct onnx_body *b);
int onnx_refuse_unknown(const struct onnx_reader *r);

/* Version of the default domain in the list; `otherwise` if it has none. */
int64_t onnx_default_opset(Onnx__OperatorSetIdProto *const *list, size_t n,
			   int64_t otherwise);

#endif
