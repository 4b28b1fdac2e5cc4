/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_READER_H
#define DBC_CONVERTER_ONNX_ONNX_READER_H

#include "converter/onnx/onnx_attr.h"
#include "converter/onnx/onnx_external.h"
#include "converter/onnx/onnx_tensor.h"
#include "ir/graph.h"
#include "onnx.pb-c.h"

/* Bytes of the graph for each byte of the file, at most. */
#define ONNX_GRAPH_BYTES_PER_BYTE 64

/*
 * Shared by the files of the ONNX reader. The tree that protobuf-c makes is
 * read once, body by body (the main graph, then called functions). Names become
 * values, nodes become graph nodes in the one form of ir/ops.def, and at the
 * end the nodes are sorted.
 */
struct onnx_reader {
	struct graph *g;
	struct diag *d;
	struct arena *scratch; /* freed when reading ends */
	struct onnx_external ext;
	const Onnx__ModelProto *model;
	int64_t opset;       /* of the default domain */
	struct hash_key key; /* of the tables of names */
	/* unknown operators, one entry for each of the first types */
	struct onnx_unknown *unknown;
	int unknown_types, unknown_rest; /* entries; nodes without one */
	struct onnx_function *functions; /* see onnx_function.h */
	/* every inlined copy counts as read */
	size_t nodes_in_file, nodes_read, nodes_most;
	/* enum onnx_data_type by value id, where a graph type is wider */
	uint8_t *data_types;
	size_t data_type_count;
};

/* One node of the file while it is added to the graph. */
struct onnx_node {
	struct onnx_reader *r;
	const Onnx__NodeProto *proto;
	const struct onnx_call *call; /* NULL: not inside a function */
	int64_t opset;                /* of the default domain here */
	const char *name;             /* as in the graph */
	const char *op_type;
};

/* An error `node 'x' (Op): message`; returns -1. */
int onnx_error(const struct onnx_node *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* An error about exhausted memory; returns -1. */
int onnx_no_memory(const struct onnx_reader *r);

/* The type of a constant or input in the file; ONNX_UNDEFINED for computed
 * values. */
enum onnx_data_type onnx_value_type(const struct onnx_reader *r,
				    const struct value *v);
int onnx_set_value_type(struct onnx_reader *r, const struct value *v,
			int32_t data_type);

/* A constant from a TensorProto; NULL with a diagnostic. `what` as in
 * onnx_tensor_check(). */
struct value *onnx_constant(struct onnx_reader *r,
			    const Onnx__TensorProto *proto, const char *name,
			    const char *what);

#endif
