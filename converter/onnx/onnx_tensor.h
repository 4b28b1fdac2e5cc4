/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_TENSOR_H
#define DBC_CONVERTER_ONNX_ONNX_TENSOR_H

#include "base/diag.h"
#include "converter/onnx/onnx_external.h"
#include "ir/graph.h"
#include "onnx.pb-c.h"

/* TensorProto.DataType, as far as the code needs it. */
enum onnx_data_type {
	ONNX_UNDEFINED = 0,
	ONNX_FLOAT = 1,
	ONNX_UINT8 = 2,
	ONNX_INT8 = 3,
	ONNX_UINT16 = 4,
	ONNX_INT16 = 5,
	ONNX_INT32 = 6,
	ONNX_INT64 = 7,
	ONNX_STRING = 8,
	ONNX_BOOL = 9,
	ONNX_FLOAT16 = 10,
	ONNX_DOUBLE = 11,
	ONNX_UINT32 = 12,
	ONNX_UINT64 = 13,
	ONNX_BFLOAT16 = 16,
	ONNX_UINT4 = 21,
	ONNX_INT4 = 22,
	ONNX_UINT2 = 25,
	ONNX_INT2 = 26,
	ONNX_TYPE_COUNT = 27
};

/* An element type of the file and its type in the graph. */
struct onnx_type {
	const char *name; /* "float16", as the ONNX text form spells it */
	enum dtype dtype; /* DT_NONE: not supported */
	int bits;         /* of an element as stored */
	bool is_signed, is_float;
};

/* NULL if ONNX has no type of that number. */
const struct onnx_type *onnx_type(int64_t data_type);
/* The same, with an error that starts with `what` if the graph has no type for
 * it. */
const struct onnx_type *onnx_type_checked(int64_t data_type, const char *what,
					  struct diag *d);

/* Type and shape of a TensorProto, checked. */
struct onnx_tensor {
	const Onnx__TensorProto *proto;
	const char *what; /* for messages: "initializer 'w'" */
	const struct onnx_type *type;
	struct shape shape;
	int64_t elements;
	size_t raw_bytes; /* of its values in the form of raw_data */
};

/* Values in the form of raw_data: little-endian, int4 and int2 packed. */
struct onnx_bytes {
	const uint8_t *data;
	uint8_t *owned; /* to be freed; NULL: data belongs to the message */
};

int onnx_tensor_check(const Onnx__TensorProto *proto, const char *what,
		      struct onnx_tensor *t, struct diag *d);
/* Reads the values from the field or external file that holds them; their
 * number must match the shape. `ext` NULL: external data is an error. */
int onnx_tensor_bytes(const struct onnx_tensor *t, struct onnx_external *ext,
		      struct onnx_bytes *b, struct diag *d);
/* Converts `n` raw elements to the type of the graph. */
void onnx_tensor_convert(const struct onnx_type *type, int64_t n,
			 const uint8_t *raw, void *out);

#endif
