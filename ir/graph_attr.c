/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes and constant inputs of a node. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ir/graph.h"

const struct attr *node_attr(const struct node *n, const char *name)
{
	for (const struct attr *a = n->attrs; a; a = a->next)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

static const struct attr *attr_of_kind(const struct node *n, const char *name,
				       enum attr_kind kind)
{
	const struct attr *a = node_attr(n, name);

	return a && a->kind == kind ? a : NULL;
}

int64_t node_int(const struct node *n, const char *name, int64_t def)
{
	const struct attr *a = attr_of_kind(n, name, ATTR_INT);

	return a ? a->i : def;
}

float node_float(const struct node *n, const char *name, float def)
{
	const struct attr *a = attr_of_kind(n, name, ATTR_FLOAT);

	return a ? a->f : def;
}

const char *node_string(const struct node *n, const char *name, const char *def)
{
	const struct attr *a = attr_of_kind(n, name, ATTR_STRING);

	return a ? a->s : def;
}

int node_ints(const struct node *n, const char *name, int64_t *out, int max)
{
	const struct attr *a = attr_of_kind(n, name, ATTR_INTS);

	for (int i = 0; a && i < a->count && i < max; i++)
		out[i] = a->ints[i];
	return a ? a->count : 0;
}

/* The attribute of that name, cleared, or a new one at the end. */
static struct attr *fresh_attr(struct graph *g, struct node *n,
			       const char *name, enum attr_kind kind)
{
	struct attr **at = &n->attrs;
	struct attr *next;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	if (!*at) {
		*at = arena_alloc(g->arena, sizeof(**at));
		if (!*at)
			return NULL;
		(*at)->name = arena_strdup(g->arena, name);
		if (!(*at)->name) {
			*at = NULL;
			return NULL;
		}
	}
	next = (*at)->next;
	**at = (struct attr){ .name = (*at)->name, .kind = kind, .next = next };
	return *at;
}

int node_set_int(struct graph *g, struct node *n, const char *name, int64_t v)
{
	struct attr *a = fresh_attr(g, n, name, ATTR_INT);

	if (!a)
		return -1;
	a->i = v;
	return 0;
}

int node_set_float(struct graph *g, struct node *n, const char *name, float v)
{
	struct attr *a = fresh_attr(g, n, name, ATTR_FLOAT);

	if (!a)
		return -1;
	a->f = v;
	return 0;
}

int node_set_string(struct graph *g, struct node *n, const char *name,
		    const char *v)
{
	char *copy = arena_strdup(g->arena, v);
	struct attr *a = copy ? fresh_attr(g, n, name, ATTR_STRING) : NULL;

	if (!a)
		return -1;
	a->s = copy;
	return 0;
}

int node_set_ints(struct graph *g, struct node *n, const char *name,
		  const int64_t *v, int count)
{
	int64_t *copy = arena_array(g->arena, (size_t)count, sizeof(*copy));
	struct attr *a = copy ? fresh_attr(g, n, name, ATTR_INTS) : NULL;

	if (!a)
		return -1;
	if (count)
		memcpy(copy, v, (size_t)count * sizeof(*copy));
	a->ints = copy;
	a->count = count;
	return 0;
}

void node_drop_attr(struct node *n, const char *name)
{
	for (struct attr **at = &n->attrs; *at; at = &(*at)->next) {
		if (strcmp((*at)->name, name))
			continue;
		*at = (*at)->next;
		return;
	}
}

struct value *node_input(const struct node *n, int i)
{
	return i >= 0 && i < n->input_count ? n->inputs[i] : NULL;
}

int node_const_ints(const struct node *n, int slot, int64_t *out, int max)
{
	const struct value *v = node_input(n, slot);
	int64_t count;

	if (!value_is_const(v) || v->shape.rank > 1 ||
	    (v->dtype != DT_I64 && v->dtype != DT_I32))
		return -1;
	count = shape_elements(&v->shape);
	if (count < 0 || count > max)
		return -1;
	for (int i = 0; i < (int)count; i++)
		out[i] = v->dtype == DT_I64 ? ((const int64_t *)v->data)[i] :
					      ((const int32_t *)v->data)[i];
	return (int)count;
}

bool value_const_scalar(const struct value *v, float *out)
{
	if (!value_is_const(v) || v->dtype != DT_F32 ||
	    shape_elements(&v->shape) != 1)
		return false;
	*out = *(const float *)v->data;
	return true;
}

bool node_const_float(const struct node *n, int slot, float *out)
{
	return value_const_scalar(node_input(n, slot), out);
}

int node_error(struct diag *d, const struct node *n, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return diag_error(d, "node '%s' (%s): %s", n->name,
			  op_info(n->op)->name, text);
}
