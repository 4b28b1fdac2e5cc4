/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "evaluator/evaluator.h"
#include "ir/budget.h"
#include "passes/fold_node.h"

#define MB ((int64_t)1 << 20)

static int out_of_memory(const struct node *n, struct diag *d)
{
	return node_error(d, n, "out of memory for a constant");
}

static bool reads_shape_only(enum op op)
{
	return op == OP_SHAPE || op == OP_SIZE;
}

static int64_t output_bytes(const struct node *n)
{
	int64_t bytes = 0;

	for (int i = 0; i < n->output_count; i++) {
		const struct value *v = n->outputs[i];

		if (v)
			bytes += shape_elements(&v->shape) *
				 (int64_t)dtype_size(v->dtype);
	}
	return bytes;
}

static int too_much(const struct graph *g, const struct node *n, int64_t bytes,
		    struct diag *d)
{
	if (bytes > g->budget.bytes)
		node_error(d, n,
			   "computing this constant would need %lld MB, %lld "
			   "MB are left for a model of this size",
			   (long long)((bytes + MB - 1) / MB),
			   (long long)(g->budget.bytes / MB));
	else
		node_error(d, n,
			   "computing this constant takes too long for "
			   "a model of this size");
	diag_hint(d, "store the constant in the model: simplify it before the "
		     "conversion");
	return -1;
}

static bool can_fold(const struct node *n)
{
	if (reads_shape_only(n->op))
		return shape_known(&n->inputs[0]->shape);
	for (int i = 0; i < n->input_count; i++) {
		if (n->inputs[i] && !value_is_const(n->inputs[i]))
			return false;
	}
	return eval_supports(n->op);
}

/* Shape and Size of a value that is not constant itself. */
static void describe(const struct node *n, int64_t *out)
{
	const struct shape *x = &n->inputs[0]->shape;
	int64_t start = node_int(n, "start", 0);

	if (n->op == OP_SIZE) {
		out[0] = shape_elements(x);
		return;
	}
	start = start < 0 ? start + x->rank : start;
	start = start < 0 ? 0 : start;
	for (int64_t i = 0; i < n->outputs[0]->shape.dim[0]; i++)
		out[i] = x->dim[start + i];
}

static int compute(struct graph *g, struct node *n, const void **in, void **out,
		   struct diag *d)
{
	for (int i = 0; i < n->input_count; i++)
		in[i] = n->inputs[i] ? n->inputs[i]->data : NULL;
	for (int i = 0; i < n->output_count; i++) {
		const struct value *v = n->outputs[i];

		if (!v)
			continue;
		out[i] = arena_array(g->arena,
				     (size_t)shape_elements(&v->shape),
				     dtype_size(v->dtype));
		if (!out[i])
			return out_of_memory(n, d);
	}
	if (reads_shape_only(n->op)) {
		describe(n, out[0]);
		return 0;
	}
	return eval_node(n, in, out, d);
}

/* The outputs keep their names and readers. */
static int adopt(struct graph *g, struct node *n, void *const *out,
		 struct diag *d)
{
	for (int i = 0; i < n->output_count; i++) {
		struct value *v = n->outputs[i];

		if (!v)
			continue;
		v->role = VALUE_CONSTANT;
		v->data = out[i];
		v->producer = NULL;
		n->outputs[i] = NULL;
		if (i == 0 && fold_keep_grid(g, n, v, d))
			return -1;
	}
	graph_remove(g, n);
	return 0;
}

int fold_node(struct graph *g, struct node *n, struct diag *d)
{
	int status = -1;
	int64_t bytes;

	if (!can_fold(n) || n->output_count < 1 || !n->outputs[0])
		return 0;
	bytes = output_bytes(n);
	if (!graph_budget_take(g, bytes, node_work(n)))
		return too_much(g, n, bytes, d);

	const void **in = calloc((size_t)n->input_count + 1, sizeof(*in));
	void **out = calloc((size_t)n->output_count, sizeof(*out));
	if (!in || !out) {
		out_of_memory(n, d);
		goto done;
	}
	if (compute(g, n, in, out, d) == 0)
		status = adopt(g, n, out, d);
done:
	free(in);
	free(out);
	return status;
}
