/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_cut_facts.h"

#include <string.h>

#include "converter/onnx/onnx_cut_ops.h"

/* ---- Names ---- */

struct fact *cut_fact(const struct cutter *c, const char *name)
{
	size_t i = hash_name(&c->r->key, name) & (c->slots - 1);

	while (c->facts[i].name && strcmp(c->facts[i].name, name))
		i = (i + 1) & (c->slots - 1);
	c->facts[i].name = name;
	return &c->facts[i];
}

struct fact *cut_known(const struct cutter *c, const char *name)
{
	size_t i = hash_name(&c->r->key, name) & (c->slots - 1);

	while (c->facts[i].name && strcmp(c->facts[i].name, name))
		i = (i + 1) & (c->slots - 1);
	return c->facts[i].name ? &c->facts[i] : NULL;
}

int cut_init_facts(struct cutter *c)
{
	const Onnx__GraphProto *p = c->p;
	size_t names = p->n_input + p->n_output + p->n_initializer + 16;

	for (size_t i = 0; i < p->n_node; i++)
		names += p->node[i]->n_input + p->node[i]->n_output;
	for (c->slots = 16; c->slots < 2 * names;)
		c->slots *= 2;
	c->facts = arena_array(c->r->scratch, c->slots, sizeof(*c->facts));
	if (!c->facts)
		return onnx_no_memory(c->r);
	for (size_t i = 0; i < p->n_input; i++)
		if (p->input[i]->name)
			cut_fact(c, p->input[i]->name)->flags = DATA;
	/* IR 3 lists initializers as inputs */
	for (size_t i = 0; i < p->n_initializer; i++)
		if (p->initializer[i]->name)
			cut_fact(c, p->initializer[i]->name)->flags = 0;
	for (size_t i = 0; i < p->n_node; i++)
		for (size_t k = 0; k < p->node[i]->n_output; k++)
			cut_fact(c, p->node[i]->output[k])->producer =
				p->node[i];
	return 0;
}

/* ---- Facts ---- */

void cut_add_flags(struct cutter *c, const char *name, unsigned flags)
{
	struct fact *f;

	if (!*name)
		return;
	f = cut_fact(c, name);
	c->changed |= (f->flags | flags) != f->flags;
	f->flags |= flags;
}

/* What a node and its bodies read of the graph. */
static unsigned inputs_of(const struct cutter *c, const Onnx__NodeProto *n)
{
	unsigned flags = 0;

	for (size_t i = 0; i < n->n_input; i++) {
		const struct fact *f =
			*n->input[i] ? cut_known(c, n->input[i]) : NULL;

		flags |= f ? f->flags : 0;
	}
	for (size_t i = 0; i < n->n_attribute; i++) {
		const Onnx__GraphProto *body = n->attribute[i]->g;

		for (size_t k = 0; body && k < body->n_node; k++)
			flags |= inputs_of(c, body->node[k]);
	}
	return flags;
}

unsigned cut_outputs(const struct cutter *c, const Onnx__NodeProto *n)
{
	unsigned flags = 0;

	for (size_t i = 0; i < n->n_output; i++)
		if (*n->output[i])
			flags |= cut_fact(c, n->output[i])->flags;
	return flags;
}

/* ONWARD goes from users to what they use. */
static void look_back(struct cutter *c)
{
	for (size_t i = c->p->n_node; i-- > 0;) {
		const Onnx__NodeProto *n = c->p->node[i];

		if (!cut_is_network(n) && !(cut_outputs(c, n) & ONWARD))
			continue;
		for (size_t k = 0; k < n->n_input; k++)
			cut_add_flags(c, n->input[k], ONWARD);
	}
}

/* All others go on with the data. */
static void look_ahead(struct cutter *c)
{
	for (size_t i = 0; i < c->p->n_node; i++) {
		const Onnx__NodeProto *n = c->p->node[i];
		unsigned flags = inputs_of(c, n) & ~(unsigned)ONWARD;

		if (cut_is_network(n) && (flags & DATA))
			flags |= NETWORK;
		if (cut_is_selection(n) && (flags & NETWORK) &&
		    !(cut_outputs(c, n) & ONWARD))
			flags |= SELECTED;
		if (cut_is_shape(n))
			flags &= SELECTED;
		for (size_t k = 0; k < n->n_output; k++)
			cut_add_flags(c, n->output[k], flags);
	}
}

bool cut_find_facts(struct cutter *c)
{
	void (*const looks[])(struct cutter *) = { look_back, look_ahead };

	for (int i = 0; i < 2; i++) {
		int round = 0;

		do {
			if (round++ == CUT_MOST_ROUNDS)
				return false;
			c->changed = false;
			looks[i](c);
		} while (c->changed);
	}
	return true;
}
