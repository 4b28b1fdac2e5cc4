/* SPDX-License-Identifier: Apache-2.0 */
/* From a model file to a graph: the model, its bodies, names and values. */
#include "converter/onnx_read.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "converter/onnx_reader.h"
#include "converter/onnx_wire.h"
#include "converter/regular_file.h"

#define MODEL_MAX_BYTES ((size_t)1 << 31)
#define OLDEST_IR 3
#define OLDEST_OPSET 6
#define NEWEST_OPSET 28
#define MAX_CALL_DEPTH 16
#define MAX_NODES 200000
#define MAX_OPERANDS 4096
/* The graph's memory: a multiple of what the file and its external data
 * hold, and something for small files. */
#define GRAPH_BYTES_PER_BYTE 64
#define GRAPH_BYTES_ALWAYS ((size_t)64 << 20)

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
	return diag_error(r->d, "needs more memory than such a file may take");
}

/* Kinds of operators that are refused, in the order in which they occur. */
struct onnx_unknown {
	const char *domain, *op_type, *first_node;
	int64_t opset;
	int count;
	struct onnx_unknown *next;
};

static int note_unknown(const struct onnx_node *o)
{
	const char *domain = o->proto->domain ? o->proto->domain : "";
	struct onnx_unknown **at = &o->r->unknown;

	for (; *at; at = &(*at)->next)
		if (!strcmp((*at)->op_type, o->op_type) &&
		    !strcmp((*at)->domain, domain)) {
			(*at)->count++;
			return 0;
		}
	*at = arena_alloc(o->r->scratch, sizeof(**at));
	if (!*at)
		return onnx_no_memory(o->r);
	**at = (struct onnx_unknown){ domain,   o->op_type, o->name,
				      o->opset, 1,          NULL };
	return 0;
}

static int refuse_unknown(const struct onnx_reader *r)
{
	for (const struct onnx_unknown *u = r->unknown; u; u = u->next) {
		const char *dot = *u->domain ? "." : "";

		if (u->count > 1)
			diag_error(r->d,
				   "node '%.200s' (%.100s%s%.100s): "
				   "operator is not supported (opset %" PRId64
				   ", %d nodes)",
				   u->first_node, u->domain, dot, u->op_type,
				   u->opset, u->count);
		else
			diag_error(r->d,
				   "node '%.200s' (%.100s%s%.100s): "
				   "operator is not supported (opset %" PRId64
				   ")",
				   u->first_node, u->domain, dot, u->op_type,
				   u->opset);
	}
	if (r->unknown)
		diag_hint(r->d,
			  "export the model without post-processing, or "
			  "simplify it; dbconvert(1) lists the operators");
	return r->unknown ? -1 : 0;
}

/* ---- Names ---- */

/* The names of one body; values that the body only passes on included. */
struct scope {
	const char **names;
	struct value **values;
	size_t slots, used;
};

static size_t name_slot(const struct scope *s, const char *name)
{
	uint64_t h = 14695981039346656037u;
	size_t i;

	for (const char *c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211u;
	i = (size_t)(h ^ h >> 32) & (s->slots - 1);
	while (s->names[i] && strcmp(s->names[i], name))
		i = (i + 1) & (s->slots - 1);
	return i;
}

static int scope_init(struct scope *s, struct arena *a, size_t names)
{
	s->slots = 16;
	s->used = 0;
	while (s->slots < 2 * names + 2)
		s->slots *= 2;
	s->names = arena_array(a, s->slots, sizeof(*s->names));
	s->values = arena_array(a, s->slots, sizeof(*s->values));
	return s->names && s->values ? 0 : -1;
}

static struct value *scope_find(const struct scope *s, const char *name)
{
	return s->values[name_slot(s, name)];
}

static bool scope_has(const struct scope *s, const char *name)
{
	return s->names[name_slot(s, name)] != NULL;
}

static void scope_add(struct scope *s, const char *name, struct value *v)
{
	size_t i = name_slot(s, name);

	s->names[i] = name;
	s->values[i] = v;
	s->used++;
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
	/* what was read from outside counts as part of the file */
	if (proto->data_location == 1)
		r->g->arena->cap_bytes += t.raw_bytes * GRAPH_BYTES_PER_BYTE;
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

static int add_initializer(struct onnx_reader *r, struct scope *s,
			   const Onnx__TensorProto *p)
{
	char what[256];
	struct value *v;

	if (!p->name || !*p->name)
		return diag_error(r->d, "an initializer has no name");
	if (scope_has(s, p->name))
		return diag_error(r->d, "initializer '%.200s' is given twice",
				  p->name);
	snprintf(what, sizeof(what), "initializer '%.200s'", p->name);
	v = onnx_constant(r, p, p->name, what);
	if (!v)
		return -1;
	scope_add(s, p->name, v);
	return 0;
}

static void read_shape(const Onnx__TensorShapeProto *p, struct shape *s)
{
	s->rank = (int)p->n_dim;
	for (size_t i = 0; i < p->n_dim; i++) {
		const Onnx__TensorShapeProto__Dimension *d = p->dim[i];

		/* some exporters write an open dim as 0 or -1 */
		s->dim[i] = d->has_dim_value && d->dim_value > 0 ?
				    d->dim_value :
				    -1;
	}
}

static int add_input(struct onnx_reader *r, struct scope *s,
		     const Onnx__ValueInfoProto *p)
{
	const Onnx__TypeProto__Tensor *t = p->type ? p->type->tensor_type :
						     NULL;
	struct shape shape = { .rank = -1 };
	const struct onnx_type *type;
	char what[256];
	struct value *v;

	if (!p->name || !*p->name)
		return diag_error(r->d, "an input has no name");
	if (scope_has(s, p->name)) {
		v = scope_find(s, p->name);
		if (value_is_const(v))
			return 0; /* IR 3 lists initializers as inputs */
		return diag_error(r->d, "input '%.200s' is given twice",
				  p->name);
	}
	snprintf(what, sizeof(what), "input '%.200s'", p->name);
	if (!t)
		return diag_error(r->d, "%s: is not a tensor", what);
	type = onnx_type_checked(t->elem_type, what, r->d);
	if (!type)
		return -1;
	if (t->shape && t->shape->n_dim > GRAPH_MAX_RANK)
		return diag_error(r->d, "%s: has %zu dimensions, at most %d",
				  what, t->shape->n_dim, GRAPH_MAX_RANK);
	if (t->shape)
		read_shape(t->shape, &shape);
	v = graph_value(r->g, p->name, type->dtype, &shape);
	if (!v || graph_add_input(r->g, v) ||
	    onnx_set_value_type(r, v, t->elem_type))
		return onnx_no_memory(r);
	scope_add(s, p->name, v);
	return 0;
}

static int add_output(struct onnx_reader *r, const struct scope *s,
		      const Onnx__ValueInfoProto *p)
{
	const char *name = p->name ? p->name : "";
	struct value *v = scope_find(s, name), *copy;

	if (!v)
		return diag_error(r->d,
				  "output '%.200s' is not computed by "
				  "any node",
				  name);
	if (v->is_output)
		return diag_error(r->d, "output '%.200s' is given twice", name);
	if (v->role != VALUE_COMPUTED) {
		copy = graph_value(r->g, name, v->dtype, &v->shape);
		if (!copy ||
		    !graph_node(r->g, OP_IDENTITY, name, &v, 1, &copy, 1, NULL))
			return onnx_no_memory(r);
		v = copy;
	}
	return graph_add_output(r->g, v) ? onnx_no_memory(r) : 0;
}

/* ---- Bodies ---- */

/* The nodes of the main graph, or of a function that is being inlined. */
struct body {
	Onnx__NodeProto **nodes;
	size_t count;
	struct scope scope;
	struct scope results; /* a function's outputs: the caller's values */
	const struct onnx_call *call;
	int64_t opset;
	const char *prefix; /* of node and value names */
};

static bool is_default_domain(const char *domain)
{
	return !domain || !*domain || !strcmp(domain, "ai.onnx");
}

static struct onnx_node begin_node(struct onnx_reader *r, const struct body *b,
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

static const Onnx__FunctionProto *find_function(const struct onnx_reader *r,
						const Onnx__NodeProto *p)
{
	const char *domain = p->domain ? p->domain : "";
	const char *overload = p->overload ? p->overload : "";

	for (size_t i = 0; i < r->model->n_functions; i++) {
		const Onnx__FunctionProto *f = r->model->functions[i];

		if (f->name && p->op_type && !strcmp(f->name, p->op_type) &&
		    !strcmp(f->domain ? f->domain : "", domain) &&
		    !strcmp(f->overload ? f->overload : "", overload))
			return f;
	}
	return NULL;
}

/* Constant nodes: the value itself, in whichever attribute. */
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
		onnx_error(o, "holds no value that is supported (a dense "
			      "tensor, floats or ints)");
	return v;
}

/* The value that a node's output `name` becomes. */
static struct value *output_value(struct onnx_reader *r, const struct body *b,
				  const struct onnx_node *o, const char *name)
{
	const char *full = name;
	struct value *v;

	if (*b->prefix)
		full = arena_printf(r->scratch, "%s/%s", b->prefix, name);
	if (b->call && scope_find(&b->results, name))
		return scope_find(&b->results, name);
	if (full && !b->call && is_default_domain(o->proto->domain) &&
	    !strcmp(o->op_type, "Constant"))
		return constant_value(o, full);
	v = full ? graph_value(r->g, full, DT_NONE, NULL) : NULL;
	if (!v)
		onnx_no_memory(r);
	return v;
}

static int define_outputs(struct onnx_reader *r, struct body *b,
			  const struct onnx_node *o)
{
	for (size_t i = 0; i < o->proto->n_output; i++) {
		const char *name = o->proto->output[i];
		struct value *v;

		if (!*name)
			continue;
		if (scope_has(&b->scope, name))
			return onnx_error(o, "'%.200s' is defined twice", name);
		v = output_value(r, b, o, name);
		if (!v)
			return -1;
		scope_add(&b->scope, name, v);
	}
	return 0;
}

static int read_body(struct onnx_reader *r, struct body *b);

static int find_inputs(const struct body *b, const struct onnx_node *o,
		       struct value **inputs)
{
	for (size_t i = 0; i < o->proto->n_input; i++) {
		const char *name = o->proto->input[i];

		inputs[i] = *name ? scope_find(&b->scope, name) : NULL;
		if (*name && !scope_has(&b->scope, name))
			return onnx_error(o, "input '%.200s' is not defined",
					  name);
	}
	return 0;
}

static int check_call(const struct onnx_node *o, const struct body *b,
		      const Onnx__FunctionProto *f)
{
	if (b->call && b->call->depth >= MAX_CALL_DEPTH)
		return onnx_error(o,
				  "calls functions more than %d deep, or "
				  "itself",
				  MAX_CALL_DEPTH);
	if (o->proto->n_input > f->n_input || o->proto->n_output > f->n_output)
		return onnx_error(o, "gives more inputs or takes more outputs "
				     "than its function has");
	return 0;
}

static int64_t default_opset(Onnx__OperatorSetIdProto *const *list, size_t n,
			     int64_t otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (is_default_domain(list[i]->domain))
			return list[i]->version;
	return otherwise;
}

/* A function's output that is one of its own inputs is passed on. */
static int pass_through(const struct onnx_node *o, struct body *b,
			const Onnx__FunctionProto *f)
{
	for (size_t i = 0; i < f->n_output; i++) {
		struct value *to = scope_find(&b->results, f->output[i]);
		struct value *from = scope_find(&b->scope, f->output[i]);

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

static int inline_call(const struct onnx_node *o, const struct body *outer,
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
	struct body b = {
		.nodes = f->node,
		.count = f->n_node,
		.call = &call,
		.opset = default_opset(f->opset_import, f->n_opset_import,
				       outer->opset),
		.prefix = o->name,
	};
	size_t names = f->n_input;

	if (check_call(o, outer, f))
		return -1;
	for (size_t i = 0; i < f->n_node; i++)
		names += f->node[i]->n_output;
	if (scope_init(&b.scope, r->scratch, names) ||
	    scope_init(&b.results, r->scratch, f->n_output))
		return onnx_no_memory(r);
	for (size_t i = 0; i < f->n_input; i++)
		if (!scope_has(&b.scope, f->input[i]))
			scope_add(&b.scope, f->input[i],
				  i < o->proto->n_input ? inputs[i] : NULL);
	for (size_t i = 0; i < o->proto->n_output; i++)
		if (!scope_has(&b.results, f->output[i]))
			scope_add(&b.results, f->output[i], outputs[i]);
	return read_body(r, &b) || pass_through(o, &b, f) ? -1 : 0;
}

static int read_node(struct onnx_reader *r, struct body *b,
		     const Onnx__NodeProto *p)
{
	struct onnx_node o = begin_node(r, b, p);
	const Onnx__FunctionProto *f;
	struct value **inputs, **outputs;
	enum op op;

	if (!o.name)
		return onnx_no_memory(r);
	if (++r->nodes_read > MAX_NODES)
		return onnx_error(&o, "is one node too many, at most %d",
				  MAX_NODES);
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
				     scope_find(&b->scope, p->output[i]) :
				     NULL;
	f = find_function(r, p);
	if (f)
		return inline_call(&o, b, f, inputs, outputs);
	if (is_default_domain(p->domain) && !strcmp(o.op_type, "Constant")) {
		struct value *c;

		if (!p->n_output || !outputs[0])
			return onnx_error(&o, "has no output");
		if (!b->call)
			return 0;
		/* in a function the value takes the place of the caller's */
		c = constant_value(&o, o.name);
		if (c && !graph_node(r->g, OP_IDENTITY, o.name, &c, 1, outputs,
				     1, NULL))
			return onnx_no_memory(r);
		return c ? 0 : -1;
	}
	op = onnx_known_op(p->domain ? p->domain : "", o.op_type);
	if (op == OP_NONE)
		return note_unknown(&o);
	return onnx_add_node(&o, op, inputs, (int)p->n_input, outputs,
			     (int)p->n_output);
}

static int read_body(struct onnx_reader *r, struct body *b)
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

/* ---- The model ---- */

static int check_model(struct onnx_reader *r)
{
	const Onnx__ModelProto *m = r->model;

	if (!m->graph)
		return diag_error(r->d,
				  "is not an ONNX model: it has no graph");
	if (m->ir_version < OLDEST_IR)
		return diag_error(r->d,
				  "IR version %" PRId64 " is not "
				  "supported, at least %d",
				  m->ir_version, OLDEST_IR);
	r->opset = default_opset(m->opset_import, m->n_opset_import, -1);
	if (r->opset == -1)
		return diag_error(r->d, "does not say which opset of the "
					"default domain it uses");
	if (r->opset >= OLDEST_OPSET && r->opset <= NEWEST_OPSET)
		return 0;
	diag_error(r->d, "opset %" PRId64 " is not supported, only %d to %d",
		   r->opset, OLDEST_OPSET, NEWEST_OPSET);
	diag_hint(r->d, "export the model with opset 17");
	return -1;
}

static int read_graph(struct onnx_reader *r)
{
	const Onnx__GraphProto *p = r->model->graph;
	struct body b = { .nodes = p->node,
			  .count = p->n_node,
			  .opset = r->opset,
			  .prefix = "" };
	size_t names = p->n_initializer + p->n_input;

	if (p->n_sparse_initializer)
		return diag_error(r->d, "sparse initializers are not "
					"supported");
	for (size_t i = 0; i < p->n_node; i++)
		names += p->node[i]->n_output;
	if (scope_init(&b.scope, r->scratch, names))
		return onnx_no_memory(r);
	for (size_t i = 0; i < p->n_initializer; i++)
		if (add_initializer(r, &b.scope, p->initializer[i]))
			return -1;
	for (size_t i = 0; i < p->n_input; i++)
		if (add_input(r, &b.scope, p->input[i]))
			return -1;
	if (read_body(r, &b) || refuse_unknown(r))
		return -1;
	if (!p->n_output)
		return diag_error(r->d, "has no outputs");
	for (size_t i = 0; i < p->n_output; i++)
		if (add_output(r, &b.scope, p->output[i]))
			return -1;
	return onnx_finish_nodes(r) || graph_sort(r->g, r->d) ? -1 : 0;
}

static int read_model(struct onnx_reader *r)
{
	const Onnx__ModelProto *m = r->model;
	struct graph *g = r->g;

	if (check_model(r))
		return -1;
	g->ir_version = m->ir_version;
	g->opset = r->opset;
	g->name = arena_strdup(g->arena, m->graph->name ? m->graph->name : "");
	g->producer = arena_strdup(g->arena,
				   m->producer_name ? m->producer_name : "");
	if (!g->name || !g->producer)
		return onnx_no_memory(r);
	return read_graph(r);
}

/* The graph's memory is capped while the file decides how much it takes. */
static struct graph *read_capped(struct onnx_reader *r, struct arena *a,
				 size_t size)
{
	size_t cap = a->cap_bytes;

	a->cap_bytes = a->used_bytes + GRAPH_BYTES_ALWAYS +
		       size * GRAPH_BYTES_PER_BYTE;
	r->g = graph_new(a);
	if (!r->g)
		onnx_no_memory(r);
	else if (read_model(r))
		r->g = NULL;
	a->cap_bytes = cap;
	return r->g;
}

struct graph *onnx_parse(const uint8_t *data, size_t size, const char *path,
			 struct arena *a, uint8_t sha256[32], struct diag *d)
{
	crypto_hash_sha256_state hash;
	struct arena scratch;
	struct onnx_reader r = { .d = d, .scratch = &scratch };
	struct wire_memory mem;
	const char *kind = regular_file_kind(data, size);
	ProtobufCMessage *m;
	struct graph *g = NULL;

	if (kind) {
		diag_error(d, "is a %s, not an ONNX model", kind);
		return NULL;
	}
	m = wire_unpack(&mem, &onnx__model_proto__descriptor, data, size, d);
	if (!m) {
		diag_hint(d, "is it an ONNX model, and complete?");
		return NULL;
	}
	arena_init(&scratch, GRAPH_BYTES_ALWAYS + size * GRAPH_BYTES_PER_BYTE);
	crypto_hash_sha256_init(&hash);
	crypto_hash_sha256_update(&hash, data, size);
	r.model = (const Onnx__ModelProto *)m;
	if (!onnx_external_open(&r.ext, path, &hash, d))
		g = read_capped(&r, a, size);
	crypto_hash_sha256_final(&hash, sha256);
	onnx_external_close(&r.ext);
	arena_free(&scratch);
	wire_free(&mem, m);
	return g;
}

struct graph *onnx_read(const char *path, struct arena *a, uint8_t sha256[32],
			struct diag *d)
{
	char *former = regular_file_subject(d, path);
	struct regular_file file;
	struct graph *g = NULL;

	if (!regular_file_read(path, MODEL_MAX_BYTES, &file, d)) {
		g = onnx_parse(file.data, file.size, path, a, sha256, d);
		regular_file_free(&file);
	}
	regular_file_end_subject(d, former);
	return g;
}
