/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_ONNX_BUILDER_H
#define DBC_TESTS_ONNX_BUILDER_H

/*
 * Builds ONNX models in memory for tests, without checks: what a
 * test puts in wrong, the reader is to find. The messages are protobuf-c's, so
 * a test may change any field of what it gets back. Values, lists and names
 * are copied. Running out of memory ends the test program.
 *
 *	struct onnx_builder b;
 *
 *	onnx_builder_init(&b);
 *	onnx_build_input(&b, "x", ONNX_FLOAT, "1x3x?x?");
 *	onnx_build_node(&b, "Relu", "act", "x", "y");
 *	onnx_build_output(&b, "y");
 *	bytes = onnx_builder_finish(&b, &file);
 *	onnx_builder_free(&b);
 *
 * Shapes are written as in "1x3x?": "" is a scalar, "?" a dimension without
 * a value. Lists of names have blanks between; "-" is an empty name.
 */
#include "converter/onnx/onnx_attr.h"
#include "converter/onnx/onnx_tensor.h"

struct onnx_builder {
	struct arena arena;
	Onnx__ModelProto model; /* IR version 8 */
	Onnx__GraphProto graph;
	Onnx__OperatorSetIdProto *opset; /* the default domain's, 17 */
	Onnx__FunctionProto *function;   /* takes nodes; NULL: the graph does */
};

/* The builder points into itself: it stays where it is. */
void onnx_builder_init(struct onnx_builder *b);
void onnx_builder_free(struct onnx_builder *b);
/* The model as a file; the builder owns the bytes. */
size_t onnx_builder_finish(struct onnx_builder *b, uint8_t **file);

char *onnx_build_text(struct onnx_builder *b, const char *text);
void *onnx_build_copy(struct onnx_builder *b, const void *data, size_t bytes);
Onnx__OperatorSetIdProto *onnx_build_opset(struct onnx_builder *b,
					   const char *domain, int64_t version);

Onnx__ValueInfoProto *onnx_build_input(struct onnx_builder *b, const char *name,
				       int data_type, const char *shape);
void onnx_build_output(struct onnx_builder *b, const char *name);

/* A tensor without values, and the same as an initializer. */
Onnx__TensorProto *onnx_build_tensor(struct onnx_builder *b, const char *name,
				     int data_type, const char *shape);
Onnx__TensorProto *onnx_build_initializer(struct onnx_builder *b,
					  const char *name, int data_type,
					  const char *shape);
void onnx_build_raw(struct onnx_builder *b, Onnx__TensorProto *t,
		    const void *data, size_t bytes);
/* Values in another file; NULL: the key is left out. */
void onnx_build_external(struct onnx_builder *b, Onnx__TensorProto *t,
			 const char *location, const char *offset,
			 const char *length);
void onnx_build_external_key(struct onnx_builder *b, Onnx__TensorProto *t,
			     const char *key, const char *value);
/* Initializers of floats, and of int64 (a vector). */
void onnx_build_floats(struct onnx_builder *b, const char *name,
		       const char *shape, const float *v, size_t count);
void onnx_build_int64s(struct onnx_builder *b, const char *name,
		       const int64_t *v, size_t count);

Onnx__NodeProto *onnx_build_node(struct onnx_builder *b, const char *op,
				 const char *name, const char *inputs,
				 const char *outputs);
/* An attribute whose value the caller sets. */
Onnx__AttributeProto *onnx_build_attr(struct onnx_builder *b,
				      Onnx__NodeProto *n, const char *name,
				      enum onnx_attr_type type);
void onnx_build_attr_int(struct onnx_builder *b, Onnx__NodeProto *n,
			 const char *name, int64_t v);
void onnx_build_attr_ints(struct onnx_builder *b, Onnx__NodeProto *n,
			  const char *name, const int64_t *v, size_t count);
void onnx_build_attr_float(struct onnx_builder *b, Onnx__NodeProto *n,
			   const char *name, float v);
void onnx_build_attr_floats(struct onnx_builder *b, Onnx__NodeProto *n,
			    const char *name, const float *v, size_t count);
void onnx_build_attr_string(struct onnx_builder *b, Onnx__NodeProto *n,
			    const char *name, const char *v);
/* The attribute's value is what the function's attribute `of` is. */
void onnx_build_attr_ref(struct onnx_builder *b, Onnx__NodeProto *n,
			 const char *name, enum onnx_attr_type type,
			 const char *of);

/* A function of the domain "local"; nodes go into it until it ends. */
Onnx__FunctionProto *onnx_build_function(struct onnx_builder *b,
					 const char *name, const char *inputs,
					 const char *outputs);
void onnx_build_function_end(struct onnx_builder *b);
/* A node that calls a function of that domain. */
Onnx__NodeProto *onnx_build_call(struct onnx_builder *b, const char *function,
				 const char *name, const char *inputs,
				 const char *outputs);

#endif
