/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_attr.h"

#include <string.h>

#include "converter/onnx/onnx_reader.h"

/* How onnx_attrs_copy() treats an attribute. */
enum use {
	USE_KEEP = 1,   /* becomes an attribute of the graph's node */
	USE_NEEDED = 2, /* must be there */
	USE_WIDE = 4,   /* may exceed the range of int and is clamped */
};

struct rule {
	enum op op;
	const char *name;
	enum onnx_attr_type type;
	unsigned use;
};

#define I ONNX_ATTR_INT
#define IS ONNX_ATTR_INTS
#define F ONNX_ATTR_FLOAT
#define FS ONNX_ATTR_FLOATS
#define S ONNX_ATTR_STRING
#define T ONNX_ATTR_TENSOR
#define KEEP USE_KEEP
#define MUST USE_KEEP | USE_NEEDED

/*
 * Every attribute of opsets 6 to 28, by the graph's operator (Dropout becomes
 * Identity, Upsample becomes Resize, CastLike becomes Cast,
 * GroupNormalization becomes InstanceNormalization). An attribute
 * without KEEP is read by onnx_normalise.c, or has no effect at inference.
 * Opsets before 6 had consumed_inputs, and some exporters still write it.
 */
static const struct rule rules[] = {
	{ OP_ADD, "axis", I, 0 },
	{ OP_ADD, "broadcast", I, 0 },
	{ OP_AND, "axis", I, 0 },
	{ OP_AND, "broadcast", I, 0 },
	{ OP_ARG_MAX, "axis", I, KEEP },
	{ OP_ARG_MAX, "keepdims", I, KEEP },
	{ OP_ARG_MAX, "select_last_index", I, KEEP },
	{ OP_ARG_MIN, "axis", I, KEEP },
	{ OP_ARG_MIN, "keepdims", I, KEEP },
	{ OP_ARG_MIN, "select_last_index", I, KEEP },
	{ OP_AVERAGE_POOL, "auto_pad", S, KEEP },
	{ OP_AVERAGE_POOL, "ceil_mode", I, KEEP },
	{ OP_AVERAGE_POOL, "count_include_pad", I, KEEP },
	{ OP_AVERAGE_POOL, "dilations", IS, KEEP },
	{ OP_AVERAGE_POOL, "kernel_shape", IS, MUST },
	{ OP_AVERAGE_POOL, "pads", IS, KEEP },
	{ OP_AVERAGE_POOL, "strides", IS, KEEP },
	{ OP_BATCH_NORM, "epsilon", F, KEEP },
	{ OP_BATCH_NORM, "is_test", I, 0 },
	{ OP_BATCH_NORM, "momentum", F, 0 },
	{ OP_BATCH_NORM, "spatial", I, 0 },
	{ OP_BATCH_NORM, "training_mode", I, 0 },
	{ OP_CAST, "round_mode", S, 0 },
	{ OP_CAST, "saturate", I, 0 },
	{ OP_CAST, "to", I, 0 },
	{ OP_CELU, "alpha", F, KEEP },
	{ OP_CLIP, "max", F, 0 },
	{ OP_CLIP, "min", F, 0 },
	{ OP_CONCAT, "axis", I, MUST },
	{ OP_CONSTANT_OF_SHAPE, "value", T, 0 },
	{ OP_CONV, "auto_pad", S, KEEP },
	{ OP_CONV, "dilations", IS, KEEP },
	{ OP_CONV, "group", I, KEEP },
	{ OP_CONV, "kernel_shape", IS, KEEP },
	{ OP_CONV, "pads", IS, KEEP },
	{ OP_CONV, "strides", IS, KEEP },
	{ OP_CONV_TRANSPOSE, "auto_pad", S, KEEP },
	{ OP_CONV_TRANSPOSE, "dilations", IS, KEEP },
	{ OP_CONV_TRANSPOSE, "group", I, KEEP },
	{ OP_CONV_TRANSPOSE, "kernel_shape", IS, KEEP },
	{ OP_CONV_TRANSPOSE, "output_padding", IS, KEEP },
	{ OP_CONV_TRANSPOSE, "output_shape", IS, KEEP },
	{ OP_CONV_TRANSPOSE, "pads", IS, KEEP },
	{ OP_CONV_TRANSPOSE, "strides", IS, KEEP },
	{ OP_DEPTH_TO_SPACE, "blocksize", I, MUST },
	{ OP_DEPTH_TO_SPACE, "mode", S, KEEP },
	{ OP_DEQUANTIZE_LINEAR, "axis", I, KEEP },
	{ OP_DEQUANTIZE_LINEAR, "block_size", I, KEEP },
	{ OP_DEQUANTIZE_LINEAR, "output_dtype", I, 0 },
	{ OP_DIV, "axis", I, 0 },
	{ OP_DIV, "broadcast", I, 0 },
	{ OP_ELU, "alpha", F, KEEP },
	{ OP_EQUAL, "axis", I, 0 },
	{ OP_EQUAL, "broadcast", I, 0 },
	{ OP_FLATTEN, "axis", I, KEEP },
	{ OP_GATHER, "axis", I, KEEP },
	{ OP_GATHER_ELEMENTS, "axis", I, KEEP },
	{ OP_GATHER_ND, "batch_dims", I, KEEP },
	{ OP_GELU, "approximate", S, KEEP },
	{ OP_GEMM, "alpha", F, KEEP },
	{ OP_GEMM, "beta", F, KEEP },
	{ OP_GEMM, "broadcast", I, 0 },
	{ OP_GEMM, "transA", I, KEEP },
	{ OP_GEMM, "transB", I, KEEP },
	{ OP_GREATER, "axis", I, 0 },
	{ OP_GREATER, "broadcast", I, 0 },
	{ OP_HARD_SIGMOID, "alpha", F, KEEP },
	{ OP_HARD_SIGMOID, "beta", F, KEEP },
	{ OP_IDENTITY, "is_test", I, 0 },
	{ OP_IDENTITY, "ratio", F, 0 },
	{ OP_IDENTITY, "seed", I, 0 | USE_WIDE },
	{ OP_INSTANCE_NORM, "epsilon", F, KEEP },
	{ OP_INSTANCE_NORM, "num_groups", I, 0 },
	{ OP_INSTANCE_NORM, "stash_type", I, 0 },
	{ OP_LAYER_NORM, "axis", I, KEEP },
	{ OP_LAYER_NORM, "epsilon", F, KEEP },
	{ OP_LAYER_NORM, "stash_type", I, 0 },
	{ OP_LEAKY_RELU, "alpha", F, KEEP },
	{ OP_LESS, "axis", I, 0 },
	{ OP_LESS, "broadcast", I, 0 },
	{ OP_LOG_SOFTMAX, "axis", I, KEEP },
	{ OP_LRN, "alpha", F, KEEP },
	{ OP_LRN, "beta", F, KEEP },
	{ OP_LRN, "bias", F, KEEP },
	{ OP_LRN, "size", I, MUST },
	{ OP_MAX_POOL, "auto_pad", S, KEEP },
	{ OP_MAX_POOL, "ceil_mode", I, KEEP },
	{ OP_MAX_POOL, "dilations", IS, KEEP },
	{ OP_MAX_POOL, "kernel_shape", IS, MUST },
	{ OP_MAX_POOL, "pads", IS, KEEP },
	{ OP_MAX_POOL, "storage_order", I, 0 },
	{ OP_MAX_POOL, "strides", IS, KEEP },
	{ OP_MOD, "fmod", I, KEEP },
	{ OP_MUL, "axis", I, 0 },
	{ OP_MUL, "broadcast", I, 0 },
	{ OP_OR, "axis", I, 0 },
	{ OP_OR, "broadcast", I, 0 },
	{ OP_PAD, "mode", S, KEEP },
	{ OP_PAD, "pads", IS, 0 },
	{ OP_PAD, "value", F, 0 },
	{ OP_POW, "axis", I, 0 },
	{ OP_POW, "broadcast", I, 0 },
	{ OP_QUANT, "narrow", I, KEEP },
	{ OP_QUANT, "rounding_mode", S, KEEP },
	{ OP_QUANT, "signed", I, KEEP },
	{ OP_QUANTIZE_LINEAR, "axis", I, KEEP },
	{ OP_QUANTIZE_LINEAR, "block_size", I, KEEP },
	{ OP_QUANTIZE_LINEAR, "output_dtype", I, 0 },
	{ OP_QUANTIZE_LINEAR, "precision", I, 0 },
	{ OP_QUANTIZE_LINEAR, "saturate", I, 0 },
	{ OP_RANGE, "stash_type", I, 0 },
	{ OP_REDUCE_L1, "axes", IS, 0 },
	{ OP_REDUCE_L1, "keepdims", I, KEEP },
	{ OP_REDUCE_L1, "noop_with_empty_axes", I, KEEP },
	{ OP_REDUCE_L2, "axes", IS, 0 },
	{ OP_REDUCE_L2, "keepdims", I, KEEP },
	{ OP_REDUCE_L2, "noop_with_empty_axes", I, KEEP },
	{ OP_REDUCE_MAX, "axes", IS, 0 },
	{ OP_REDUCE_MAX, "keepdims", I, KEEP },
	{ OP_REDUCE_MAX, "noop_with_empty_axes", I, KEEP },
	{ OP_REDUCE_MEAN, "axes", IS, 0 },
	{ OP_REDUCE_MEAN, "keepdims", I, KEEP },
	{ OP_REDUCE_MEAN, "noop_with_empty_axes", I, KEEP },
	{ OP_REDUCE_MIN, "axes", IS, 0 },
	{ OP_REDUCE_MIN, "keepdims", I, KEEP },
	{ OP_REDUCE_MIN, "noop_with_empty_axes", I, KEEP },
	{ OP_REDUCE_PROD, "axes", IS, 0 },
	{ OP_REDUCE_PROD, "keepdims", I, KEEP },
	{ OP_REDUCE_PROD, "noop_with_empty_axes", I, KEEP },
	{ OP_REDUCE_SUM, "axes", IS, 0 },
	{ OP_REDUCE_SUM, "keepdims", I, KEEP },
	{ OP_REDUCE_SUM, "noop_with_empty_axes", I, KEEP },
	{ OP_REDUCE_SUM_SQUARE, "axes", IS, 0 },
	{ OP_REDUCE_SUM_SQUARE, "keepdims", I, KEEP },
	{ OP_REDUCE_SUM_SQUARE, "noop_with_empty_axes", I, KEEP },
	{ OP_RESHAPE, "allowzero", I, KEEP },
	{ OP_RESHAPE, "shape", IS, 0 },
	{ OP_RESIZE, "antialias", I, KEEP },
	{ OP_RESIZE, "axes", IS, KEEP },
	{ OP_RESIZE, "coordinate_transformation_mode", S, KEEP },
	{ OP_RESIZE, "cubic_coeff_a", F, KEEP },
	{ OP_RESIZE, "exclude_outside", I, KEEP },
	{ OP_RESIZE, "extrapolation_value", F, KEEP },
	{ OP_RESIZE, "height_scale", F, 0 },
	{ OP_RESIZE, "keep_aspect_ratio_policy", S, KEEP },
	{ OP_RESIZE, "mode", S, KEEP },
	{ OP_RESIZE, "nearest_mode", S, KEEP },
	{ OP_RESIZE, "scales", FS, 0 },
	{ OP_RESIZE, "width_scale", F, 0 },
	{ OP_SCATTER_ND, "reduction", S, KEEP },
	{ OP_SELU, "alpha", F, KEEP },
	{ OP_SELU, "gamma", F, KEEP },
	{ OP_SHAPE, "end", I, KEEP | USE_WIDE },
	{ OP_SHAPE, "start", I, KEEP | USE_WIDE },
	{ OP_SHRINK, "bias", F, KEEP },
	{ OP_SHRINK, "lambd", F, KEEP },
	{ OP_SLICE, "axes", IS, 0 },
	{ OP_SLICE, "ends", IS, 0 },
	{ OP_SLICE, "starts", IS, 0 },
	{ OP_SOFTMAX, "axis", I, KEEP },
	{ OP_SPACE_TO_DEPTH, "blocksize", I, MUST },
	{ OP_SPLIT, "axis", I, KEEP },
	{ OP_SPLIT, "num_outputs", I, KEEP },
	{ OP_SPLIT, "split", IS, 0 },
	{ OP_SQUEEZE, "axes", IS, 0 },
	{ OP_SUB, "axis", I, 0 },
	{ OP_SUB, "broadcast", I, 0 },
	{ OP_SWISH, "alpha", F, KEEP },
	{ OP_THRESHOLDED_RELU, "alpha", F, KEEP },
	{ OP_TOP_K, "axis", I, KEEP },
	{ OP_TOP_K, "k", I, 0 },
	{ OP_TOP_K, "largest", I, KEEP },
	{ OP_TOP_K, "sorted", I, KEEP },
	{ OP_TRANSPOSE, "perm", IS, KEEP },
	{ OP_UNSQUEEZE, "axes", IS, 0 },
	{ OP_XOR, "axis", I, 0 },
	{ OP_XOR, "broadcast", I, 0 },
};

#undef I
#undef IS
#undef F
#undef FS
#undef S
#undef T
#undef KEEP
#undef MUST

static const Onnx__AttributeProto *find(Onnx__AttributeProto *const *attrs,
					size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (attrs[i]->name && strcmp(attrs[i]->name, name) == 0)
			return attrs[i];
	return NULL;
}

/* Follows references to the attribute of the caller, or to the default that the
 * function declares. */
static const Onnx__AttributeProto *resolve(const Onnx__AttributeProto *a,
					   const struct onnx_call *call)
{
	while (a && a->ref_attr_name && *a->ref_attr_name) {
		const char *name = a->ref_attr_name;
		const Onnx__FunctionProto *f;

		if (!call)
			return NULL;
		f = call->function;
		a = find(call->node->attribute, call->node->n_attribute, name);
		if (!a)
			return find(f->attribute_proto, f->n_attribute_proto,
				    name);
		call = call->outer;
	}
	return a;
}

const Onnx__AttributeProto *onnx_attr(const struct onnx_node *o,
				      const char *name)
{
	return resolve(find(o->proto->attribute, o->proto->n_attribute, name),
		       o->call);
}

/* Files before IR version 2 have no type; the field that is present decides. */
enum onnx_attr_type onnx_attr_type(const Onnx__AttributeProto *a)
{
	if (a->type > 0 && a->type < ONNX_ATTR_TYPE_COUNT)
		return (enum onnx_attr_type)a->type;
	if (a->type != 0)
		return ONNX_ATTR_TYPE_COUNT;
	if (a->has_f)
		return ONNX_ATTR_FLOAT;
	if (a->has_i)
		return ONNX_ATTR_INT;
	if (a->has_s)
		return ONNX_ATTR_STRING;
	if (a->t)
		return ONNX_ATTR_TENSOR;
	if (a->g)
		return ONNX_ATTR_GRAPH;
	if (a->n_floats)
		return ONNX_ATTR_FLOATS;
	if (a->n_ints)
		return ONNX_ATTR_INTS;
	if (a->n_strings)
		return ONNX_ATTR_STRINGS;
	return ONNX_ATTR_UNDEFINED;
}

static const char *type_name(enum onnx_attr_type t)
{
	static const char *const names[ONNX_ATTR_TYPE_COUNT + 1] = {
		"nothing",        "a float", "an int", "a string",
		"a tensor",       "a graph", "floats", "ints",
		"strings",        "tensors", "graphs", "a sparse tensor",
		"sparse tensors", "a type",  "types",  "something unknown",
	};

	return names[t];
}

int onnx_attrs_check(const struct onnx_node *o)
{
	const Onnx__NodeProto *p = o->proto;

	if (p->n_attribute > ONNX_MAX_ATTRS)
		return onnx_error(o, "has %zu attributes, at most %d",
				  p->n_attribute, ONNX_MAX_ATTRS);
	for (size_t i = 0; i < p->n_attribute; i++) {
		const char *name = p->attribute[i]->name;

		if (!name || !*name)
			return onnx_error(o, "has an attribute without a name");
		if (find(p->attribute, i, name))
			return onnx_error(o,
					  "attribute '%.100s' is given "
					  "twice",
					  name);
	}
	return 0;
}

static const struct rule *find_rule(enum op op, const char *name)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].op == op && strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

static int64_t clamp_int(int64_t v)
{
	return v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : v;
}

static int check_range(const struct onnx_node *o, const struct rule *r,
		       const int64_t *v, size_t n)
{
	if (r->use & USE_WIDE || !(r->use & USE_KEEP))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (v[i] != clamp_int(v[i]))
			return onnx_error(o,
					  "attribute '%s' is %lld, out of "
					  "range",
					  r->name, (long long)v[i]);
	return 0;
}

static int copy_string(const struct onnx_node *o, const struct rule *r,
		       const Onnx__AttributeProto *a, struct node *n)
{
	size_t size = a->s.len;
	char *s;

	if (size && memchr(a->s.data, 0, size))
		return onnx_error(o, "attribute '%s' holds a NUL byte",
				  r->name);
	s = arena_strndup(o->r->scratch, size ? (char *)a->s.data : "", size);
	if (!s || node_set_string(o->r->g, n, r->name, s) != 0)
		return onnx_no_memory(o->r);
	return 0;
}

static int copy(const struct onnx_node *o, const struct rule *r,
		const Onnx__AttributeProto *a, struct node *n)
{
	int ret;

	switch (r->type) {
	case ONNX_ATTR_FLOAT:
		ret = node_set_float(o->r->g, n, r->name, a->f);
		break;
	case ONNX_ATTR_INT:
		ret = node_set_int(o->r->g, n, r->name, clamp_int(a->i));
		break;
	case ONNX_ATTR_INTS:
		if (a->n_ints > 2 * GRAPH_MAX_RANK)
			return onnx_error(o,
					  "attribute '%s' has %zu values, "
					  "at most %d",
					  r->name, a->n_ints,
					  2 * GRAPH_MAX_RANK);
		ret = node_set_ints(o->r->g, n, r->name, a->ints,
				    (int)a->n_ints);
		break;
	default:
		return copy_string(o, r, a, n);
	}
	return ret == 0 ? 0 : onnx_no_memory(o->r);
}

static int copy_attr(const struct onnx_node *o,
		     const Onnx__AttributeProto *given, struct node *n)
{
	const struct rule *r = find_rule(n->op, given->name);
	const Onnx__AttributeProto *a = resolve(given, o->call);
	enum onnx_attr_type type;

	if (!r || !a)
		return 0;
	type = onnx_attr_type(a);
	/* An empty list without a type looks like a missing attribute. */
	if (type != r->type &&
	    !(type == ONNX_ATTR_UNDEFINED &&
	      (r->type == ONNX_ATTR_INTS || r->type == ONNX_ATTR_FLOATS)))
		return onnx_error(o, "attribute '%s' is %s, expected %s",
				  r->name, type_name(type), type_name(r->type));
	if (r->type == ONNX_ATTR_INT && check_range(o, r, &a->i, 1) != 0)
		return -1;
	if (r->type == ONNX_ATTR_INTS &&
	    check_range(o, r, a->ints, a->n_ints) != 0)
		return -1;
	return r->use & USE_KEEP ? copy(o, r, a, n) : 0;
}

int onnx_attrs_copy(const struct onnx_node *o, struct node *n)
{
	for (size_t i = 0; i < o->proto->n_attribute; i++)
		if (copy_attr(o, o->proto->attribute[i], n) != 0)
			return -1;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].op == n->op && (rules[i].use & USE_NEEDED) &&
		    !onnx_attr(o, rules[i].name))
			return onnx_error(o, "attribute '%s' is missing",
					  rules[i].name);
	return 0;
}

int64_t onnx_attr_int(const struct onnx_node *o, const char *name, int64_t def)
{
	const Onnx__AttributeProto *a = onnx_attr(o, name);

	return a ? a->i : def;
}
