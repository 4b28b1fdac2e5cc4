/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a model file: its header, inputs, outputs and constants. */
#include "converter/onnx/onnx_read.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_read.h"
#include "converter/onnx/onnx_body.h"
#include "converter/onnx/onnx_cast.h"
#include "converter/onnx/onnx_cut.h"
#include "converter/onnx/onnx_function.h"
#include "converter/onnx/onnx_node.h"
#include "converter/onnx/onnx_reader.h"
#include "converter/onnx/onnx_unknown.h"
#include "converter/onnx/onnx_wire.h"

#define MODEL_MAX_BYTES ((size_t)1 << 31)
#define OLDEST_IR 3
#define OLDEST_OPSET 6
#define NEWEST_OPSET 28
/* The graph's memory cap: a constant for small files plus
 * ONNX_GRAPH_BYTES_PER_BYTE for each byte of the file and its external data. */
#define GRAPH_BYTES_ALWAYS ((size_t)64 << 20)

static int add_initializer(struct onnx_reader *r, struct onnx_scope *s,
			   const Onnx__TensorProto *p)
{
	char what[256];
	struct value *v;

	if (!p->name || !*p->name)
		return diag_error(r->d, "an initializer has no name");
	if (onnx_scope_has(s, p->name))
		return diag_error(r->d, "initializer '%.200s' is given twice",
				  p->name);
	snprintf(what, sizeof(what), "initializer '%.200s'", p->name);
	v = onnx_constant(r, p, p->name, what);
	if (!v)
		return -1;
	onnx_scope_add(s, p->name, v);
	return 0;
}

static void read_shape(const Onnx__TensorShapeProto *p, struct shape *s)
{
	s->rank = (int)p->n_dim;
	for (size_t i = 0; i < p->n_dim; i++) {
		const Onnx__TensorShapeProto__Dimension *d = p->dim[i];

		/* some exporters write an unknown dim as 0 or -1 */
		s->dim[i] = d->has_dim_value && d->dim_value > 0 ?
				    d->dim_value :
				    -1;
	}
}

static int add_input(struct onnx_reader *r, struct onnx_scope *s,
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
	if (onnx_scope_has(s, p->name)) {
		v = onnx_scope_find(s, p->name);
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
	onnx_scope_add(s, p->name, v);
	return 0;
}

static int add_output(struct onnx_reader *r, const struct onnx_scope *s,
		      const char *name)
{
	struct value *v = onnx_scope_find(s, name), *copy;

	if (!v)
		return diag_error(r->d,
				  "output '%.200s' is not computed by "
				  "any node",
				  name);
	if (v->is_output)
		return diag_error(r->d, "output '%.200s' is given twice", name);
	if (v->role == VALUE_INPUT) {
		copy = graph_value(r->g, name, v->dtype, &v->shape);
		if (!copy ||
		    !graph_node(r->g, OP_IDENTITY, name, &v, 1, &copy, 1, NULL))
			return onnx_no_memory(r);
		v = copy;
	}
	return graph_add_output(r->g, v) ? onnx_no_memory(r) : 0;
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
	r->opset = onnx_default_opset(m->opset_import, m->n_opset_import, -1);
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
	struct onnx_body b = { .opset = r->opset, .prefix = "" };
	struct onnx_cut cut;
	size_t names = p->n_initializer + p->n_input;

	if (p->n_sparse_initializer)
		return diag_error(r->d, "sparse initializers are not "
					"supported");
	for (size_t i = 0; i < p->n_node; i++)
		names += p->node[i]->n_output;
	if (onnx_scope_init(&b.scope, r, names))
		return onnx_no_memory(r);
	if (onnx_functions_init(r))
		return -1;
	for (size_t i = 0; i < p->n_initializer; i++)
		if (add_initializer(r, &b.scope, p->initializer[i]))
			return -1;
	for (size_t i = 0; i < p->n_input; i++)
		if (add_input(r, &b.scope, p->input[i]))
			return -1;
	if (onnx_cut_selection(r, p, &cut))
		return -1;
	b.nodes = cut.nodes;
	b.count = cut.node_count;
	if (onnx_read_body(r, &b) || onnx_refuse_unknown(r))
		return -1;
	if (!p->n_output)
		return diag_error(r->d, "has no outputs");
	for (size_t i = 0; i < cut.output_count; i++)
		if (add_output(r, &b.scope, cut.outputs[i]))
			return -1;
	return onnx_finish_nodes(r) || graph_sort(r->g, r->d) ||
			       onnx_resolve_casts(r) ?
		       -1 :
		       0;
}

static int read_metadata(struct onnx_reader *r)
{
	const Onnx__ModelProto *m = r->model;
	struct graph *g = r->g;

	g->metadata = arena_array(g->arena, m->n_metadata_props + 1,
				  sizeof(*g->metadata));
	if (!g->metadata)
		return -1;
	for (size_t i = 0; i < m->n_metadata_props; i++) {
		const Onnx__StringStringEntryProto *p = m->metadata_props[i];
		struct graph_metadata *to = &g->metadata[g->metadata_count];

		if (!p || !p->key || !p->value)
			continue;
		to->key = arena_strdup(g->arena, p->key);
		to->value = arena_strdup(g->arena, p->value);
		if (!to->key || !to->value)
			return -1;
		g->metadata_count++;
	}
	return 0;
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
	if (!g->name || !g->producer || read_metadata(r))
		return onnx_no_memory(r);
	return read_graph(r);
}

/* Caps the memory of the graph while the file decides how much is needed. */
static struct graph *read_capped(struct onnx_reader *r, struct arena *a,
				 size_t size)
{
	size_t cap = a->cap_bytes;

	a->cap_bytes = a->used_bytes + GRAPH_BYTES_ALWAYS +
		       size * ONNX_GRAPH_BYTES_PER_BYTE;
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
	struct onnx_reader r = { .d = d,
				 .scratch = &scratch,
				 .key = hash_new_key() };
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
	arena_init(&scratch,
		   GRAPH_BYTES_ALWAYS + size * ONNX_GRAPH_BYTES_PER_BYTE);
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
	char *former = diag_enter(d, path);
	struct regular_file file;
	struct graph *g = NULL;

	if (!regular_file_read(path, MODEL_MAX_BYTES, &file, d)) {
		g = onnx_parse(file.data, file.size, path, a, sha256, d);
		regular_file_free(&file);
	}
	diag_leave(d, former);
	return g;
}
