/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the nodes of a graph or function, maps names to values and inlines
 * calls. */
#include "converter/onnx/onnx_body.h"

#include <string.h>

#include "converter/onnx/onnx_function.h"
#include "converter/onnx/onnx_node.h"
#include "converter/onnx/onnx_normalise.h"
#include "converter/onnx/onnx_unknown.h"

#define MAX_CALL_DEPTH 16
#define MAX_OPERANDS 4096

/* ---- Names ---- */

static size_t name_slot(const struct onnx_scope *s, const char *name)
{
	size_t i = hash_name(s->key, name) & (s->slots - 1);

	while (s->names[i] && strcmp(s->names[i], name))
		i = (i + 1) & (s->slots - 1);
	return i;
}

int onnx_scope_init(struct onnx_scope *s, const struct onnx_reader *r,
		    size_t names)
{
	s->slots = 16;
	s->used = 0;
	while (s->slots < 2 * names + 2)
		s->slots *= 2;
	s->key = &r->key;
	s->names = arena_array(r->scratch, s->slots, sizeof(*s->names));
	s->values = arena_array(r->scratch, s->slots, sizeof(*s->values));
	return s->names && s->values ? 0 : -1;
}

struct value *onnx_scope_find(const struct onnx_scope *s, const char *name)
{
	return s->values[name_slot(s, name)];
}

bool onnx_scope_has(const struct onnx_scope *s, const char *name)
{
	return s->names[name_slot(s, name)] != NULL;
}

void onnx_scope_add(struct onnx_scope *s, const char *name, struct value *v)
{
	size_t i = name_slot(s, name);

	s->names[i] = name;
	s->values[i] = v;
	s->used++;
}

/* ---- Bodies ---- */

static bool is_default_domain(const char *domain)
{
	return !domain || !*domain || !strcmp(domain, "ai.onnx");
}

static struct onnx_node begin_node(struct onnx_reader *r,
				   const struct onnx_body *b,
				   const Onnx__NodeProto *p)
{
	const char *name = p->name && *p->name ? p->name :
			   p->n_output         ? p->output[0] :
						 "";
	struct onnx_node o = {
		.r = r,
		.proto = p,
		.call = b->call,
		.opset = b->opset,
		.name = name,
		.op_type = p->op_type ? p->op_type : "",
	};

	if (*b->prefix)
		o.name = arena_printf(r->scratch, "%s/%s", b->prefix, name);
	return o;
}

/* The value of a Constant node, from whichever attribute holds it. */
static struct value *constant_value(const struct onnx_node *o, const char *name)
{
	const Onnx__AttributeProto *a;
	struct graph *g = o->r->g;
	struct value *v = NULL;
	char what[256];
	int count;

	snprintf(what, sizeof(what), "node '%.150s' (Constant)", o->name);
	if ((a = onnx_attr(o, "value")) != NULL) {
		if (onnx_attr_type(a) == ONNX_ATTR_TENSOR && a->t)
			return onnx_constant(o->r, a->t, name, what);
	} else if ((a = onnx_attr(o, "value_float")) != NULL) {
		v = graph_const_f32(g, name, -1, &a->f);
	} else if ((a = onnx_attr(o, "value_int")) != NULL) {
		v = graph_const_i64(g, name, -1, &a->i);
	} else if ((a = onnx_attr(o, "value_floats")) != NULL) {
		count = a->n_floats < INT32_MAX ? (int)a->n_floats : 0;
		v = graph_const_f32(g, name, count, a->floats);
	} else if ((a = onnx_attr(o, "value_ints")) != NULL) {
		count = a->n_ints < INT32_MAX ? (int)a->n_ints : 0;
		v = graph_const_i64(g, name, count, a->ints);
	}
	if (!a || !v)
		onnx_error(o, "has no supported value (a dense tensor, floats "
			      "or ints)");
	return v;
}

/* The graph's value for the output `name` of a node. */
static struct value *output_value(struct onnx_reader *r,
				  const struct onnx_body *b,
				  const struct onnx_node *o, const char *name)
{
	const char *full = name;
	struct value *v;

	if (*b->prefix)
		full = arena_printf(r->scratch, "%s/%s", b->prefix, name);
	if (b->call && onnx_scope_find(&b->results, name))
		return onnx_scope_find(&b->results, name);
	if (full && !b->call && is_default_domain(o->proto->domain) &&
	    !strcmp(o->op_type, "Constant"))
		return constant_value(o, full);
	v = full ? graph_value(r->g, full, DT_NONE, NULL) : NULL;
	if (!v)
		onnx_no_memory(r);
	return v;
}

static int define_outputs(struct onnx_reader *r, struct onnx_body *b,
			  const struct onnx_node *o)
{
	for (size_t i = 0; i < o->proto->n_output; i++) {
		const char *name = o->proto->output[i];
		struct value *v;

		if (!*name)
			continue;
		if (onnx_scope_has(&b->scope, name))
			return onnx_error(o, "'%.200s' is defined twice", name);
		v = output_value(r, b, o, name);
		if (!v)
			return -1;
		onnx_scope_add(&b->scope, name, v);
	}
	return 0;
}

static int find_inputs(const struct onnx_body *b, const struct onnx_node *o,
		       struct value **inputs)
{
	for (size_t i = 0; i < o->proto->n_input; i++) {
		const char *name = o->proto->input[i];

		inputs[i] = *name ? onnx_scope_find(&b->scope, name) : NULL;
		if (*name && !onnx_scope_has(&b->scope, name))
			return onnx_error(o, "input '%.200s' is not defined",
					  name);
	}
	return 0;
}

static int check_call(const struct onnx_node *o, const struct onnx_body *b,
		      const Onnx__FunctionProto *f)
{
	if (b->call && b->call->depth >= MAX_CALL_DEPTH)
		return onnx_error(o,
				  "calls functions more than %d deep, or "
				  "itself",
				  MAX_CALL_DEPTH);
	if (o->proto->n_input > f->n_input || o->proto->n_output > f->n_output)
		return onnx_error(
			o, "has more inputs or outputs than its function");
	return 0;
}

int64_t onnx_default_opset(Onnx__OperatorSetIdProto *const *list, size_t n,
			   int64_t otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (is_default_domain(list[i]->domain))
			return list[i]->version;
	return otherwise;
}

/* Handles outputs of a function that are inputs of it too. */
static int pass_through(const struct onnx_node *o, struct onnx_body *b,
			const Onnx__FunctionProto *f)
{
	for (size_t i = 0; i < f->n_output; i++) {
		struct value *to = onnx_scope_find(&b->results, f->output[i]);
		struct value *from = onnx_scope_find(&b->scope, f->output[i]);

		if (!to || to->producer || from == to)
			continue;
		if (!from)
			return onnx_error(o,
					  "its function does not compute "
					  "'%.200s'",
					  f->output[i]);
		if (!graph_node(o->r->g, OP_IDENTITY, o->name, &from, 1, &to, 1,
				NULL))
			return onnx_no_memory(o->r);
	}
	return 0;
}

static int inline_call(const struct onnx_node *o, const struct onnx_body *outer,
		       const Onnx__FunctionProto *f, struct value **inputs,
		       struct value **outputs)
{
	struct onnx_reader *r = o->r;
	struct onnx_call call = {
		.outer = outer->call,
		.function = f,
		.node = o->proto,
		.depth = outer->call ? outer->call->depth + 1 : 1,
	};
	struct onnx_body b = {
		.nodes = f->node,
		.count = f->n_node,
		.call = &call,
		.opset = onnx_default_opset(f->opset_import, f->n_opset_import,
					    outer->opset),
		.prefix = o->name,
	};
	size_t names = f->n_input;

	if (check_call(o, outer, f))
		return -1;
	for (size_t i = 0; i < f->n_node; i++)
		names += f->node[i]->n_output;
	if (onnx_scope_init(&b.scope, r, names) ||
	    onnx_scope_init(&b.results, r, f->n_output))
		return onnx_no_memory(r);
	for (size_t i = 0; i < f->n_input; i++)
		if (!onnx_scope_has(&b.scope, f->input[i]))
			onnx_scope_add(&b.scope, f->input[i],
				       i < o->proto->n_input ? inputs[i] :
							       NULL);
	for (size_t i = 0; i < o->proto->n_output; i++)
		if (!onnx_scope_has(&b.results, f->output[i]))
			onnx_scope_add(&b.results, f->output[i], outputs[i]);
	return onnx_read_body(r, &b) || pass_through(o, &b, f) ? -1 : 0;
}

static int read_node(struct onnx_reader *r, struct onnx_body *b,
		     const Onnx__NodeProto *p)
{
	struct onnx_node o = begin_node(r, b, p);
	const Onnx__FunctionProto *f;
	struct value **inputs, **outputs;
	enum op op;

	if (!o.name)
		return onnx_no_memory(r);
	if (++r->nodes_read > r->nodes_most)
		return onnx_error(&o,
				  "is one node too many: at most %zu nodes are "
				  "read from a file of %zu",
				  r->nodes_most, r->nodes_in_file);
	if (p->n_input > MAX_OPERANDS || p->n_output > MAX_OPERANDS)
		return onnx_error(&o, "has more than %d inputs or outputs",
				  MAX_OPERANDS);
	inputs = arena_array(r->scratch, p->n_input, sizeof(*inputs));
	outputs = arena_array(r->scratch, p->n_output, sizeof(*outputs));
	if (!inputs || !outputs)
		return onnx_no_memory(r);
	if (onnx_attrs_check(&o) || find_inputs(b, &o, inputs))
		return -1;
	for (size_t i = 0; i < p->n_output; i++)
		outputs[i] = *p->output[i] ?
				     onnx_scope_find(&b->scope, p->output[i]) :
				     NULL;
	f = onnx_find_function(r, p);
	if (f)
		return inline_call(&o, b, f, inputs, outputs);
	if (is_default_domain(p->domain) && !strcmp(o.op_type, "Constant")) {
		struct value *c;

		if (!p->n_output || !outputs[0])
			return onnx_error(&o, "has no output");
		if (!b->call)
			return 0;
		/* in a function the value replaces that of the caller */
		c = constant_value(&o, o.name);
		if (c && !graph_node(r->g, OP_IDENTITY, o.name, &c, 1, outputs,
				     1, NULL))
			return onnx_no_memory(r);
		return c ? 0 : -1;
	}
	op = onnx_known_op(p->domain ? p->domain : "", o.op_type);
	if (op == OP_NONE)
		return onnx_note_unknown(&o);
	return onnx_add_node(&o, op, inputs, (int)p->n_input, outputs,
			     (int)p->n_output);
}

int onnx_read_body(struct onnx_reader *r, struct onnx_body *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct onnx_node o = begin_node(r, b, b->nodes[i]);

		if (!o.name)
			return onnx_no_memory(r);
		if (define_outputs(r, b, &o))
			return -1;
	}
	for (size_t i = 0; i < b->count; i++)
		if (read_node(r, b, b->nodes[i]))
			return -1;
	return 0;
}
