/* SPDX-License-Identifier: Apache-2.0 */
/* Converts the older forms of every operator to the one form of ir/ops.def:
 * attributes that became inputs, defaults that changed, operators that were
 * renamed. Versions are those of the ONNX operator changelog. */
#include <stdio.h>
#include <string.h>

#include "converter/onnx/onnx_cast.h"
#include "converter/onnx/onnx_bipolar.h"
#include "converter/onnx/onnx_fused.h"
#include "converter/onnx/onnx_group_norm.h"
#include "converter/onnx/onnx_integer.h"
#include "converter/onnx/onnx_normalise.h"
#include "converter/onnx/onnx_qlinear.h"

/* Operators that become another one. */
static const struct {
	const char *name;
	enum op op;
} aliases[] = {
	{ "CastLike", OP_CAST },
	{ "Dropout", OP_IDENTITY },
	{ "GroupNormalization", OP_INSTANCE_NORM },
	{ "Upsample", OP_RESIZE },
};

static bool is_qonnx(const char *domain)
{
	return !strcmp(domain, "qonnx.custom_op.general") ||
	       !strcmp(domain, "finn.custom_op.general") ||
	       !strcmp(domain, "onnx.brevitas");
}

/* Operators on integers, which the graph has no rows for. */
static enum op integer_op(const char *op_type)
{
	enum op op = onnx_qlinear_op(op_type);

	return op != OP_NONE ? op : onnx_integer_op(op_type);
}

/* ONNX Runtime's own; rounding before opset 21 has codes of 16 and 4 bits
 * there. */
static enum op microsoft_op(const char *op_type, enum op op)
{
	if (op == OP_QUANTIZE_LINEAR || op == OP_DEQUANTIZE_LINEAR)
		return op;
	return onnx_fused_op(op_type);
}

enum op onnx_known_op(const char *domain, const char *op_type)
{
	enum op op = op_from_name(op_type);
	bool is_ours = !*domain || !strcmp(domain, "ai.onnx");
	bool is_microsoft = !strcmp(domain, "com.microsoft");

	if ((is_ours || is_microsoft) && integer_op(op_type) != OP_NONE)
		return integer_op(op_type);
	if (is_microsoft)
		return microsoft_op(op_type, op);
	if (!strcmp(op_type, "BipolarQuant"))
		op = OP_QUANT;
	/* some QONNX files omit the domain */
	if (is_qonnx(domain) || (!*domain && op == OP_QUANT))
		return op == OP_QUANT ? op : OP_NONE;
	if (!is_ours)
		return OP_NONE;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (!strcmp(aliases[i].name, op_type))
			return aliases[i].op;
	return op != OP_NONE && op_info(op)->since_opset > 0 ? op : OP_NONE;
}

static bool is_called(const struct onnx_node *o, const char *name)
{
	return !strcmp(o->op_type, name);
}

/* ---- Attributes that became inputs ---- */

/* Sets input `slot`; inputs before it that are missing stay absent. */
static int set_slot(const struct onnx_node *o, struct node *n, int slot,
		    struct value *v)
{
	while (n->input_count < slot)
		if (graph_set_input(o->r->g, n, n->input_count, NULL))
			return onnx_no_memory(o->r);
	return !v || graph_set_input(o->r->g, n, slot, v) ?
		       onnx_no_memory(o->r) :
		       0;
}

static int ints_to_input(const struct onnx_node *o, struct node *n,
			 const char *attr, int slot)
{
	const Onnx__AttributeProto *a = onnx_attr(o, attr);

	if (!a || node_input(n, slot))
		return 0;
	if (a->n_ints > 2 * GRAPH_MAX_RANK && n->op != OP_SPLIT)
		return onnx_error(o,
				  "attribute '%s' has %zu values, at most "
				  "%d",
				  attr, a->n_ints, 2 * GRAPH_MAX_RANK);
	return set_slot(
		o, n, slot,
		graph_const_i64(o->r->g, o->name, (int)a->n_ints, a->ints));
}

static int float_to_input(const struct onnx_node *o, struct node *n,
			  const char *attr, int slot)
{
	const Onnx__AttributeProto *a = onnx_attr(o, attr);

	if (!a || node_input(n, slot))
		return 0;
	return set_slot(o, n, slot,
			graph_const_f32(o->r->g, o->name, -1, &a->f));
}

static int normalise_clip(const struct onnx_node *o, struct node *n)
{
	return o->opset < 11 && (float_to_input(o, n, "min", 1) ||
				 float_to_input(o, n, "max", 2)) ?
		       -1 :
		       0;
}

static int normalise_pad(const struct onnx_node *o, struct node *n)
{
	if (o->opset < 11 && (ints_to_input(o, n, "pads", 1) ||
			      float_to_input(o, n, "value", 2)))
		return -1;
	return 0;
}

static int normalise_slice(const struct onnx_node *o, struct node *n)
{
	if (o->opset >= 10)
		return 0;
	return ints_to_input(o, n, "starts", 1) ||
			       ints_to_input(o, n, "ends", 2) ||
			       ints_to_input(o, n, "axes", 3) ?
		       -1 :
		       0;
}

static int normalise_top_k(const struct onnx_node *o, struct node *n)
{
	const Onnx__AttributeProto *k = onnx_attr(o, "k");

	if (o->opset >= 10 || !k || node_input(n, 1))
		return 0;
	return set_slot(o, n, 1, graph_const_i64(o->r->g, o->name, 1, &k->i));
}

static int axes_to_input(const struct onnx_node *o, struct node *n)
{
	return ints_to_input(o, n, "axes", 1);
}

/* ---- Upsample and Resize ---- */

static int asymmetric(const struct onnx_node *o, struct node *n)
{
	return node_set_string(o->r->g, n, "coordinate_transformation_mode",
			       "asymmetric") ||
			       node_set_string(o->r->g, n, "nearest_mode",
					       "floor") ?
		       onnx_no_memory(o->r) :
		       0;
}

/* Upsample-7 has scales as an attribute; Upsample-9 and Resize-10 have them as
 * input 1, which is the region of interest in Resize-11. */
static int normalise_resize(const struct onnx_node *o, struct node *n)
{
	const Onnx__AttributeProto *a = onnx_attr(o, "scales");
	struct value *scales = node_input(n, 1);

	if (!is_called(o, "Upsample") && o->opset >= 11)
		return 0;
	if (a && a->n_floats <= GRAPH_MAX_RANK && !scales)
		scales = graph_const_f32(o->r->g, o->name, (int)a->n_floats,
					 a->floats);
	if (!scales)
		return onnx_error(o, "has no scales");
	if (n->input_count > 1 && graph_set_input(o->r->g, n, 1, NULL))
		return onnx_no_memory(o->r);
	if (!strcmp(node_string(n, "mode", "nearest"), "bilinear") &&
	    node_set_string(o->r->g, n, "mode", "linear"))
		return onnx_no_memory(o->r);
	return set_slot(o, n, 2, scales) || asymmetric(o, n) ? -1 : 0;
}

/* ---- Softmax ---- */

/* Before opset 13, Softmax treats all dims from the axis on as one: Flatten,
 * Softmax, and Reshape to the shape of the input. */
static int normalise_softmax(const struct onnx_node *o, struct node *n)
{
	struct graph *g = o->r->g;
	int64_t axis = node_int(n, "axis", 1);
	struct value *x = n->inputs[0], *y = n->outputs[0];
	struct value *flat, *shape, *soft, *pair[2];
	struct node *flatten;

	if (o->opset >= 13 || !y)
		return 0;
	flat = graph_value(g, y->name, DT_NONE, NULL);
	shape = graph_value(g, y->name, DT_NONE, NULL);
	soft = graph_value(g, y->name, DT_NONE, NULL);
	if (!flat || !shape || !soft)
		return onnx_no_memory(o->r);
	flatten = graph_node(g, OP_FLATTEN, o->name, &x, 1, &flat, 1, n);
	n->outputs[0] = soft;
	soft->producer = n;
	pair[0] = soft;
	pair[1] = shape;
	if (!flatten || node_set_int(g, flatten, "axis", axis) ||
	    graph_set_input(g, n, 0, flat) || node_set_int(g, n, "axis", 1) ||
	    !graph_node(g, OP_SHAPE, o->name, &x, 1, &shape, 1, NULL) ||
	    !graph_node(g, OP_RESHAPE, o->name, pair, 2, &y, 1, NULL))
		return onnx_no_memory(o->r);
	return 0;
}

/* ---- Types ---- */

static int normalise_constant_of_shape(const struct onnx_node *o,
				       struct node *n)
{
	const Onnx__AttributeProto *a = onnx_attr(o, "value");
	char what[256];
	struct value *v;
	struct graph *g = o->r->g;

	if (!a || !a->t)
		return 0;
	snprintf(what, sizeof(what), "node '%.150s' (ConstantOfShape)",
		 o->name);
	v = onnx_constant(o->r, a->t, o->name, what);
	if (!v)
		return -1;
	if (shape_elements(&v->shape) != 1)
		return onnx_error(o, "attribute 'value' is not one number");
	if (onnx_set_dtype(o, n, "dtype", a->t->data_type))
		return -1;
	if (v->dtype == DT_F32)
		return node_set_float(g, n, "value", *(const float *)v->data) ?
			       onnx_no_memory(o->r) :
			       0;
	int64_t number = v->dtype == DT_I64 ? *(const int64_t *)v->data :
			 v->dtype == DT_I32 ? *(const int32_t *)v->data :
			 v->dtype == DT_I8  ? *(const int8_t *)v->data :
					      *(const uint8_t *)v->data;
	return node_set_int(g, n, "value", number) ? onnx_no_memory(o->r) : 0;
}

/* Records codes of other than 8 bits, and signed codes without a zero point. */
static int normalise_quantize(const struct onnx_node *o, struct node *n)
{
	const struct value *zero = node_input(n, 2);
	int64_t data_type = onnx_attr_int(o, "output_dtype", 0);
	const struct onnx_type *t;

	if (zero)
		data_type = onnx_value_type(o->r, zero);
	t = onnx_type(data_type);
	if (data_type == ONNX_UNDEFINED)
		return 0;
	if (!t || t->is_float || t->bits > 16 || data_type == ONNX_BOOL)
		return onnx_error(o, "codes of type %s are not supported",
				  t ? t->name : "(unknown)");
	if (node_set_int(o->r->g, n, "signed", t->is_signed) ||
	    (t->bits != 8 && node_set_int(o->r->g, n, "bits", t->bits)))
		return onnx_no_memory(o->r);
	return 0;
}

/* QONNX takes rounding modes in small letters as well. */
static int normalise_quant(const struct onnx_node *o, struct node *n)
{
	char mode[16];
	const char *given = node_string(n, "rounding_mode", "ROUND");
	size_t i = 0;

	for (; given[i] && i < sizeof(mode) - 1; i++)
		mode[i] = given[i] >= 'a' && given[i] <= 'z' ?
				  (char)(given[i] - 'a' + 'A') :
				  given[i];
	mode[i] = 0;
	if (given[i])
		return onnx_error(o, "rounding '%.40s' is not supported",
				  given);
	return node_set_string(o->r->g, n, "rounding_mode", mode) ?
		       onnx_no_memory(o->r) :
		       0;
}

/* ---- Training, and what nobody needs ---- */

static int normalise_batch_norm(const struct onnx_node *o, struct node *n)
{
	(void)n;
	if (o->opset < 9 && !onnx_attr_int(o, "spatial", 1))
		return onnx_error(o, "statistics for every pixel "
				     "(spatial = 0) are not supported");
	if (!onnx_attr_int(o, "training_mode", 0))
		return 0;
	onnx_error(o, "it is in training mode");
	diag_hint(o->r->d, "export the model for inference (eval mode)");
	return -1;
}

static int normalise_dropout(const struct onnx_node *o, struct node *n)
{
	const struct value *training = node_input(n, 2);

	if (value_is_const(training) && training->dtype == DT_BOOL &&
	    shape_elements(&training->shape) == 1 &&
	    *(const uint8_t *)training->data) {
		onnx_error(o, "it is in training mode");
		diag_hint(o->r->d,
			  "export the model for inference (eval mode)");
		return -1;
	}
	while (n->input_count > 1) {
		if (graph_set_input(o->r->g, n, n->input_count - 1, NULL))
			return onnx_no_memory(o->r);
		n->input_count--;
	}
	return 0;
}

/* In opset 6 an operand could be broadcast along an axis of the other. */
static int no_axis(const struct onnx_node *o, struct node *n)
{
	(void)n;
	if (o->opset < 7 && onnx_attr_int(o, "broadcast", 0) &&
	    onnx_attr(o, "axis"))
		return onnx_error(o, "broadcasting along an axis (opset 6) is "
				     "not supported");
	return 0;
}

/* PRelu-6 has one slope for each channel as a vector; an input of unknown rank
 * is taken for an image. */
static int normalise_prelu(const struct onnx_node *o, struct node *n)
{
	const struct value *slope = n->inputs[1];
	int rank = n->inputs[0]->shape.rank;
	struct value *v;
	struct shape s = { .rank = rank > 1 ? rank - 1 : 3 };

	if (o->opset >= 7 || !value_is_const(slope) || slope->shape.rank != 1 ||
	    slope->shape.dim[0] == 1)
		return 0;
	s.dim[0] = slope->shape.dim[0];
	for (int i = 1; i < s.rank; i++)
		s.dim[i] = 1;
	v = graph_constant(o->r->g, slope->name, slope->dtype, &s, slope->data);
	return set_slot(o, n, 1, v);
}

typedef int normalise_fn(const struct onnx_node *o, struct node *n);

static normalise_fn *const forms[OP_COUNT] = {
	[OP_ADD] = no_axis,
	[OP_AND] = no_axis,
	[OP_BATCH_NORM] = normalise_batch_norm,
	[OP_CAST] = onnx_normalise_cast,
	[OP_CLIP] = normalise_clip,
	[OP_CONSTANT_OF_SHAPE] = normalise_constant_of_shape,
	[OP_DIV] = no_axis,
	[OP_EQUAL] = no_axis,
	[OP_GREATER] = no_axis,
	[OP_LESS] = no_axis,
	[OP_LOG_SOFTMAX] = normalise_softmax,
	[OP_MUL] = no_axis,
	[OP_OR] = no_axis,
	[OP_PAD] = normalise_pad,
	[OP_POW] = no_axis,
	[OP_PRELU] = normalise_prelu,
	[OP_QUANT] = normalise_quant,
	[OP_QUANTIZE_LINEAR] = normalise_quantize,
	[OP_REDUCE_L1] = axes_to_input,
	[OP_REDUCE_L2] = axes_to_input,
	[OP_REDUCE_MAX] = axes_to_input,
	[OP_REDUCE_MEAN] = axes_to_input,
	[OP_REDUCE_MIN] = axes_to_input,
	[OP_REDUCE_PROD] = axes_to_input,
	[OP_REDUCE_SUM] = axes_to_input,
	[OP_REDUCE_SUM_SQUARE] = axes_to_input,
	[OP_RESIZE] = normalise_resize,
	[OP_SLICE] = normalise_slice,
	[OP_SOFTMAX] = normalise_softmax,
	[OP_SQUEEZE] = axes_to_input,
	[OP_SUB] = no_axis,
	[OP_TOP_K] = normalise_top_k,
	[OP_UNSQUEEZE] = axes_to_input,
	[OP_XOR] = no_axis,
};

/* The float operator inside has the attributes of its own domain's opset. */
static int normalise_qlinear(const struct onnx_node *o, struct node *n)
{
	struct onnx_node inner = *o;

	inner.opset = onnx_attr_int(o, "opset", o->opset);
	if (onnx_qlinear(o, n))
		return -1;
	return forms[n->op] ? forms[n->op](&inner, n) : 0;
}

int onnx_normalise(const struct onnx_node *o, struct node *n)
{
	if (is_called(o, "Dropout"))
		return normalise_dropout(o, n);
	if (onnx_qlinear_op(o->op_type) != OP_NONE)
		return normalise_qlinear(o, n);
	if (onnx_integer_op(o->op_type) != OP_NONE)
		return onnx_integer(o, n);
	if (onnx_fused_op(o->op_type) != OP_NONE)
		return onnx_fused(o, n);
	if (is_called(o, "BipolarQuant"))
		return onnx_bipolar(o, n);
	if (is_called(o, "GroupNormalization"))
		return onnx_group_norm(o, n);
	if (n->op == OP_RESHAPE)
		return ints_to_input(o, n, "shape", 1);
	if (n->op == OP_SPLIT)
		return ints_to_input(o, n, "split", 1);
	return forms[n->op] ? forms[n->op](o, n) : 0;
}
