/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_READER_H
#define DBC_CONVERTER_ONNX_ONNX_READER_H

#include "converter/onnx/onnx_attr.h"
#include "converter/onnx/onnx_external.h"
#include "converter/onnx/onnx_tensor.h"
#include "ir/graph.h"
#include "onnx.pb-c.h"

/*
 * Shared by the files of the ONNX reader. The tree that protobuf-c makes is
 * walked once, body by body (the main graph, called functions): names become
 * values, nodes become graph nodes in the one form of ir/ops.def, and at the
 * end they are sorted.
 */
struct onnx_reader {
	struct graph *g;
	struct diag *d;
	struct arena *scratch; /* gone when reading ends */
	struct onnx_external ext;
	const Onnx__ModelProto *model;
	int64_t opset;                /* of the default domain */
	struct onnx_unknown *unknown; /* kinds of operators not known */
	size_t nodes_read;            /* every inlined copy counts */
	/* enum onnx_data_type by value id, where a graph type is wider */
	uint8_t *data_types;
	size_t data_type_count;
};

/* One node of the file on its way into the graph. */
struct onnx_node {
	struct onnx_reader *r;
	const Onnx__NodeProto *proto;
	const struct onnx_call *call; /* NULL: not inside a function */
	int64_t opset;                /* of the default domain here */
	const char *name;             /* as in the graph */
	const char *op_type;
};

/* `node 'x' (Op): ` and the message; -1. */
int onnx_error(const struct onnx_node *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for exhausted memory. */
int onnx_no_memory(const struct onnx_reader *r);

/* The type in which the file gave a constant or input, ONNX_UNDEFINED for
 * computed values. */
enum onnx_data_type onnx_value_type(const struct onnx_reader *r,
				    const struct value *v);
int onnx_set_value_type(struct onnx_reader *r, const struct value *v,
			int32_t data_type);

/* A constant from a TensorProto; NULL with a diagnostic. `what` as in
 * onnx_tensor_check(). */
struct value *onnx_constant(struct onnx_reader *r,
			    const Onnx__TensorProto *proto, const char *name,
			    const char *what);

/* Whether the graph has an operator for this one; OP_NONE if not. */
enum op onnx_known_op(const char *domain, const char *op_type);
/*
 * Adds the node to the graph and brings it into the form of ir/ops.def. See
 * onnx_normalise.c for what that means for each operator.
 */
int onnx_add_node(const struct onnx_node *o, enum op op,
		  struct value *const *inputs, int input_count,
		  struct value *const *outputs, int output_count);
/* What can be done only once all nodes are there: outputs that nobody reads
 * go, weights must be finite. */
int onnx_finish_nodes(struct onnx_reader *r);

/* The reader on bytes in memory; `path` is for messages and external data. */
struct graph *onnx_parse(const uint8_t *data, size_t size, const char *path,
			 struct arena *a, uint8_t sha256[32], struct diag *d);

#endif
