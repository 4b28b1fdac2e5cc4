/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scale groups: sets of values that must share one scale, by union-find over
 * the nodes that keep the scale of their input.
 */
#include "quantizer/graph/scale_groups.h"

#include "quantizer/graph/integer_nodes.h"

static bool read_by_integers(const struct value *v)
{
	for (int i = 0; i < v->use_count; i++) {
		const struct node *n = v->uses[i];

		/* biases and parameters are not activations; for a Quant see
		 * scale_groups_assign() */
		if (node_is_integer(n) && n->op != OP_QUANT &&
		    (n->inputs[0] == v || n->op == OP_CONCAT ||
		     op_info(n->op)->flags & OPF_B))
			return true;
	}
	return false;
}

uint32_t scale_group_find(uint32_t *scale_group, uint32_t id)
{
	while (scale_group[id] != id) {
		scale_group[id] = scale_group[scale_group[id]];
		id = scale_group[id];
	}
	return id;
}

void scale_groups_settle(const struct graph *g, uint32_t *scale_group)
{
	for (uint32_t i = 0; i < g->value_count; i++)
		if (scale_group[i] != SCALE_GROUP_FLOAT)
			scale_group[i] = scale_group_find(scale_group, i);
}

/* Only a Concat reads v, and its scale is free: it can be computed in the scale
 * of the Concat's output. */
static bool may_join(const struct value *v)
{
	return v->producer && value_readers(v) == 1 &&
	       v->producer->op != OP_QUANT &&
	       !node_keeps_scale(v->producer->op);
}

static void join_concat(uint32_t *scale_group, const struct node *n)
{
	uint32_t out = n->outputs[0]->id, same = SCALE_GROUP_FLOAT;
	bool all_same = true;

	for (int i = 0; i < n->input_count; i++) {
		uint32_t id = n->inputs[i]->id;
		uint32_t r = scale_group[id] == SCALE_GROUP_FLOAT ?
				     SCALE_GROUP_FLOAT :
				     scale_group_find(scale_group, id);

		if (i > 0 && r != same)
			all_same = false;
		same = r;
	}
	if (all_same && same != SCALE_GROUP_FLOAT) {
		scale_group[scale_group_find(scale_group, out)] = same;
		return;
	}
	for (int i = 0; i < n->input_count; i++)
		if (scale_group[n->inputs[i]->id] != SCALE_GROUP_FLOAT &&
		    may_join(n->inputs[i]))
			scale_group[scale_group_find(scale_group,
						     n->inputs[i]->id)] =
				scale_group_find(scale_group, out);
}

static bool same_grid(const struct trained_grid *a,
		      const struct trained_grid *b)
{
	return a->scale <= b->scale && a->scale >= b->scale &&
	       a->zero_point == b->zero_point && a->bits == b->bits &&
	       a->low == b->low && a->high == b->high;
}

/*
 * A value that only a Quant reads is computed in the grid of the Quant, unless
 * its group has another trained grid. Where it cannot be clamped to the codes
 * of the grid, it has 8 bits of the same scale, and the Quant clamps. made: by
 * group, the Quant whose grid it has.
 */
static void join_quant(uint32_t *scale_group, const struct node **made,
		       const struct node *n)
{
	uint32_t x = n->inputs[0]->id, y = n->outputs[0]->id;
	struct trained_grid a, b;

	if (scale_group[x] == SCALE_GROUP_FLOAT ||
	    scale_group[y] == SCALE_GROUP_FLOAT ||
	    value_readers(n->inputs[0]) != 1)
		return;
	x = scale_group_find(scale_group, x);
	y = scale_group_find(scale_group, y);
	if (x == y)
		return;
	if (!trained_grid(n, &b)) {
		/* finer than the device: whatever scale y gets */
		if (!made[x])
			scale_group[x] = y;
		else
			scale_group[y] = x;
	} else if (made[x] && trained_grid(made[x], &a) ?
			   same_grid(&a, &b) :
			   value_clamps_to(n->inputs[0], &b)) {
		scale_group[x] = y;
	} else if (!made[x]) {
		made[x] = n;
	}
}

static bool is_held(const struct value *v)
{
	return v->role != VALUE_CONSTANT && v->dtype == DT_F32;
}

/* A Quant reads integers where its output is held in integers. */
static void hold_inputs_of_quants(const struct graph *g, uint32_t *scale_group)
{
	for (const struct node *n = g->last; n; n = n->prev)
		if (n->op == OP_QUANT && node_is_integer(n) &&
		    scale_group[n->outputs[0]->id] != SCALE_GROUP_FLOAT &&
		    is_held(n->inputs[0]))
			scale_group[n->inputs[0]->id] = n->inputs[0]->id;
}

uint32_t *scale_groups_assign(const struct graph *g, struct arena *a,
			      const struct node ***trained_grids)
{
	uint32_t *scale_group =
		arena_array(a, g->value_count, sizeof(*scale_group));
	const struct node **made =
		arena_array(a, g->value_count, sizeof(*made));
	struct trained_grid grid;
	float scale;

	if (!scale_group || !made)
		return NULL;
	*trained_grids = made;
	for (uint32_t i = 0; i < g->value_count; i++) {
		const struct value *v = g->values[i];

		scale_group[i] = is_held(v) && read_by_integers(v) ?
					 i :
					 SCALE_GROUP_FLOAT;
	}
	hold_inputs_of_quants(g, scale_group);
	for (const struct node *n = g->first; n; n = n->next)
		if (trained_grid(n, &grid) || finer_grid(n, &scale))
			made[n->outputs[0]->id] = n;
	for (const struct node *n = g->first; n; n = n->next) {
		if (!node_is_integer(n) ||
		    scale_group[n->outputs[0]->id] == SCALE_GROUP_FLOAT)
			continue;
		if (n->op == OP_QUANT)
			join_quant(scale_group, made, n);
		if (n->op == OP_CONCAT)
			join_concat(scale_group, n);
		if (!node_keeps_scale(n->op) ||
		    scale_group[n->inputs[0]->id] == SCALE_GROUP_FLOAT)
			continue;
		for (int i = 0; i < n->output_count; i++)
			if (n->outputs[i] &&
			    scale_group[n->outputs[i]->id] != SCALE_GROUP_FLOAT)
				scale_group[scale_group_find(
					scale_group, n->outputs[i]->id)] =
					scale_group_find(scale_group,
							 n->inputs[0]->id);
	}
	scale_groups_settle(g, scale_group);
	return scale_group;
}

/* The producer of v clamps to the codes that there are, or moves values of the
 * same group. */
static bool producer_clamps(const struct value *v, const uint32_t *scale_group)
{
	const struct node *n = v->producer;

	if (!n)
		return false;
	if (node_has_weights(n) || node_is_table(n))
		return true;
	switch (n->op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
		return true;
	case OP_CONCAT:
		for (int i = 0; i < n->input_count; i++)
			if (scale_group[n->inputs[i]->id] != scale_group[v->id])
				return false;
		return true;
	default:
		return node_keeps_scale(n->op) &&
		       scale_group[n->inputs[0]->id] == scale_group[v->id];
	}
}

static bool is_multiplied(const struct value *v)
{
	for (int i = 0; i < v->use_count; i++)
		if (v->uses[i]->inputs[0] == v && node_has_weights(v->uses[i]))
			return true;
	return false;
}

bool *scale_groups_low_bit(const struct graph *g, const uint32_t *scale_group,
			   struct arena *a)
{
	bool *low_bit = arena_array(a, g->value_count, sizeof(*low_bit));

	for (uint32_t i = 0; low_bit && i < g->value_count; i++)
		if (scale_group[i] != SCALE_GROUP_FLOAT &&
		    is_multiplied(g->values[i]))
			low_bit[scale_group[i]] = true;
	for (uint32_t i = 0; low_bit && i < g->value_count; i++)
		if (scale_group[i] != SCALE_GROUP_FLOAT &&
		    !producer_clamps(g->values[i], scale_group))
			low_bit[scale_group[i]] = false;
	return low_bit;
}
