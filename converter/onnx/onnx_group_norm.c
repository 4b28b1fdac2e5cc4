/* SPDX-License-Identifier: Apache-2.0 */
/* A group is one channel of an InstanceNormalization over N,groups,rest. */
#include "converter/onnx/onnx_group_norm.h"

struct group_norm {
	const struct onnx_node *o;
	struct node *n;
	int64_t groups;
};

static struct value *new_value(const struct group_norm *c)
{
	return graph_value(c->o->r->g, c->n->outputs[0]->name, DT_NONE, NULL);
}

/* Adds a node with two inputs that computes `y`; NULL: a new value. */
static struct value *add(const struct group_norm *c, enum op op,
			 struct value *a, struct value *b, struct value *y,
			 struct node *before)
{
	struct value *in[2] = { a, b };

	y = y ? y : new_value(c);
	if (!a || !b || !y ||
	    !graph_node(c->o->r->g, op, c->o->name, in, 2, &y, 1, before))
		return NULL;
	return y;
}

/* x as N,count,rest. */
static struct value *in_parts(const struct group_norm *c, struct value *x,
			      int64_t count, struct node *before)
{
	const int64_t dims[3] = { 0, count, -1 };

	return add(c, OP_RESHAPE, x,
		   graph_const_i64(c->o->r->g, c->o->name, 3, dims), NULL,
		   before);
}

/* The channels' vector as count,1. */
static struct value *as_column(const struct group_norm *c, struct value *v)
{
	const int64_t dims[2] = { -1, 1 };

	return add(c, OP_RESHAPE, v,
		   graph_const_i64(c->o->r->g, c->o->name, 2, dims), NULL,
		   NULL);
}

static struct value *filled(const struct group_norm *c, float with)
{
	struct shape s = shape_of(1, &c->groups);
	float *v =
		arena_array(c->o->r->g->arena, (size_t)c->groups, sizeof(*v));

	for (int64_t i = 0; v && i < c->groups; i++)
		v[i] = with;
	return v ? graph_constant(c->o->r->g, c->o->name, DT_F32, &s, v) : NULL;
}

/* Scale and bias of channels follow the normalisation; it has ones and zeros.
 */
static struct value *scale_channels(const struct group_norm *c, struct value *y)
{
	struct value *scale = c->n->inputs[1], *bias = c->n->inputs[2];
	struct value *ones = filled(c, 1), *zeros = filled(c, 0);

	if (!ones || !zeros || graph_set_input(c->o->r->g, c->n, 1, ones) ||
	    graph_set_input(c->o->r->g, c->n, 2, zeros))
		return NULL;
	y = in_parts(c, y, scale->shape.dim[0], NULL);
	y = add(c, OP_MUL, y, as_column(c, scale), NULL, NULL);
	return add(c, OP_ADD, y, as_column(c, bias), NULL, NULL);
}

static int check(const struct group_norm *c)
{
	const struct value *scale = node_input(c->n, 1);
	const struct value *bias = node_input(c->n, 2);

	if (c->groups < 1)
		return onnx_error(c->o, "attribute 'num_groups' is missing, or "
					"less than 1");
	if (!scale || !bias || scale->shape.rank != 1 ||
	    scale->shape.dim[0] < 1 ||
	    !shape_equal(&scale->shape, &bias->shape))
		return onnx_error(c->o, "scale and bias are not vectors of one "
					"length that is known");
	if (scale->shape.dim[0] % c->groups)
		return onnx_error(
			c->o, "%lld channels are not %lld equal groups",
			(long long)scale->shape.dim[0], (long long)c->groups);
	return 0;
}

int onnx_group_norm(const struct onnx_node *o, struct node *n)
{
	struct group_norm c = { o, n, onnx_attr_int(o, "num_groups", 0) };
	struct value *x = n->inputs[0], *y = n->outputs[0];
	struct value *parts, *normal, *shape;

	if (check(&c))
		return -1;
	if (!y)
		return 0;
	parts = in_parts(&c, x, c.groups, n);
	normal = new_value(&c);
	shape = new_value(&c);
	if (!parts || !normal || !shape ||
	    graph_set_input(o->r->g, n, 0, parts))
		return onnx_no_memory(o->r);
	n->outputs[0] = normal;
	normal->producer = n;
	y->producer = NULL;
	if (n->inputs[1]->shape.dim[0] != c.groups)
		normal = scale_channels(&c, normal);
	if (!graph_node(o->r->g, OP_SHAPE, o->name, &x, 1, &shape, 1, NULL) ||
	    !add(&c, OP_RESHAPE, normal, shape, y, NULL))
		return onnx_no_memory(o->r);
	return 0;
}
