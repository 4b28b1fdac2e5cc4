/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Messages ---- */

int onnx_error(const struct onnx_node *o, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return diag_error(o->r->d, "node '%.200s' (%.100s): %s", o->name,
			  o->op_type, text);
}

int onnx_no_memory(const struct onnx_reader *r)
{
	return diag_error(
		r->d,
		"needs more memory than is allowed for a file of this size");
}

/* ---- Values ---- */

enum onnx_data_type onnx_value_type(const struct onnx_reader *r,
				    const struct value *v)
{
	return v->id < r->data_type_count ?
		       (enum onnx_data_type)r->data_types[v->id] :
		       ONNX_UNDEFINED;
}

int onnx_set_value_type(struct onnx_reader *r, const struct value *v,
			int32_t data_type)
{
	if (v->id >= r->data_type_count) {
		size_t count = 2 * (size_t)v->id + 256;
		uint8_t *list = arena_array(r->scratch, count, 1);

		if (!list)
			return onnx_no_memory(r);
		if (r->data_type_count)
			memcpy(list, r->data_types, r->data_type_count);
		r->data_types = list;
		r->data_type_count = count;
	}
	r->data_types[v->id] = (uint8_t)data_type;
	return 0;
}

struct value *onnx_constant(struct onnx_reader *r,
			    const Onnx__TensorProto *proto, const char *name,
			    const char *what)
{
	struct onnx_tensor t;
	struct onnx_bytes b;
	struct value *v = NULL;
	void *data;

	if (onnx_tensor_check(proto, what, &t, r->d) ||
	    onnx_tensor_bytes(&t, &r->ext, &b, r->d))
		return NULL;
	/* external data counts as part of the file */
	if (proto->data_location == 1)
		r->g->arena->cap_bytes +=
			t.raw_bytes * ONNX_GRAPH_BYTES_PER_BYTE;
	data = arena_array(r->g->arena, (size_t)t.elements,
			   dtype_size(t.type->dtype));
	if (data) {
		onnx_tensor_convert(t.type, t.elements, b.data, data);
		v = graph_constant(r->g, name, t.type->dtype, &t.shape, data);
	}
	free(b.owned);
	if (!v)
		onnx_no_memory(r);
	else if (onnx_set_value_type(r, v, proto->data_type))
		v = NULL;
	return v;
}
