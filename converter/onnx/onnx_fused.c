/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_fused.h"

#include <string.h>

#include "converter/onnx/onnx_codes.h"

static const struct {
	const char *name;
	enum op op;
} forms[] = {
	{ "FusedConv", OP_CONV },
	{ "FusedGemm", OP_GEMM },
	{ "FusedMatMul", OP_MAT_MUL },
};

/* Activations, with the names of their numbers in the order of
 * activation_params. */
static const struct activation_form {
	const char *name;
	enum op op;
	const char *numbers[2];
} activations[] = {
	{ "Clip", OP_CLIP, { "min", "max" } },
	{ "HardSigmoid", OP_HARD_SIGMOID, { "alpha", "beta" } },
	{ "LeakyRelu", OP_LEAKY_RELU, { "alpha", NULL } },
	{ "Relu", OP_RELU, { NULL, NULL } },
	{ "Sigmoid", OP_SIGMOID, { NULL, NULL } },
	{ "Tanh", OP_TANH, { NULL, NULL } },
};

enum op onnx_fused_op(const char *op_type)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!strcmp(forms[i].name, op_type))
			return forms[i].op;
	return OP_NONE;
}

/* ---- The activation ---- */

/* NULL in *a: none. -1 with a diagnostic. */
static int find_activation(const struct onnx_node *o,
			   const struct activation_form **a)
{
	const Onnx__AttributeProto *name = onnx_attr(o, "activation");

	*a = NULL;
	if (!name || !name->s.len)
		return 0;
	for (size_t i = 0; i < sizeof(activations) / sizeof(*activations); i++)
		if (strlen(activations[i].name) == name->s.len &&
		    !memcmp(activations[i].name, name->s.data, name->s.len))
			*a = &activations[i];
	return *a ? 0 :
		    onnx_error(o, "activation '%.*s' is not supported",
			       (int)(name->s.len < 40 ? name->s.len : 40),
			       (const char *)name->s.data);
}

/* Number i of the activation: FusedConv has a list, FusedGemm an attribute for
 * each. False: not given. */
static bool number_at(const struct onnx_node *o, int i, float *v)
{
	static const char *const names[2] = { "activation_alpha",
					      "activation_beta" };
	const Onnx__AttributeProto *list = onnx_attr(o, "activation_params");
	const Onnx__AttributeProto *one = onnx_attr(o, names[i]);

	if (list && list->n_floats > (size_t)i)
		*v = list->floats[i];
	else if (one)
		*v = one->f;
	else
		return false;
	return true;
}

static int set_numbers(const struct onnx_node *o, struct node *n,
		       const struct activation_form *a)
{
	for (int i = 0; i < 2 && a->numbers[i]; i++) {
		struct value *v = NULL;
		float number;

		if (!number_at(o, i, &number))
			continue;
		if (n->op == OP_CLIP)
			v = graph_const_f32(o->r->g, o->name, -1, &number);
		if (n->op == OP_CLIP ?
			    !v || graph_set_input(o->r->g, n, i + 1, v) :
			    node_set_float(o->r->g, n, a->numbers[i], number))
			return onnx_no_memory(o->r);
	}
	return 0;
}

/* A node of n's output and `other` behind n; NULL: out of memory. */
static struct node *append(const struct onnx_node *o, struct node *n,
			   enum op op, struct value *other)
{
	struct value *y = onnx_detach_output(o, n);
	struct value *in[2] = { n->outputs[0], other };

	return y ? graph_node(o->r->g, op, o->name, in, other ? 2 : 1, &y, 1,
			      NULL) :
		   NULL;
}

static int add_activation(const struct onnx_node *o, struct node *n,
			  const struct activation_form *a)
{
	struct node *act = append(o, n, a->op, NULL);

	if (!act)
		return onnx_no_memory(o->r);
	/* a missing minimum is an absent input */
	if (a->op == OP_CLIP && graph_set_input(o->r->g, act, 1, NULL))
		return onnx_no_memory(o->r);
	return set_numbers(o, act, a);
}

/* ---- Matrices ---- */

/* The last two dims of an operand swapped; its rank must be known. */
static int swap_dims(const struct onnx_node *o, struct node *n, int slot)
{
	struct value *v = n->inputs[slot], *t;
	int64_t perm[GRAPH_MAX_RANK];
	int rank = v->shape.rank;

	if (rank < 2)
		return onnx_error(o, "transposes an operand of a rank that is "
				     "not known");
	for (int i = 0; i < rank; i++)
		perm[i] = i;
	perm[rank - 1] = rank - 2;
	perm[rank - 2] = rank - 1;
	t = onnx_put(o, OP_TRANSPOSE, &v, 1, n);
	return !t || node_set_ints(o->r->g, t->producer, "perm", perm, rank) ||
			       graph_set_input(o->r->g, n, slot, t) ?
		       onnx_no_memory(o->r) :
		       0;
}

static int plain_matmul(const struct onnx_node *o, struct node *n)
{
	const Onnx__AttributeProto *alpha = onnx_attr(o, "alpha");
	struct value *factor;

	if (onnx_attr_int(o, "transBatchA", 0) ||
	    onnx_attr_int(o, "transBatchB", 0))
		return onnx_error(o, "transposed batches are not supported");
	if (n->input_count < 2 || !n->inputs[1])
		return onnx_error(o, "input 1 is missing");
	if ((onnx_attr_int(o, "transA", 0) && swap_dims(o, n, 0)) ||
	    (onnx_attr_int(o, "transB", 0) && swap_dims(o, n, 1)))
		return -1;
	if (!alpha || (alpha->f >= 1 && alpha->f <= 1))
		return 0;
	factor = graph_const_f32(o->r->g, o->name, -1, &alpha->f);
	return factor && append(o, n, OP_MUL, factor) ? 0 :
							onnx_no_memory(o->r);
}

int onnx_fused(const struct onnx_node *o, struct node *n)
{
	const struct activation_form *a;
	struct value *sum = node_input(n, 3);

	if (find_activation(o, &a))
		return -1;
	if (n->op == OP_MAT_MUL && plain_matmul(o, n))
		return -1;
	if (n->op == OP_CONV && sum) {
		if (graph_set_input(o->r->g, n, 3, NULL))
			return onnx_no_memory(o->r);
		n->input_count = 3;
	}
	/* the last node added is the first to be applied to the output */
	if (a && add_activation(o, n, a))
		return -1;
	return n->op == OP_CONV && sum && !append(o, n, OP_ADD, sum) ?
		       onnx_no_memory(o->r) :
		       0;
}
