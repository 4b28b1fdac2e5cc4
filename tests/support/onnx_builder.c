/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/onnx_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(struct onnx_builder *b, size_t count, size_t size)
{
	void *p = arena_array(&b->arena, count, size);

	if (!p) {
		fprintf(stderr, "onnx_builder: out of memory\n");
		exit(1);
	}
	return p;
}

/* Room for one more in a list of `count` pointers, which may move. */
static void *grown(struct onnx_builder *b, void *list, size_t count)
{
	void *wider;

	if (count & (count - 1)) /* full at powers of two */
		return list;
	wider = need(b, count ? 2 * count : 1, sizeof(void *));
	if (count)
		memcpy(wider, list, count * sizeof(void *));
	return wider;
}

void *onnx_build_copy(struct onnx_builder *b, const void *data, size_t bytes)
{
	void *copy = need(b, bytes, 1);

	if (bytes)
		memcpy(copy, data, bytes);
	return copy;
}

char *onnx_build_text(struct onnx_builder *b, const char *text)
{
	return onnx_build_copy(b, text, strlen(text) + 1);
}

void onnx_builder_init(struct onnx_builder *b)
{
	memset(b, 0, sizeof(*b));
	arena_init(&b->arena, 0);
	onnx__model_proto__init(&b->model);
	onnx__graph_proto__init(&b->graph);
	b->model.has_ir_version = 1;
	b->model.ir_version = 8;
	b->model.graph = &b->graph;
	b->graph.name = onnx_build_text(b, "test");
	b->opset = onnx_build_opset(b, "", 17);
}

void onnx_builder_free(struct onnx_builder *b)
{
	arena_free(&b->arena);
}

size_t onnx_builder_finish(struct onnx_builder *b, uint8_t **file)
{
	size_t bytes = onnx__model_proto__get_packed_size(&b->model);

	*file = need(b, bytes, 1);
	return onnx__model_proto__pack(&b->model, *file);
}

Onnx__OperatorSetIdProto *onnx_build_opset(struct onnx_builder *b,
					   const char *domain, int64_t version)
{
	Onnx__ModelProto *m = &b->model;
	Onnx__OperatorSetIdProto *o = need(b, 1, sizeof(*o));

	onnx__operator_set_id_proto__init(o);
	o->domain = onnx_build_text(b, domain);
	o->has_version = 1;
	o->version = version;
	m->opset_import = grown(b, m->opset_import, m->n_opset_import);
	m->opset_import[m->n_opset_import++] = o;
	return o;
}

/* ---- Names and shapes ---- */

/* The words of `text`, in *list; "-" is an empty one. */
static size_t words(struct onnx_builder *b, const char *text, char ***list)
{
	char *copy = onnx_build_text(b, text), *rest;
	size_t n = 0;

	*list = NULL;
	for (char *s = strtok_r(copy, " ", &rest); s;
	     s = strtok_r(NULL, " ", &rest)) {
		*list = grown(b, *list, n);
		(*list)[n++] = strcmp(s, "-") ? s : onnx_build_text(b, "");
	}
	return n;
}

/* The next dimension, behind which *text is moved; false: there is none. */
static bool next_dim(const char **text, bool *known, int64_t *dim)
{
	char *end;

	if (!**text)
		return false;
	*known = **text != '?';
	*dim = 0;
	if (*known) {
		*dim = strtoll(*text, &end, 10);
		*text = end;
	} else {
		++*text;
	}
	*text += **text == 'x';
	return true;
}

static Onnx__TensorShapeProto *build_shape(struct onnx_builder *b,
					   const char *text)
{
	Onnx__TensorShapeProto *s = need(b, 1, sizeof(*s));
	int64_t value;
	bool known;

	onnx__tensor_shape_proto__init(s);
	while (next_dim(&text, &known, &value)) {
		Onnx__TensorShapeProto__Dimension *d = need(b, 1, sizeof(*d));

		onnx__tensor_shape_proto__dimension__init(d);
		d->has_dim_value = known;
		d->dim_value = value;
		s->dim = grown(b, s->dim, s->n_dim);
		s->dim[s->n_dim++] = d;
	}
	return s;
}

/* ---- Inputs and outputs ---- */

static Onnx__ValueInfoProto *build_value(struct onnx_builder *b,
					 const char *name, int data_type,
					 const char *shape)
{
	Onnx__ValueInfoProto *v = need(b, 1, sizeof(*v));

	onnx__value_info_proto__init(v);
	v->name = onnx_build_text(b, name);
	v->type = need(b, 1, sizeof(*v->type));
	onnx__type_proto__init(v->type);
	v->type->tensor_type = need(b, 1, sizeof(*v->type->tensor_type));
	onnx__type_proto__tensor__init(v->type->tensor_type);
	v->type->tensor_type->has_elem_type = 1;
	v->type->tensor_type->elem_type = data_type;
	if (shape)
		v->type->tensor_type->shape = build_shape(b, shape);
	return v;
}

Onnx__ValueInfoProto *onnx_build_input(struct onnx_builder *b, const char *name,
				       int data_type, const char *shape)
{
	Onnx__ValueInfoProto *v = build_value(b, name, data_type, shape);

	b->graph.input = grown(b, b->graph.input, b->graph.n_input);
	b->graph.input[b->graph.n_input++] = v;
	return v;
}

void onnx_build_output(struct onnx_builder *b, const char *name)
{
	b->graph.output = grown(b, b->graph.output, b->graph.n_output);
	b->graph.output[b->graph.n_output++] =
		build_value(b, name, ONNX_FLOAT, NULL);
}

/* ---- Tensors ---- */

Onnx__TensorProto *onnx_build_tensor(struct onnx_builder *b, const char *name,
				     int data_type, const char *shape)
{
	Onnx__TensorProto *t = need(b, 1, sizeof(*t));
	bool known;

	onnx__tensor_proto__init(t);
	t->name = onnx_build_text(b, name);
	t->has_data_type = 1;
	t->data_type = data_type;
	t->dims = need(b, strlen(shape) + 1, sizeof(*t->dims));
	while (next_dim(&shape, &known, &t->dims[t->n_dims]))
		t->n_dims++;
	return t;
}

Onnx__TensorProto *onnx_build_initializer(struct onnx_builder *b,
					  const char *name, int data_type,
					  const char *shape)
{
	Onnx__TensorProto *t = onnx_build_tensor(b, name, data_type, shape);
	Onnx__GraphProto *g = &b->graph;

	g->initializer = grown(b, g->initializer, g->n_initializer);
	g->initializer[g->n_initializer++] = t;
	return t;
}

void onnx_build_raw(struct onnx_builder *b, Onnx__TensorProto *t,
		    const void *data, size_t bytes)
{
	t->has_raw_data = 1;
	t->raw_data.data = onnx_build_copy(b, data, bytes);
	t->raw_data.len = bytes;
}

void onnx_build_external_key(struct onnx_builder *b, Onnx__TensorProto *t,
			     const char *key, const char *value)
{
	Onnx__StringStringEntryProto *e = need(b, 1, sizeof(*e));

	onnx__string_string_entry_proto__init(e);
	e->key = onnx_build_text(b, key);
	e->value = onnx_build_text(b, value);
	t->external_data = grown(b, t->external_data, t->n_external_data);
	t->external_data[t->n_external_data++] = e;
}

void onnx_build_external(struct onnx_builder *b, Onnx__TensorProto *t,
			 const char *location, const char *offset,
			 const char *length)
{
	t->has_data_location = 1;
	t->data_location = 1;
	if (location)
		onnx_build_external_key(b, t, "location", location);
	if (offset)
		onnx_build_external_key(b, t, "offset", offset);
	if (length)
		onnx_build_external_key(b, t, "length", length);
}

void onnx_build_floats(struct onnx_builder *b, const char *name,
		       const char *shape, const float *v, size_t count)
{
	Onnx__TensorProto *t =
		onnx_build_initializer(b, name, ONNX_FLOAT, shape);

	onnx_build_raw(b, t, v, count * sizeof(*v));
}

void onnx_build_int64s(struct onnx_builder *b, const char *name,
		       const int64_t *v, size_t count)
{
	char shape[32];
	Onnx__TensorProto *t;

	snprintf(shape, sizeof(shape), "%zu", count);
	t = onnx_build_initializer(b, name, ONNX_INT64, shape);
	onnx_build_raw(b, t, v, count * sizeof(*v));
}

/* ---- Nodes ---- */

static void add_node(struct onnx_builder *b, Onnx__NodeProto *n)
{
	Onnx__FunctionProto *f = b->function;
	Onnx__GraphProto *g = &b->graph;

	if (f) {
		f->node = grown(b, f->node, f->n_node);
		f->node[f->n_node++] = n;
	} else {
		g->node = grown(b, g->node, g->n_node);
		g->node[g->n_node++] = n;
	}
}

Onnx__NodeProto *onnx_build_node(struct onnx_builder *b, const char *op,
				 const char *name, const char *inputs,
				 const char *outputs)
{
	Onnx__NodeProto *n = need(b, 1, sizeof(*n));

	onnx__node_proto__init(n);
	n->op_type = onnx_build_text(b, op);
	n->name = onnx_build_text(b, name);
	n->n_input = words(b, inputs, &n->input);
	n->n_output = words(b, outputs, &n->output);
	add_node(b, n);
	return n;
}

Onnx__AttributeProto *onnx_build_attr(struct onnx_builder *b,
				      Onnx__NodeProto *n, const char *name,
				      enum onnx_attr_type type)
{
	Onnx__AttributeProto *a = need(b, 1, sizeof(*a));

	onnx__attribute_proto__init(a);
	a->name = onnx_build_text(b, name);
	a->has_type = 1;
	a->type = (int32_t)type;
	n->attribute = grown(b, n->attribute, n->n_attribute);
	n->attribute[n->n_attribute++] = a;
	return a;
}

void onnx_build_attr_int(struct onnx_builder *b, Onnx__NodeProto *n,
			 const char *name, int64_t v)
{
	Onnx__AttributeProto *a = onnx_build_attr(b, n, name, ONNX_ATTR_INT);

	a->has_i = 1;
	a->i = v;
}

void onnx_build_attr_ints(struct onnx_builder *b, Onnx__NodeProto *n,
			  const char *name, const int64_t *v, size_t count)
{
	Onnx__AttributeProto *a = onnx_build_attr(b, n, name, ONNX_ATTR_INTS);

	a->n_ints = count;
	a->ints = onnx_build_copy(b, v, count * sizeof(*v));
}

void onnx_build_attr_float(struct onnx_builder *b, Onnx__NodeProto *n,
			   const char *name, float v)
{
	Onnx__AttributeProto *a = onnx_build_attr(b, n, name, ONNX_ATTR_FLOAT);

	a->has_f = 1;
	a->f = v;
}

void onnx_build_attr_floats(struct onnx_builder *b, Onnx__NodeProto *n,
			    const char *name, const float *v, size_t count)
{
	Onnx__AttributeProto *a = onnx_build_attr(b, n, name, ONNX_ATTR_FLOATS);

	a->n_floats = count;
	a->floats = onnx_build_copy(b, v, count * sizeof(*v));
}

void onnx_build_attr_string(struct onnx_builder *b, Onnx__NodeProto *n,
			    const char *name, const char *v)
{
	Onnx__AttributeProto *a = onnx_build_attr(b, n, name, ONNX_ATTR_STRING);

	a->has_s = 1;
	a->s.len = strlen(v);
	a->s.data = onnx_build_copy(b, v, a->s.len);
}

void onnx_build_attr_ref(struct onnx_builder *b, Onnx__NodeProto *n,
			 const char *name, enum onnx_attr_type type,
			 const char *of)
{
	onnx_build_attr(b, n, name, type)->ref_attr_name =
		onnx_build_text(b, of);
}

/* ---- Functions ---- */

Onnx__FunctionProto *onnx_build_function(struct onnx_builder *b,
					 const char *name, const char *inputs,
					 const char *outputs)
{
	Onnx__ModelProto *m = &b->model;
	Onnx__FunctionProto *f = need(b, 1, sizeof(*f));

	onnx__function_proto__init(f);
	f->name = onnx_build_text(b, name);
	f->domain = onnx_build_text(b, "local");
	f->n_input = words(b, inputs, &f->input);
	f->n_output = words(b, outputs, &f->output);
	m->functions = grown(b, m->functions, m->n_functions);
	m->functions[m->n_functions++] = f;
	b->function = f;
	return f;
}

void onnx_build_function_end(struct onnx_builder *b)
{
	b->function = NULL;
}

Onnx__NodeProto *onnx_build_call(struct onnx_builder *b, const char *function,
				 const char *name, const char *inputs,
				 const char *outputs)
{
	Onnx__NodeProto *n =
		onnx_build_node(b, function, name, inputs, outputs);

	n->domain = onnx_build_text(b, "local");
	return n;
}
