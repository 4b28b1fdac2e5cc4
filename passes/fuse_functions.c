/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of one value that are written as several nodes, such as
 * 1 / (1 + exp(-x)), become one Function. On the device that is one table of
 * codes; node by node, each step would be rounded to 8 bits over its whole
 * range.
 *
 * A function has one source x: every node in it reads only x, numbers and other
 * nodes in it, and only its last node is read from outside.
 */
#include "ir/function_body.h"
#include "passes/match.h"
#include "passes/passes.h"

#define MOST_NODES 24

struct function {
	struct value *source;
	const struct node *last;
	const struct node *nodes[MOST_NODES];
	int count;
	bool is_curved; /* more than shifts, factors and clamps */
};

static bool is_number(const struct value *v, const struct value *y)
{
	float number;

	return value_const_scalar(v, &number) && v->shape.rank <= y->shape.rank;
}

/* A Clip with numbers as bounds counts as Max and Min. */
static bool is_step(const struct node *n)
{
	const struct value *y = n->outputs[0];

	if (n->tail || n->act.kind != ACT_NONE || n->output_count != 1 || !y ||
	    y->dtype != DT_F32)
		return false;
	if (n->op != OP_CLIP)
		return function_operands(n->op) == n->input_count;
	for (int i = 1; i < n->input_count; i++)
		if (n->inputs[i] && !is_number(n->inputs[i], y))
			return false;
	return true;
}

static bool is_in(const struct function *f, const struct node *n)
{
	for (int i = 0; i < f->count; i++)
		if (f->nodes[i] == n)
			return true;
	return false;
}

/* Piecewise linear nodes of one operand lose little as integers. */
static bool is_curved(const struct node *n)
{
	switch (n->op) {
	case OP_ABS:
	case OP_CLIP:
	case OP_LEAKY_RELU:
	case OP_NEG:
	case OP_RELU:
		return false;
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_MAX:
	case OP_MIN:
		return !value_is_const(n->inputs[0]) &&
		       !value_is_const(n->inputs[1]);
	case OP_DIV:
		return !value_is_const(n->inputs[1]);
	default:
		return true;
	}
}

static bool collect(struct function *f, const struct node *n);

static bool collect_operand(struct function *f, const struct node *n,
			    const struct value *v)
{
	const struct value *y = n->outputs[0];

	if (!v || v == f->source || is_number(v, y))
		return true;
	return v->role == VALUE_COMPUTED && shape_equal(&v->shape, &y->shape) &&
	       collect(f, v->producer);
}

/* Adds n and the nodes between it and the source. False if one of them is no
 * step or reads something else. */
static bool collect(struct function *f, const struct node *n)
{
	if (is_in(f, n))
		return true;
	if (!is_step(n) || f->count == MOST_NODES)
		return false;
	f->nodes[f->count++] = n;
	f->is_curved |= is_curved(n);
	for (int i = 0; i < n->input_count; i++)
		if (!collect_operand(f, n, n->inputs[i]))
			return false;
	return true;
}

static bool only_last_is_read(const struct function *f)
{
	for (int i = 0; i < f->count; i++) {
		const struct value *y = f->nodes[i]->outputs[0];

		if (f->nodes[i] == f->last)
			continue;
		if (y->is_output)
			return false;
		for (int k = 0; k < y->use_count; k++)
			if (!is_in(f, y->uses[k]))
				return false;
	}
	return true;
}

static bool is_function(struct function *f)
{
	return collect(f, f->last) && f->count > 1 && f->is_curved &&
	       shape_equal(&f->source->shape, &f->last->outputs[0]->shape) &&
	       only_last_is_read(f);
}

/* The first operand that is no number: every source lies behind it. */
static struct value *operand(const struct node *n)
{
	for (int i = 0; i < n->input_count; i++)
		if (n->inputs[i] && !is_number(n->inputs[i], n->outputs[0]))
			return n->inputs[i];
	return NULL;
}

/* The longest function that ends in `last`. */
static bool find(const struct node *last, struct function *f)
{
	struct value *sources[MOST_NODES], *v;
	int count = 0;

	for (const struct node *n = last; n && is_step(n); n = v->producer) {
		v = operand(n);
		if (!v || count == MOST_NODES)
			break;
		sources[count++] = v;
	}
	while (count--) {
		*f = (struct function){ .source = sources[count],
					.last = last };
		if (f->source->dtype == DT_F32 && is_function(f))
			return true;
	}
	return false;
}

/* ---- The body ---- */

static void write_value(const struct function *f, struct function_text *t,
			const struct value *v);

static void write_clip(struct function_text *t, const struct node *n)
{
	static const enum op ops[2] = { OP_MAX, OP_MIN };
	float number;

	for (int i = 0; i < 2; i++) {
		const struct node bound = { .op = ops[i] };

		if (node_const_float(n, i + 1, &number)) {
			function_write_number(t, number);
			function_write_op(t, &bound);
		}
	}
}

static void write_node(const struct function *f, struct function_text *t,
		       const struct node *n)
{
	int operands = n->op == OP_CLIP ? 1 : n->input_count;

	for (int i = 0; i < operands; i++)
		write_value(f, t, n->inputs[i]);
	if (n->op == OP_CLIP)
		write_clip(t, n);
	else
		function_write_op(t, n);
}

static void write_value(const struct function *f, struct function_text *t,
			const struct value *v)
{
	float number;

	if (t->full)
		return;
	if (v == f->source)
		function_write_x(t);
	else if (value_const_scalar(v, &number))
		function_write_number(t, number);
	else
		write_node(f, t, v->producer);
}

static int fuse(struct graph *g, struct node *last)
{
	struct function_text t = { .length = 0 };
	struct function_body body;
	struct function f;
	struct node *n;

	if (!find(last, &f))
		return 0;
	write_node(&f, &t, last);
	if (t.full || function_body_parse(t.text, &body))
		return 0;
	n = match_put(g, last, OP_FUNCTION, f.source);
	return n && !node_set_string(g, n, "body", t.text) ? 0 : -1;
}

/* From the last node to the first, so that the longest function is found. */
int pass_fuse_functions(struct graph *g, const struct config *c, struct diag *d)
{
	struct node *before;

	for (struct node *n = g->last; n; n = before) {
		before = n->prev;
		if (n->outputs[0] && value_readers(n->outputs[0]) && fuse(g, n))
			return diag_error(d, "out of memory");
	}
	return pass_drop_dead(g, c, d);
}
