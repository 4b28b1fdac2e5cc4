/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channel groups: the sets of channels that cross-layer equalization may scale
 * (Nagel et al. 2019, arXiv 1906.04721, section 4.1). A channel is followed
 * from the convolution that produces it, through nodes that only move channels,
 * to the convolutions that read it. With no other node on the way, it may have
 * a separate scale at no cost on the device: the producer has a multiplier for
 * each output channel, and a reader contains the scale in its weights. A sum
 * also reads and produces such channels, with multipliers per channel.
 */
#include "quantizer/graph/channel_groups.h"

#include <string.h>

#include "ir/slice.h"
#include "quantizer/graph/integer_nodes.h"
#include "quantizer/graph/scale_groups.h"

bool channel_groups_conv(const struct node *n)
{
	return n && n->op == OP_CONV && node_has_weights(n);
}

bool channel_groups_sum(const struct node *n)
{
	const struct shape *y = &n->outputs[0]->shape;

	if ((n->op != OP_ADD && n->op != OP_SUB) || n->tail || y->rank != 4 ||
	    n->act.kind > ACT_RELU)
		return false;
	for (int i = 0; i < 2; i++)
		if (value_is_const(n->inputs[i]) ||
		    !shape_equal(&n->inputs[i]->shape, y))
			return false;
	return true;
}

bool channel_groups_behind_table(const struct value *v)
{
	const struct value *x = v->producer ? node_input(v->producer, 0) : NULL;

	return x && channel_groups_conv(x->producer) &&
	       x->producer->act.kind <= ACT_RELU &&
	       value_table_reader(x) == v->producer;
}

/* ---- Nodes that move channels ---- */

static bool is_last_axis(const struct node *n)
{
	int64_t axis = node_int(n, "axis", 0);

	return n->outputs[0]->shape.rank == 4 && (axis == 3 || axis == -1);
}

/* Pads the image with zeros, and adds no channels. */
static bool pads_image(const struct node *n)
{
	int64_t pads[2 * GRAPH_MAX_RANK];
	float value = 0;

	return n->outputs[0]->shape.rank == 4 &&
	       !strcmp(node_string(n, "mode", "constant"), "constant") &&
	       !node_input(n, 3) &&
	       node_const_ints(n, 1, pads, 2 * GRAPH_MAX_RANK) == 8 &&
	       !pads[3] && !pads[7] &&
	       (!node_input(n, 2) ||
		(node_const_float(n, 2, &value) && value == 0));
}

/* A Slice of channels only; *s: which ones. */
static bool picks_channels(const struct node *n, struct slice *s)
{
	const struct shape *x = &n->inputs[0]->shape;

	if (!slice_known(n, s) || s->rank != 4)
		return false;
	for (int i = 0; i < 3; i++)
		if (s->start[i] || s->step[i] != 1 || s->count[i] != x->dim[i])
			return false;
	return true;
}

/* Each output channel is one of the input channels, at other places or with
 * other pixels of it. */
static bool moves_channels(const struct node *n)
{
	const unsigned flags = op_info(n->op)->flags;
	struct slice s;

	if (n->tail || n->act.kind != ACT_NONE)
		return false;
	if (flags & OPF_KEEPS_CHANNELS)
		return n->op == OP_PAD ? pads_image(n) :
					 n->layout == LAYOUT_NHWC;
	if (!(flags & OPF_MOVES_CHANNELS))
		return false;
	if (n->op == OP_SLICE)
		return picks_channels(n, &s);
	if (n->op == OP_CHANNEL_SHUFFLE)
		return n->layout == LAYOUT_NHWC &&
		       n->outputs[0]->shape.rank == 4;
	return is_last_axis(n);
}

static int data_inputs(const struct node *n)
{
	return n->op == OP_CONCAT ? n->input_count : 1;
}

/* ---- Values that may have channel groups ---- */

struct group_search {
	const struct graph *g;
	const uint32_t *scale_group;
	const struct node **trained_grids;
	bool *possible; /* by id */
	bool *tabled;   /* by id: its channels come from tables after
			 * convolutions */
	bool sums;      /* Add and Sub may read and produce them */
};

/* n moves channels, and all values that it reads and produces may have channel
 * groups. */
static bool passes_on(const struct group_search *s, const struct node *n)
{
	bool tabled = false;

	if (!moves_channels(n))
		return false;
	for (int i = 0; i < data_inputs(n); i++) {
		if (!s->possible[n->inputs[i]->id])
			return false;
		tabled |= s->tabled[n->inputs[i]->id];
	}
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] ? !s->possible[n->outputs[i]->id] :
				    n->op == OP_SPLIT)
			return false;
	/* one scale is cheaper where n joins or splits outputs of tables */
	return !tabled || n->op == OP_MAX_POOL || n->op == OP_GLOBAL_MAX_POOL ||
	       n->op == OP_RESIZE;
}

/* A sum of integers that produces integers. */
static bool sums_up(const struct group_search *s, const struct node *n)
{
	return s->sums && channel_groups_sum(n) &&
	       s->scale_group[n->inputs[0]->id] != SCALE_GROUP_FLOAT &&
	       s->scale_group[n->inputs[1]->id] != SCALE_GROUP_FLOAT &&
	       s->scale_group[n->outputs[0]->id] != SCALE_GROUP_FLOAT;
}

static bool is_produced(const struct group_search *s, const struct value *v)
{
	const struct node *n = v->producer;

	if (channel_groups_conv(n))
		return n->act.kind == ACT_NONE || n->act.kind == ACT_RELU ||
		       (n->act.kind == ACT_LEAKY_RELU && n->act.a >= 0);
	return n && (channel_groups_behind_table(v) || sums_up(s, n) ||
		     passes_on(s, n));
}

static bool is_read(const struct group_search *s, const struct value *v)
{
	for (int i = 0; i < v->use_count; i++) {
		const struct node *n = v->uses[i];

		/* codes from training are in units of one scale */
		if (channel_groups_conv(n) && n->inputs[0] == v &&
		    !n->inputs[1]->quant)
			continue;
		if (!sums_up(s, n) && !passes_on(s, n))
			return false;
	}
	return v->use_count > 0;
}

static bool is_possible(const struct group_search *s, const struct value *v)
{
	const struct node *table = value_table_reader(v);
	const uint32_t group = s->scale_group[v->id];

	if (group == SCALE_GROUP_FLOAT || s->trained_grids[group] ||
	    v->shape.rank != 4 || v->is_output || !is_produced(s, v))
		return false;
	if (table && channel_groups_behind_table(table->outputs[0]))
		return s->scale_group[table->outputs[0]->id] !=
		       SCALE_GROUP_FLOAT;
	return is_read(s, v);
}

static void find_possible(struct group_search *s)
{
	bool changed = true;

	for (const struct node *n = s->g->first; n; n = n->next)
		for (int i = 0; i < n->output_count; i++)
			if (n->outputs[i])
				s->tabled[n->outputs[i]->id] =
					channel_groups_behind_table(
						n->outputs[i]) ||
					(moves_channels(n) &&
					 s->tabled[n->inputs[0]->id]);
	memset(s->possible, 1, s->g->value_count * sizeof(*s->possible));
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < s->g->value_count; i++)
			if (s->possible[i] &&
			    !is_possible(s, s->g->values[i])) {
				s->possible[i] = false;
				changed = true;
			}
	}
}

/* ---- Channel groups ---- */

/* The values that a channel passes have one zero point, so one scale group. */
static void join_scale_groups(const struct group_search *s,
			      uint32_t *scale_group)
{
	for (const struct node *n = s->g->first; n; n = n->next) {
		if (!passes_on(s, n))
			continue;
		for (int i = 0; i < n->output_count; i++)
			for (int k = 0; n->outputs[i] && k < data_inputs(n);
			     k++)
				scale_group[scale_group_find(
					scale_group, n->outputs[i]->id)] =
					scale_group_find(scale_group,
							 n->inputs[k]->id);
	}
	scale_groups_settle(s->g, scale_group);
}

static int64_t channels_of(const struct value *v)
{
	return v->shape.dim[3];
}

static void follow_channels(const struct channel_groups *groups,
			    const struct node *n)
{
	const uint32_t *from = groups->of[n->inputs[0]->id];
	uint32_t *to = groups->of[n->outputs[0]->id];
	int64_t count = channels_of(n->inputs[0]), at = 0;
	int64_t shuffled = node_int(n, "groups", 1), each = count / shuffled;
	struct slice s;

	if (n->op == OP_SLICE && picks_channels(n, &s)) {
		for (int64_t c = 0; c < s.count[3]; c++)
			to[c] = from[s.start[3] + c * s.step[3]];
		return;
	}
	if (n->op == OP_CHANNEL_SHUFFLE) {
		for (int64_t c = 0; c < count; c++)
			to[c] = from[c % shuffled * each + c / shuffled];
		return;
	}
	if (n->op == OP_SPLIT) {
		for (int i = 0; i < n->output_count; i++)
			for (int64_t c = 0; c < channels_of(n->outputs[i]); c++)
				groups->of[n->outputs[i]->id][c] = from[at++];
		return;
	}
	for (int k = 0; k < data_inputs(n); k++)
		for (int64_t c = 0; c < channels_of(n->inputs[k]); c++)
			to[at++] = groups->of[n->inputs[k]->id][c];
}

static void begin_groups(struct channel_groups *groups, const struct value *v)
{
	uint32_t group = groups->scale_group[v->id];

	for (int64_t c = 0; c < channels_of(v); c++)
		groups->of[v->id][c] = (uint32_t)groups->count[group]++;
}

static int number_groups(struct channel_groups *groups,
			 const struct group_search *s, struct arena *a)
{
	for (uint32_t i = 0; i < s->g->value_count; i++) {
		const struct value *v = s->g->values[i];

		if (!s->possible[i])
			continue;
		groups->of[i] = arena_array(a, (size_t)channels_of(v),
					    sizeof(**groups->of));
		if (!groups->of[i])
			return -1;
	}
	for (const struct node *n = s->g->first; n; n = n->next) {
		const struct value *y = n->outputs[0];

		if (passes_on(s, n))
			follow_channels(groups, n);
		else if (y && s->possible[y->id])
			begin_groups(groups, y);
	}
	for (uint32_t i = 0; i < s->g->value_count; i++)
		if (groups->of[i] && groups->count[groups->scale_group[i]] < 2)
			groups->of[i] = NULL;
	return 0;
}

int channel_groups_init(struct channel_groups *groups, const struct graph *g,
			const uint32_t *scale_group, struct arena *a)
{
	groups->scale_group = scale_group;
	groups->values = g->value_count;
	groups->of = arena_array(a, g->value_count, sizeof(*groups->of));
	groups->count = arena_array(a, g->value_count, sizeof(*groups->count));
	return groups->of && groups->count ? 0 : -1;
}

int channel_groups_find(struct channel_groups *groups, const struct graph *g,
			uint32_t *scale_group,
			const struct node **trained_grids, bool sums,
			struct arena *a)
{
	struct group_search s = { .g = g,
				  .scale_group = scale_group,
				  .trained_grids = trained_grids,
				  .sums = sums };

	s.possible = arena_array(a, g->value_count, sizeof(*s.possible));
	s.tabled = arena_array(a, g->value_count, sizeof(*s.tabled));
	if (!s.possible || !s.tabled)
		return -1;
	find_possible(&s);
	join_scale_groups(&s, scale_group);
	return number_groups(groups, &s, a);
}

bool channel_groups_begin(const struct channel_groups *groups,
			  const struct value *v)
{
	return groups->of[v->id] && !moves_channels(v->producer);
}
