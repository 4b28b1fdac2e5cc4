/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spatial operators to NHWC, the order in which the device computes: channels
 * lie together, photos need no reordering, and detection heads, which turn
 * their maps to N,H,W,C anyway, lose their transposes.
 *
 * Step one puts every spatial operator between two Transposes. Step two walks
 * the graph in order and moves each Transpose behind its readers, where an
 * opposite one cancels it. Whatever cannot be moved stays in the graph as an
 * explicit Transpose, so each step is correct by itself.
 */
#include <string.h>

#include "passes/layout_move.h"
#include "passes/layout_permute.h"
#include "passes/passes.h"

static const int64_t to_nhwc[4] = { 0, 2, 3, 1 };
static const int64_t to_nchw[4] = { 0, 3, 1, 2 };

/* Scales and sizes of Resize count one entry a dim: into the new order. The
 * region is not looked at. */
static int permute_resize(struct graph *g, struct node *n)
{
	if (node_input(n, 1) && graph_set_input(g, n, 1, NULL))
		return -1;
	for (int slot = 2; slot < 4; slot++) {
		struct value *v = node_input(n, slot);

		if (!v || v->shape.rank != 1 || v->shape.dim[0] != 4 ||
		    !value_is_const(v))
			continue;
		v = layout_permute_entries(g, v, to_nhwc);
		if (!v || graph_set_input(g, n, slot, v))
			return -1;
	}
	return 0;
}

/* A Resize can only be reordered when it names every dim. Its region counts
 * in one mode only; others come with one too, mostly empty. */
static bool resize_is_plain(const struct node *n)
{
	const char *mode =
		node_string(n, "coordinate_transformation_mode", "half_pixel");

	for (int slot = 2; slot < 4; slot++) {
		const struct value *v = node_input(n, slot);

		if (v && v->shape.rank == 1 && v->shape.dim[0] != 0 &&
		    (v->shape.dim[0] != 4 || !value_is_const(v)))
			return false;
	}
	return !node_attr(n, "axes") && strcmp(mode, "tf_crop_and_resize");
}

static int wrap_spatial(struct graph *g, struct node *n)
{
	struct value *x = node_input(n, 0), *y = n->outputs[0], *t;

	if (x->shape.rank != 4 || n->layout == LAYOUT_NHWC)
		return 0;
	if (n->op == OP_RESIZE) {
		if (!resize_is_plain(n))
			return 0;
		if (permute_resize(g, n))
			return -1;
	}
	t = layout_transpose(g, x, to_nhwc, n);
	if (!t || graph_set_input(g, n, 0, t))
		return -1;
	n->layout = LAYOUT_NHWC;
	return layout_behind(g, n, y, to_nchw);
}

/* Operators that a Transpose moves through without loss. */
static bool follows_any_layout(enum op op)
{
	return op_info(op)->flags & (OPF_U | OPF_B) || op == OP_PAD ||
	       op == OP_SLICE || op == OP_CONCAT;
}

/* A spatial operator is reached through such operators alone. */
static bool reaches_spatial(const struct value *v, int depth)
{
	for (int i = 0; i < v->use_count; i++) {
		const struct node *n = v->uses[i];

		if (layout_is_spatial(n->op))
			return true;
		if (depth < 8 && follows_any_layout(n->op) &&
		    reaches_spatial(n->outputs[0], depth + 1))
			return true;
	}
	return false;
}

/* Readers of `from` read `to`; other than graph_replace(), nothing else
 * changes hands. */
static int move_readers(struct graph *g, struct value *from, struct value *to)
{
	while (from->use_count) {
		struct node *n = from->uses[0];

		for (int i = 0; i < n->input_count; i++)
			if (n->inputs[i] == from &&
			    graph_set_input(g, n, i, to))
				return -1;
	}
	return 0;
}

/* An input of N,C,H,W becomes N,H,W,C, as photos lie in memory. */
static int turn_input(struct graph *g, struct value *v)
{
	int64_t c = v->shape.rank == 4 ? v->shape.dim[1] : 0;
	struct shape nchw = v->shape;
	struct value *t;
	struct node *n;

	if ((c != 1 && c != 3 && c != 4) || !reaches_spatial(v, 0))
		return 0;
	t = graph_value(g, NULL, v->dtype, &nchw);
	if (!t || move_readers(g, v, t))
		return -1;
	v->shape = layout_permuted(&nchw, to_nhwc);
	n = graph_node(g, OP_TRANSPOSE, v->name, &v, 1, &t, 1, g->first);
	return n ? node_set_ints(g, n, "perm", to_nchw, 4) : -1;
}

int pass_layout_nhwc(struct graph *g, const struct config *c, struct diag *d)
{
	struct node *n, *next;

	(void)c;
	for (int i = 0; i < g->input_count; i++)
		if (turn_input(g, g->inputs[i]))
			return diag_error(d, "out of memory");
	for (n = g->first; n; n = next) {
		next = n->next;
		if (layout_is_spatial(n->op) && wrap_spatial(g, n))
			return diag_error(d, "out of memory");
	}
	for (n = g->first; n; n = next) {
		/* A node put behind n is visited next. */
		if (layout_sink(g, n))
			return diag_error(d, "out of memory");
		next = n->next;
	}
	return 0;
}
