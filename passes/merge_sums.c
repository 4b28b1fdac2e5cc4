/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum of two convolutions of the same form becomes one convolution of the
 * two inputs, concatenated along channels: the addition then happens in the
 * accumulator, and only one result is rounded and stored.
 */
#include <string.h>

#include "passes/match.h"
#include "passes/passes.h"

/* A Conv without groups, with constant weights, that only the sum reads. */
static struct node *find_conv(const struct value *v)
{
	struct node *n = match_inner(v, OP_CONV);
	const struct value *bias = n ? node_input(n, 2) : NULL;

	if (!n || n->act.kind != ACT_NONE || node_int(n, "group", 1) != 1 ||
	    !value_is_const(n->inputs[1]) || n->inputs[1]->dtype != DT_F32 ||
	    (bias && (!value_is_const(bias) || bias->dtype != DT_F32)))
		return NULL;
	return n;
}

static bool same_ints(const struct node *a, const struct node *b,
		      const char *name, int64_t fallback)
{
	int64_t x[GRAPH_MAX_RANK], y[GRAPH_MAX_RANK];
	int n = node_ints(a, name, x, GRAPH_MAX_RANK);
	int m = node_ints(b, name, y, GRAPH_MAX_RANK);

	for (int i = 0; i < GRAPH_MAX_RANK; i++)
		if ((i < n ? x[i] : fallback) != (i < m ? y[i] : fallback))
			return false;
	return true;
}

/* All dims but the one at `axis`. */
static bool same_but(const struct shape *a, const struct shape *b, int axis)
{
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (i != axis && a->dim[i] != b->dim[i])
			return false;
	return true;
}

static bool same_form(const struct node *a, const struct node *b)
{
	return a->inputs[0] != b->inputs[0] &&
	       same_but(&a->inputs[0]->shape, &b->inputs[0]->shape, 1) &&
	       same_but(&a->inputs[1]->shape, &b->inputs[1]->shape, 1) &&
	       shape_equal(&a->outputs[0]->shape, &b->outputs[0]->shape) &&
	       same_ints(a, b, "strides", 1) &&
	       same_ints(a, b, "dilations", 1) && same_ints(a, b, "pads", 0) &&
	       !strcmp(node_string(a, "auto_pad", "NOTSET"),
		       node_string(b, "auto_pad", "NOTSET"));
}

/* Both weights, joined along the input channels. */
static struct value *join_weights(struct graph *g, const struct value *a,
				  const struct value *b)
{
	size_t outputs = (size_t)a->shape.dim[0];
	size_t n = (size_t)shape_elements(&a->shape) / outputs;
	size_t m = (size_t)shape_elements(&b->shape) / outputs;
	const float *from_a = a->data, *from_b = b->data;
	float *data = arena_array(g->arena, outputs * (n + m), sizeof(*data));
	struct shape s = a->shape;

	if (!data)
		return NULL;
	s.dim[1] += b->shape.dim[1];
	for (size_t o = 0; o < outputs; o++) {
		memcpy(data + o * (n + m), from_a + o * n, n * sizeof(*data));
		memcpy(data + o * (n + m) + n, from_b + o * m,
		       m * sizeof(*data));
	}
	return graph_constant(g, a->name, DT_F32, &s, data);
}

/* *out is NULL if neither has a bias. */
static int add_biases(struct graph *g, const struct value *a,
		      const struct value *b, int64_t outputs,
		      struct value **out)
{
	const float *x = a ? a->data : NULL, *y = b ? b->data : NULL;
	float *sum;

	*out = NULL;
	if (!a && !b)
		return 0;
	sum = arena_array(g->arena, (size_t)outputs, sizeof(*sum));
	if (!sum)
		return -1;
	for (int64_t o = 0; o < outputs; o++)
		sum[o] = (x ? x[o] : 0) + (y ? y[o] : 0);
	*out = graph_constant(g, a ? a->name : b->name, DT_F32,
			      &(a ? a : b)->shape, sum);
	return *out ? 0 : -1;
}

static int merge(struct graph *g, struct node *n)
{
	struct node *a = find_conv(n->inputs[0]), *b = find_conv(n->inputs[1]);
	struct value *in[3], *both[2];
	struct node *join;
	struct shape s;

	if (!a || !b || !same_form(a, b))
		return 0;
	both[0] = a->inputs[0];
	both[1] = b->inputs[0];
	s = both[0]->shape;
	s.dim[1] += both[1]->shape.dim[1];
	in[0] = graph_value(g, NULL, DT_F32, &s);
	in[1] = join_weights(g, a->inputs[1], b->inputs[1]);
	if (!in[0] || !in[1] ||
	    add_biases(g, node_input(a, 2), node_input(b, 2),
		       in[1]->shape.dim[0], &in[2]))
		return -1;
	join = graph_node(g, OP_CONCAT, n->name, both, 2, &in[0], 1, n);
	if (!join || node_set_int(g, join, "axis", 1))
		return -1;
	/* with a's attributes, before the sum's readers */
	for (int i = 0; i < 3; i++)
		if ((i < 2 || in[2]) && graph_set_input(g, a, i, in[i]))
			return -1;
	graph_move_before(g, a, n);
	return graph_replace(g, n->outputs[0], a->outputs[0]);
}

int pass_merge_sums(struct graph *g, const struct config *c, struct diag *d)
{
	struct node *next;

	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if (n->op == OP_ADD && n->act.kind == ACT_NONE && merge(g, n))
			return diag_error(d, "out of memory");
	}
	return pass_drop_dead(g, c, d);
}
