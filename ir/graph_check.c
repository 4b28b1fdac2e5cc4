/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"

struct graph_checker {
	const struct graph *g;
	const char *after;
	struct diag *d;
	bool *defined; /* by value id: computed by an earlier node, or by none
			*/
	int *reads;    /* by value id: input slots seen */
};

static int broken_value(const struct graph_checker *c, const struct value *v,
			const char *what)
{
	return diag_error(c->d, "after %s: value '%s' %s", c->after, v->name,
			  what);
}

static int broken_node(const struct graph_checker *c, const struct node *n,
		       const char *what)
{
	return node_error(c->d, n, "after %s: %s", c->after, what);
}

static bool is_ours(const struct graph_checker *c, const struct value *v)
{
	return v->id < c->g->value_count && c->g->values[v->id] == v;
}

static int check_shape(const struct graph_checker *c, const struct value *v)
{
	const struct shape *s = &v->shape;

	if (s->rank < -1 || s->rank > GRAPH_MAX_RANK)
		return broken_value(c, v, "has an impossible rank");
	for (int i = 0; i < s->rank; i++)
		if (s->dim[i] < -1)
			return broken_value(c, v, "has a negative dimension");
	if (shape_known(s) && shape_elements(s) < 0)
		return broken_value(c, v, "has too many elements");
	return 0;
}

static int check_value(const struct graph_checker *c, const struct value *v)
{
	if (graph_find_value(c->g, v->name) != v)
		return broken_value(c, v, "shares its name");
	if (v->role == VALUE_CONSTANT) {
		if (v->dtype == DT_NONE || !shape_known(&v->shape) || !v->data)
			return broken_value(c, v, "is a constant without data");
	}
	if (v->role != VALUE_COMPUTED && v->producer)
		return broken_value(c, v,
				    "is no node output but has a producer");
	if (v->quant && v->quant->axis >= v->shape.rank)
		return broken_value(c, v, "has a scale along no dimension");
	return check_shape(c, v);
}

static int check_values(const struct graph_checker *c)
{
	for (size_t i = 0; i < c->g->value_count; i++) {
		const struct value *v = c->g->values[i];

		if (!is_ours(c, v))
			return broken_value(c, v, "is not at its index");
		if (check_value(c, v))
			return -1;
		c->defined[i] = v->role != VALUE_COMPUTED;
	}
	return 0;
}

static int check_arity(const struct graph_checker *c, const struct node *n)
{
	const struct op_info *info;

	if (n->op <= OP_NONE || n->op >= OP_COUNT || !n->name)
		return diag_error(c->d, "after %s: a node without operator",
				  c->after);
	info = op_info(n->op);
	if (n->input_count < info->min_inputs ||
	    (info->max_inputs >= 0 && n->input_count > info->max_inputs))
		return broken_node(c, n, "wrong number of inputs");
	if (n->output_count < 1 ||
	    (info->max_outputs >= 0 && n->output_count > info->max_outputs))
		return broken_node(c, n, "wrong number of outputs");
	for (int i = 0; i < info->min_inputs; i++)
		if (!n->inputs[i])
			return broken_node(c, n, "an input is missing");
	return 0;
}

static int check_node(const struct graph_checker *c, const struct node *n)
{
	if (check_arity(c, n))
		return -1;
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (!v)
			continue;
		if (!is_ours(c, v))
			return broken_node(c, n,
					   "reads a value of another graph");
		if (!c->defined[v->id])
			return node_error(c->d, n,
					  "after %s: input '%s' is "
					  "not computed before",
					  c->after, v->name);
		c->reads[v->id]++;
	}
	for (int i = 0; i < n->output_count; i++) {
		const struct value *v = n->outputs[i];

		if (!v)
			continue;
		if (!is_ours(c, v) || v->producer != n || c->defined[v->id])
			return broken_node(c, n,
					   "an output belongs to another node");
		c->defined[v->id] = true;
	}
	return 0;
}

static int check_nodes(const struct graph_checker *c)
{
	const struct node *prev = NULL;
	size_t count = 0;

	for (const struct node *n = c->g->first; n; n = n->next) {
		if (n->prev != prev || ++count > c->g->node_count)
			return broken_node(c, n, "is linked wrongly");
		if (check_node(c, n))
			return -1;
		prev = n;
	}
	if (prev != c->g->last || count != c->g->node_count)
		return diag_error(c->d, "after %s: the list of nodes is broken",
				  c->after);
	return 0;
}

/* value->uses holds exactly the nodes that read the value. */
static int check_uses(const struct graph_checker *c)
{
	for (size_t i = 0; i < c->g->value_count; i++) {
		const struct value *v = c->g->values[i];

		if (v->use_count != c->reads[i])
			return broken_value(c, v,
					    "has a wrong number of readers");
		for (int u = 0; u < v->use_count; u++) {
			const struct node *n = v->uses[u];
			bool reads = false;

			for (int k = 0; k < n->input_count; k++)
				reads |= n->inputs[k] == v;
			if (!reads)
				return broken_value(
					c, v,
					"has a reader that does not read it");
		}
	}
	return 0;
}

static int check_ends(const struct graph_checker *c)
{
	const struct graph *g = c->g;

	for (int i = 0; i < g->input_count; i++)
		if (!is_ours(c, g->inputs[i]) ||
		    g->inputs[i]->role != VALUE_INPUT)
			return diag_error(c->d, "after %s: a wrong graph input",
					  c->after);
	for (int i = 0; i < g->output_count; i++) {
		const struct value *v = g->outputs[i];

		if (!is_ours(c, v) || !v->is_output)
			return diag_error(c->d,
					  "after %s: a wrong graph output",
					  c->after);
		if (!c->defined[v->id])
			return broken_value(
				c, v, "is an output that no node computes");
	}
	return 0;
}

int graph_check(const struct graph *g, const char *after, struct diag *d)
{
	struct graph_checker c = { .g = g, .after = after, .d = d };
	int err = -1;

	c.defined = calloc(g->value_count + 1, sizeof(*c.defined));
	c.reads = calloc(g->value_count + 1, sizeof(*c.reads));
	if (!c.defined || !c.reads)
		diag_error(d, "out of memory");
	else
		err = check_values(&c) || check_nodes(&c) || check_uses(&c) ||
				      check_ends(&c) ?
			      -1 :
			      0;
	free(c.defined);
	free(c.reads);
	return err;
}
