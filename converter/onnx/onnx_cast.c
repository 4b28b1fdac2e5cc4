/* SPDX-License-Identifier: Apache-2.0 */
/* Cast and CastLike. */
#include "converter/onnx/onnx_cast.h"

#include <string.h>

int onnx_set_dtype(const struct onnx_node *o, struct node *n, const char *attr,
		   int64_t data_type)
{
	const struct onnx_type *t = onnx_type(data_type);

	if (!t || t->dtype == DT_NONE)
		return onnx_error(o, "type %s is not supported",
				  t ? t->name : "(unknown)");
	return node_set_string(o->r->g, n, attr, dtype_name(t->dtype)) ?
		       onnx_no_memory(o->r) :
		       0;
}

static enum dtype named_dtype(const char *name)
{
	for (int t = DT_NONE + 1; t < DT_COUNT; t++)
		if (!strcmp(name, dtype_name((enum dtype)t)))
			return (enum dtype)t;
	return DT_NONE;
}

/* The type of the first output where it is not that of an input. */
static enum dtype result_type(const struct node *n)
{
	switch (n->op) {
	case OP_SHAPE:
	case OP_SIZE:
	case OP_ARG_MAX:
	case OP_ARG_MIN:
		return DT_I64;
	case OP_EQUAL:
	case OP_GREATER:
	case OP_GREATER_OR_EQUAL:
	case OP_LESS:
	case OP_LESS_OR_EQUAL:
		return DT_BOOL;
	case OP_DEQUANTIZE_LINEAR:
	case OP_QUANT:
		return DT_F32;
	case OP_DYNAMIC_QUANTIZE_LINEAR:
		return DT_U8;
	case OP_CAST:
		return named_dtype(node_string(n, "to", ""));
	case OP_CONSTANT_OF_SHAPE:
		return named_dtype(node_string(n, "dtype", "f32"));
	case OP_QUANTIZE_LINEAR:
		return node_input(n, 2) ? n->inputs[2]->dtype : DT_U8;
	default:
		return DT_NONE;
	}
}

/* ---- CastLike: a Cast with two inputs, until all nodes are read ---- */

static enum dtype type_of(const enum dtype *types, const struct value *v)
{
	return !v ? DT_NONE : v->dtype != DT_NONE ? v->dtype : types[v->id];
}

static int resolve(struct onnx_reader *r, struct node *n, enum dtype like)
{
	if (like == DT_NONE)
		return node_error(r->d, n,
				  "the type of its second input is not known");
	if (node_set_string(r->g, n, "to", dtype_name(like)) ||
	    graph_set_input(r->g, n, 1, NULL))
		return onnx_no_memory(r);
	n->input_count = 1;
	return 0;
}

int onnx_resolve_casts(struct onnx_reader *r)
{
	enum dtype *types =
		arena_array(r->scratch, r->g->value_count + 1, sizeof(*types));

	if (!types)
		return onnx_no_memory(r);
	for (struct node *n = r->g->first; n; n = n->next) {
		enum dtype result;

		if (n->op == OP_CAST && n->input_count == 2 &&
		    resolve(r, n, type_of(types, n->inputs[1])))
			return -1;
		result = result_type(n);
		if (result == DT_NONE)
			result = type_of(
				types,
				node_input(n, n->op == OP_WHERE ? 1 : 0));
		for (int i = 0; i < n->output_count; i++)
			if (n->outputs[i])
				types[n->outputs[i]->id] =
					i && n->op == OP_TOP_K ? DT_I64 :
								 result;
	}
	return 0;
}

/* ---- Cast ---- */

bool onnx_is_cast_like(const struct onnx_node *o)
{
	return !strcmp(o->op_type, "CastLike");
}

int onnx_normalise_cast(const struct onnx_node *o, struct node *n)
{
	int bits;

	if (onnx_is_cast_like(o))
		return node_input(n, 1) ? 0 :
					  onnx_error(o, "input 1 is missing");
	if (!onnx_attr(o, "to"))
		return onnx_error(o, "attribute 'to' is missing");
	if (onnx_set_dtype(o, n, "to", onnx_attr_int(o, "to", 0)))
		return -1;
	bits = onnx_type(onnx_attr_int(o, "to", 0))->bits;
	return bits < 8 && node_set_int(o->r->g, n, "bits", bits) ?
		       onnx_no_memory(o->r) :
		       0;
}
