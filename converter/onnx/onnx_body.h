/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_BODY_H
#define DBC_CONVERTER_ONNX_ONNX_BODY_H

#include "converter/onnx/onnx_reader.h"

/* The names of one body, with those of values that it only passes on. */
struct onnx_scope {
	const char **names;
	struct value **values;
	size_t slots, used;
	const struct hash_key *key;
};

/* Allocates room for `names` names; -1 when memory is exhausted. */
int onnx_scope_init(struct onnx_scope *s, const struct onnx_reader *r,
		    size_t names);
/* NULL if the name is unknown or has no value. */
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

/* Adds the nodes of the body to the graph. Unknown operators are recorded, see
 * onnx_unknown.h. */
int onnx_read_body(struct onnx_reader *r, struct onnx_body *b);

/* Opset of the default domain in the list; `otherwise` if it is absent. */
int64_t onnx_default_opset(Onnx__OperatorSetIdProto *const *list, size_t n,
			   int64_t otherwise);

#endif
