/* SPDX-License-Identifier: Apache-2.0 */
/* Channel shuffles, every k-th channel, and YOLO's Focus as SpaceToDepth. */
#include "ir/slice.h"
#include "passes/match.h"
#include "passes/passes.h"

/* ---- Channel shuffle: Reshape, Transpose, Reshape ---- */

/* [N, C, ...] reshaped to [N, groups, C / groups, ...]. */
static int64_t groups_of(const struct shape *x, const struct shape *split)
{
	if (split->rank != x->rank + 1 || split->dim[0] != x->dim[0] ||
	    split->dim[1] * split->dim[2] != x->dim[1])
		return 0;
	for (int i = 2; i < x->rank; i++)
		if (split->dim[i + 1] != x->dim[i])
			return 0;
	return split->dim[1];
}

static bool swaps_groups(const struct node *n)
{
	int64_t perm[GRAPH_MAX_RANK];
	int count = node_ints(n, "perm", perm, GRAPH_MAX_RANK);

	for (int i = 0; i < count; i++)
		if (perm[i] != (i == 1 ? 2 : i == 2 ? 1 : i))
			return false;
	return count > 3;
}

static int shuffle(struct graph *g, struct node *n)
{
	struct node *turn, *split, *made;
	int64_t groups;

	turn = match_inner(n->inputs[0], OP_TRANSPOSE);
	split = turn ? match_inner(turn->inputs[0], OP_RESHAPE) : NULL;
	if (!split || !swaps_groups(turn) ||
	    !shape_equal(&split->inputs[0]->shape, &n->outputs[0]->shape))
		return 0;
	groups = groups_of(&split->inputs[0]->shape, &split->outputs[0]->shape);
	if (groups < 2)
		return 0;
	made = match_put(g, n, OP_CHANNEL_SHUFFLE, split->inputs[0]);
	return made ? node_set_int(g, made, "groups", groups) : -1;
}

/* ---- Every k-th channel: Reshape, Transpose, Reshape, Gather ---- */

/* x reshaped to [N * C / parts, parts, H * W], transposed to parts first, and
 * reshaped to [parts, N, C / parts, H, W]: the split in the code of ShuffleNet
 * V2. */
static bool splits_channels(const struct shape *x, const struct shape *split,
			    const struct shape *parts)
{
	int64_t count = parts->dim[0];

	return x->rank == 4 && split->rank == 3 && parts->rank == 5 &&
	       count > 1 && x->dim[1] % count == 0 &&
	       split->dim[0] == x->dim[0] * x->dim[1] / count &&
	       split->dim[1] == count &&
	       split->dim[2] == x->dim[2] * x->dim[3] &&
	       parts->dim[1] == x->dim[0] &&
	       parts->dim[2] == x->dim[1] / count &&
	       parts->dim[3] == x->dim[2] && parts->dim[4] == x->dim[3];
}

static bool swaps_first(const struct node *n)
{
	int64_t perm[GRAPH_MAX_RANK];

	return node_ints(n, "perm", perm, GRAPH_MAX_RANK) == 3 &&
	       perm[0] == 1 && perm[1] == 0 && perm[2] == 2;
}

static int pick(struct graph *g, struct node *n)
{
	struct node *parts = match_producer(n->inputs[0], OP_RESHAPE);
	struct node *turn =
		parts ? match_producer(parts->inputs[0], OP_TRANSPOSE) : NULL;
	struct node *split =
		turn ? match_producer(turn->inputs[0], OP_RESHAPE) : NULL;
	struct node *made;
	int64_t bounds[4]; /* start, end, axis, step */

	if (!split || node_int(n, "axis", 0) != 0 ||
	    n->outputs[0]->shape.rank != 4 ||
	    node_const_ints(n, 1, bounds, 1) != 1 || !swaps_first(turn) ||
	    !splits_channels(&split->inputs[0]->shape,
			     &split->outputs[0]->shape,
			     &parts->outputs[0]->shape))
		return 0;
	bounds[1] = split->inputs[0]->shape.dim[1];
	bounds[2] = 1;
	bounds[3] = parts->outputs[0]->shape.dim[0];
	bounds[0] += bounds[0] < 0 ? bounds[3] : 0;
	if (bounds[0] < 0 || bounds[0] >= bounds[3])
		return 0;
	made = match_put(g, n, OP_SLICE, split->inputs[0]);
	for (int i = 0; made && i < 4; i++) {
		struct value *v = graph_const_i64(g, NULL, 1, &bounds[i]);

		if (!v || graph_set_input(g, made, i + 1, v))
			return -1;
	}
	return made ? 0 : -1;
}

/* ---- Focus: four strided slices and a Concat ---- */

/* Every second row and column of `x`, from (row, column). */
struct phase {
	struct value *x;
	int64_t row, column;
};

/* Follows slices towards the input; together they have steps of 2 along H and
 * W. */
static bool find_phase(struct value *v, struct phase *p)
{
	int64_t start[2] = { 0, 0 }, step[2] = { 1, 1 };
	struct node *n;

	while ((n = match_producer(v, OP_SLICE)) != NULL) {
		struct slice s;

		if (!slice_known(n, &s) || s.rank != 4 ||
		    s.count[0] != v->shape.dim[0] || s.start[1] != 0 ||
		    s.step[1] != 1 || s.count[1] != n->inputs[0]->shape.dim[1])
			return false;
		for (int i = 0; i < 2; i++) {
			start[i] = s.start[2 + i] + start[i] * s.step[2 + i];
			step[i] *= s.step[2 + i];
		}
		v = n->inputs[0];
	}
	*p = (struct phase){ v, start[0], start[1] };
	return step[0] == 2 && step[1] == 2 && start[0] >= 0 && start[0] < 2 &&
	       start[1] >= 0 && start[1] < 2;
}

/* order[k]: the phase 2 * row + column that part k of the Concat holds. */
static struct value *find_focus(const struct node *n, int *order)
{
	struct value *x = NULL;
	unsigned seen = 0;

	if (n->op != OP_CONCAT || n->input_count != 4 ||
	    node_int(n, "axis", 0) != 1 || n->outputs[0]->shape.rank != 4)
		return NULL;
	for (int k = 0; k < 4; k++) {
		struct phase p;

		if (!find_phase(n->inputs[k], &p) || (x && p.x != x))
			return NULL;
		x = p.x;
		order[k] = (int)(2 * p.row + p.column);
		seen |= 1u << order[k];
	}
	if (seen != 15 || x->shape.rank != 4 || x->shape.dim[2] % 2 ||
	    x->shape.dim[3] % 2 ||
	    n->outputs[0]->shape.dim[2] != x->shape.dim[2] / 2 ||
	    n->outputs[0]->shape.dim[3] != x->shape.dim[3] / 2)
		return NULL;
	return x;
}

/* Weights whose input channels come in SpaceToDepth's order. */
static struct value *reorder_inputs(struct graph *g, const struct value *w,
				    const int *order)
{
	int64_t outputs = w->shape.dim[0], inputs = w->shape.dim[1];
	int64_t taps = shape_elements(&w->shape) / (outputs * inputs);
	int64_t part = inputs / 4;
	const float *from = w->data;
	float *to = arena_array(g->arena, (size_t)(outputs * inputs * taps),
				sizeof(*to));

	if (!to)
		return NULL;
	for (int64_t o = 0; o < outputs; o++)
		for (int64_t i = 0; i < inputs; i++)
			for (int64_t t = 0; t < taps; t++) {
				int64_t at = order[i / part] * part + i % part;

				to[(o * inputs + at) * taps + t] = *from++;
			}
	return graph_constant(g, w->name, DT_F32, &w->shape, to);
}

static int focus(struct graph *g, struct node *n)
{
	int order[4];
	struct value *x = find_focus(n, order), *w = NULL;
	struct node *conv = value_only_reader(n->outputs[0]), *made;
	bool in_order = true;

	for (int k = 0; x && k < 4; k++)
		in_order &= order[k] == k;
	if (!x)
		return 0;
	if (!in_order) {
		if (!conv || conv->op != OP_CONV ||
		    node_int(conv, "group", 1) != 1 ||
		    !value_is_const(conv->inputs[1]) ||
		    conv->inputs[1]->dtype != DT_F32)
			return 0;
		w = reorder_inputs(g, conv->inputs[1], order);
		if (!w || graph_set_input(g, conv, 1, w))
			return -1;
	}
	made = match_put(g, n, OP_SPACE_TO_DEPTH, x);
	return made ? node_set_int(g, made, "blocksize", 2) : -1;
}

int pass_recognise_shuffles(struct graph *g, const struct config *c,
			    struct diag *d)
{
	struct node *next;

	for (struct node *n = g->first; n; n = next) {
		int err = 0;

		next = n->next;
		if (n->op == OP_RESHAPE)
			err = shuffle(g, n);
		else if (n->op == OP_GATHER)
			err = pick(g, n);
		else if (n->op == OP_CONCAT)
			err = focus(g, n);
		if (err)
			return diag_error(d, "out of memory");
	}
	return pass_drop_dead(g, c, d);
}
