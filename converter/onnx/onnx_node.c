/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_node.h"

#include <math.h>

#include "converter/onnx/onnx_attr.h"
#include "converter/onnx/onnx_cast.h"
#include "converter/onnx/onnx_normalise.h"

/* Drops empty operands at the end of a list. */
static int drop_absent(struct value *const *list, int count)
{
	while (count > 0 && !list[count - 1])
		count--;
	return count;
}

static int check_operands(const struct onnx_node *o, const struct node *n)
{
	const struct op_info *info = op_info(n->op);
	int most = info->max_inputs + onnx_is_cast_like(o);

	if (n->input_count < info->min_inputs ||
	    (info->max_inputs >= 0 && n->input_count > most))
		return onnx_error(o, "has %d inputs, expected %d to %d",
				  n->input_count, info->min_inputs, most);
	for (int i = 0; i < info->min_inputs; i++)
		if (!n->inputs[i])
			return onnx_error(o, "input %d is missing", i);
	if (info->max_inputs < 0)
		for (int i = 0; i < n->input_count; i++)
			if (!n->inputs[i])
				return onnx_error(o, "input %d is missing", i);
	return 0;
}

int onnx_add_node(const struct onnx_node *o, enum op op,
		  struct value *const *inputs, int input_count,
		  struct value *const *outputs, int output_count)
{
	struct node *n;

	input_count = drop_absent(inputs, input_count);
	output_count = drop_absent(outputs, output_count);
	if (output_count == 0)
		return 0; /* no node can read its result */
	n = graph_node(o->r->g, op, o->name, inputs, input_count, outputs,
		       output_count, NULL);
	if (!n)
		return onnx_no_memory(o->r);
	if (onnx_attrs_copy(o, n))
		return -1;
	/* most normalise functions read the first input */
	if (n->input_count < 1 || (op != OP_CONCAT && !n->inputs[0]))
		return onnx_error(o, "has no input");
	return onnx_normalise(o, n) || check_operands(o, n) ? -1 : 0;
}

/* ---- When all nodes are there ---- */

static int check_outputs(const struct onnx_reader *r, struct node *n)
{
	int most = op_info(n->op)->max_outputs;

	for (int i = n->output_count - 1; i > 0; i--) {
		struct value *v = n->outputs[i];

		if (n->op == OP_SPLIT)
			break;
		if (v && value_readers(v) &&
		    (most == 1 || i >= most || n->op == OP_BATCH_NORM))
			return node_error(r->d, n,
					  "output '%s' is not "
					  "supported",
					  v->name);
		if (v && value_readers(v))
			break;
		if (v)
			v->producer = NULL;
		n->outputs[i] = NULL;
		n->output_count = i;
	}
	return 0;
}

static int check_finite(const struct onnx_reader *r, const struct node *n)
{
	if (!(op_info(n->op)->flags & OPF_W) && n->op != OP_BATCH_NORM)
		return 0;
	for (int i = 1; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];
		int64_t count = v ? shape_elements(&v->shape) : 0;

		if (!value_is_const(v) || v->dtype != DT_F32)
			continue;
		for (int64_t k = 0; k < count; k++)
			if (!isfinite(((const float *)v->data)[k]))
				return node_error(r->d, n,
						  "'%s' holds a "
						  "value that is not finite",
						  v->name);
	}
	return 0;
}

int onnx_finish_nodes(struct onnx_reader *r)
{
	for (struct node *n = r->g->first; n; n = n->next)
		if (check_outputs(r, n) || check_finite(r, n))
			return -1;
	return 0;
}
