/* SPDX-License-Identifier: Apache-2.0 */
/* Building and editing a graph: values, nodes and the links between them. */
#include "ir/graph.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"

/*
 * Names are found through a hash table with open addressing. A renamed value
 * stays in its old slot as well: a search that comes there sees another name
 * and goes on.
 */
static struct value **find_slot(const struct graph *g, struct value **slots,
				size_t count, const char *name)
{
	size_t i = hash_name(&g->name_key, name) & (count - 1);

	while (slots[i] && strcmp(slots[i]->name, name))
		i = (i + 1) & (count - 1);
	return &slots[i];
}

static int grow_names(struct graph *g)
{
	size_t count = g->name_slot_count ? 2 * g->name_slot_count : 256;
	struct value **slots = arena_array(g->arena, count, sizeof(*slots));

	if (!slots)
		return -1;
	for (size_t i = 0; i < g->value_count; i++)
		*find_slot(g, slots, count, g->values[i]->name) = g->values[i];
	g->name_slots = slots;
	g->name_slot_count = count;
	g->name_slots_used = g->value_count;
	return 0;
}

const char *graph_metadata(const struct graph *g, const char *key)
{
	for (int i = 0; i < g->metadata_count; i++)
		if (!strcasecmp(g->metadata[i].key, key))
			return g->metadata[i].value;
	return NULL;
}

struct value *graph_find_value(const struct graph *g, const char *name)
{
	if (!g->name_slot_count)
		return NULL;
	return *find_slot(g, g->name_slots, g->name_slot_count, name);
}

/* The name itself, or the first free one of "NAME.2", "NAME.3", ... From the
 * eighth on, numbers continue at the count of values: many values of one
 * name stay cheap. */
static const char *unique_name(struct graph *g, const char *name)
{
	const char *base = name && *name ? name : "value";
	const char *try = base;
	size_t n = 2;

	while (try && graph_find_value(g, try)) {
		try = arena_printf(g->arena, "%s.%zu", base, n);
		n = n == 8 ? g->value_count + 8 : n + 1;
	}
	return try == base ? arena_strdup(g->arena, base) : try;
}

/* At most half of the slots are in use. */
static int set_name(struct graph *g, struct value *v, const char *name)
{
	const char *unique = unique_name(g, name);

	if (!unique)
		return -1;
	v->name = unique;
	if (2 * g->name_slots_used >= g->name_slot_count && grow_names(g))
		return -1;
	*find_slot(g, g->name_slots, g->name_slot_count, unique) = v;
	g->name_slots_used++;
	return 0;
}

struct graph *graph_new(struct arena *a)
{
	struct graph *g = arena_alloc(a, sizeof(*g));

	if (!g)
		return NULL;
	g->arena = a;
	g->name = "";
	g->producer = "";
	g->name_key = hash_new_key();
	return grow_names(g) ? NULL : g;
}

static int add_value(struct graph *g, struct value *v)
{
	if (g->value_count == g->value_capacity) {
		size_t capacity = g->value_count ? 2 * g->value_count : 64;
		struct value **list =
			arena_array(g->arena, capacity, sizeof(*list));

		if (!list)
			return -1;
		if (g->value_count)
			memcpy(list, g->values, g->value_count * sizeof(*list));
		g->values = list;
		g->value_capacity = capacity;
	}
	v->id = (uint32_t)g->value_count;
	g->values[g->value_count++] = v;
	return 0;
}

struct value *graph_value(struct graph *g, const char *name, enum dtype t,
			  const struct shape *s)
{
	struct value *v = arena_alloc(g->arena, sizeof(*v));

	if (!v || set_name(g, v, name) || add_value(g, v))
		return NULL;
	v->dtype = t;
	v->shape = s ? *s : (struct shape){ .rank = -1 };
	return v;
}

struct value *graph_constant(struct graph *g, const char *name, enum dtype t,
			     const struct shape *s, const void *data)
{
	struct value *v = graph_value(g, name, t, s);

	if (!v)
		return NULL;
	v->role = VALUE_CONSTANT;
	v->data = data;
	return v;
}

/* n -1 makes a scalar. */
static struct value *const_list(struct graph *g, const char *name, enum dtype t,
				int n, const void *data)
{
	struct shape s = { .rank = n < 0 ? 0 : 1, .dim = { n } };
	size_t bytes = (size_t)(n < 0 ? 1 : n) * dtype_size(t);
	void *copy = arena_alloc(g->arena, bytes);

	if (!copy)
		return NULL;
	if (bytes)
		memcpy(copy, data, bytes);
	return graph_constant(g, name, t, &s, copy);
}

struct value *graph_const_i64(struct graph *g, const char *name, int n,
			      const int64_t *v)
{
	return const_list(g, name, DT_I64, n, v);
}

struct value *graph_const_f32(struct graph *g, const char *name, int n,
			      const float *v)
{
	return const_list(g, name, DT_F32, n, v);
}

/* Appends to a list. Capacities are powers of two: a list grows when its count
 * is one. */
static int append_value(struct graph *g, struct value ***list, int *count,
			struct value *v)
{
	if ((*count & (*count - 1)) == 0) {
		size_t capacity = *count ? 2 * (size_t)*count : 1;
		struct value **grown =
			arena_array(g->arena, capacity, sizeof(*grown));

		if (!grown)
			return -1;
		if (*count)
			memcpy(grown, *list, (size_t)*count * sizeof(*grown));
		*list = grown;
	}
	(*list)[(*count)++] = v;
	return 0;
}

int graph_add_input(struct graph *g, struct value *v)
{
	v->role = VALUE_INPUT;
	return append_value(g, &g->inputs, &g->input_count, v);
}

int graph_add_output(struct graph *g, struct value *v)
{
	v->is_output = true;
	return append_value(g, &g->outputs, &g->output_count, v);
}

/* ---- Links ---- */

static int add_use(struct graph *g, struct value *v, struct node *n)
{
	if (!v)
		return 0;
	if (v->use_count == v->use_capacity) {
		int capacity = v->use_capacity ? 2 * v->use_capacity : 2;
		struct node **uses =
			arena_array(g->arena, (size_t)capacity, sizeof(*uses));

		if (!uses)
			return -1;
		if (v->use_count)
			memcpy(uses, v->uses,
			       (size_t)v->use_count * sizeof(*uses));
		v->uses = uses;
		v->use_capacity = capacity;
	}
	v->uses[v->use_count++] = n;
	return 0;
}

/* Removes one entry of n; the others keep their order. */
static void drop_use(struct value *v, const struct node *n)
{
	int i = 0;

	if (!v)
		return;
	while (i < v->use_count && v->uses[i] != n)
		i++;
	if (i == v->use_count)
		return;
	v->use_count--;
	memmove(v->uses + i, v->uses + i + 1,
		(size_t)(v->use_count - i) * sizeof(struct node *));
}

static void link_node(struct graph *g, struct node *n, struct node *before)
{
	n->next = before;
	n->prev = before ? before->prev : g->last;
	*(n->prev ? &n->prev->next : &g->first) = n;
	*(before ? &before->prev : &g->last) = n;
	g->node_count++;
}

static void unlink_node(struct graph *g, struct node *n)
{
	*(n->prev ? &n->prev->next : &g->first) = n->next;
	*(n->next ? &n->next->prev : &g->last) = n->prev;
	n->prev = n->next = NULL;
	g->node_count--;
}

static struct value **copy_list(struct graph *g, struct value *const *list,
				int count, int capacity)
{
	struct value **copy =
		arena_array(g->arena, (size_t)capacity, sizeof(struct value *));

	if (copy && count)
		memcpy(copy, list, (size_t)count * sizeof(*copy));
	return copy;
}

struct node *graph_node(struct graph *g, enum op op, const char *name,
			struct value *const *inputs, int input_count,
			struct value *const *outputs, int output_count,
			struct node *before)
{
	struct node *n = arena_alloc(g->arena, sizeof(*n));

	assert(op > OP_NONE && op < OP_COUNT);
	if (!n)
		return NULL;
	n->op = op;
	n->name = arena_strdup(g->arena, name ? name : "");
	n->inputs = copy_list(g, inputs, input_count, input_count);
	n->outputs = copy_list(g, outputs, output_count, output_count);
	if (!n->name || !n->inputs || !n->outputs)
		return NULL;
	n->input_count = input_count;
	n->output_count = output_count;
	for (int i = 0; i < input_count; i++)
		if (add_use(g, inputs[i], n))
			return NULL;
	for (int i = 0; i < output_count; i++)
		if (outputs[i])
			outputs[i]->producer = n;
	link_node(g, n, before);
	return n;
}

int graph_set_input(struct graph *g, struct node *n, int slot, struct value *v)
{
	assert(slot >= 0 && slot <= n->input_count);
	if (slot == n->input_count) {
		struct value **list = copy_list(g, n->inputs, slot, slot + 1);

		if (!list)
			return -1;
		n->inputs = list;
		n->input_count++;
	}
	if (add_use(g, v, n))
		return -1;
	drop_use(n->inputs[slot], n);
	n->inputs[slot] = v;
	return 0;
}

/* Output `i` of the graph becomes `to`, under the output's name. */
static int move_output(struct graph *g, int i, struct value *to)
{
	struct value *from = g->outputs[i];
	const char *name = from->name;

	from->is_output = false;
	if (set_name(g, from, name))
		return -1;
	if (to->role == VALUE_INPUT || to->is_output) {
		struct value *copy =
			graph_value(g, name, to->dtype, &to->shape);

		if (!copy ||
		    !graph_node(g, OP_IDENTITY, name, &to, 1, &copy, 1, NULL))
			return -1;
		to = copy;
	} else if (set_name(g, to, name)) {
		return -1;
	}
	to->is_output = true;
	g->outputs[i] = to;
	return 0;
}

int graph_replace(struct graph *g, struct value *from, struct value *to)
{
	for (int i = 0; i < g->output_count; i++)
		if (g->outputs[i] == from && move_output(g, i, to))
			return -1;
	while (from->use_count) {
		struct node *n = from->uses[from->use_count - 1];

		for (int i = 0; i < n->input_count; i++)
			if (n->inputs[i] == from &&
			    graph_set_input(g, n, i, to))
				return -1;
	}
	return 0;
}

void graph_remove(struct graph *g, struct node *n)
{
	for (int i = 0; i < n->input_count; i++)
		drop_use(n->inputs[i], n);
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && n->outputs[i]->producer == n)
			n->outputs[i]->producer = NULL;
	unlink_node(g, n);
}

void graph_move_before(struct graph *g, struct node *n, struct node *before)
{
	if (n == before)
		return;
	unlink_node(g, n);
	link_node(g, n, before);
}

int value_readers(const struct value *v)
{
	return v->use_count + (v->is_output ? 1 : 0);
}

struct node *value_only_reader(const struct value *v)
{
	return v->use_count == 1 && !v->is_output ? v->uses[0] : NULL;
}

bool value_is_const(const struct value *v)
{
	return v && v->role == VALUE_CONSTANT;
}
