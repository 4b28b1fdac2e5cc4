/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings spatial operators to NHWC, the order in which the device computes:
 * the channels of a pixel are adjacent, photos need no reordering, and the
 * Transposes of detection heads, which convert their maps to N,H,W,C anyway,
 * disappear.
 *
 * Step one puts every spatial operator between two Transposes. Step two goes
 * through the graph in order and moves each Transpose behind its readers,
 * where an opposite Transpose cancels it. A Transpose that cannot be moved
 * stays in the graph, so each step is correct by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "passes/layout_move.h"
#include "passes/layout_permute.h"
#include "passes/passes.h"

static const int64_t to_nhwc[4] = { 0, 2, 3, 1 };
static const int64_t to_nchw[4] = { 0, 3, 1, 2 };

/* Reorders scales and sizes of a Resize, one entry for each dim, and drops the
 * region. */
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

/* A Resize can be reordered only if it has entries for every dim. The region
 * matters in one mode only; others often have an empty one. */
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

/* All channels are rounded with one scale. */
static bool rounds_alike(const struct node *n)
{
	return (n->op == OP_QUANT || n->op == OP_QUANTIZE_LINEAR ||
		n->op == OP_DEQUANTIZE_LINEAR) &&
	       shape_elements(&n->inputs[1]->shape) == 1;
}

/* Operators that a Transpose can move past at no cost. */
static bool follows_any_layout(const struct node *n)
{
	return op_info(n->op)->flags & (OPF_U | OPF_B) || n->op == OP_PAD ||
	       n->op == OP_SLICE || n->op == OP_CONCAT || rounds_alike(n);
}

/* By value id: a spatial operator is reached through such operators only. NULL:
 * out of memory. */
static bool *reach_spatial(const struct graph *g)
{
	bool *reach = calloc(g->value_count + 1, sizeof(*reach));

	for (const struct node *n = g->last; reach && n; n = n->prev) {
		const struct value *y = n->outputs[0];

		if (!layout_is_spatial(n->op) &&
		    !(follows_any_layout(n) && y && reach[y->id]))
			continue;
		for (int i = 0; i < n->input_count; i++)
			if (n->inputs[i])
				reach[n->inputs[i]->id] = true;
	}
	return reach;
}

/* Makes readers of `from` read `to`. Unlike graph_replace(), it does not
 * change graph outputs. */
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

/* A graph input of N,C,H,W becomes N,H,W,C, the order of photos in memory. */
static int input_to_nhwc(struct graph *g, struct value *v)
{
	int64_t c = v->shape.rank == 4 ? v->shape.dim[1] : 0;
	struct shape nchw = v->shape;
	struct value *t;
	struct node *n;

	if (c != 1 && c != 3 && c != 4)
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
	bool *reach = reach_spatial(g);
	struct node *n, *next;
	int err = !reach;

	(void)c;
	for (int i = 0; !err && i < g->input_count; i++)
		if (reach[g->inputs[i]->id])
			err = input_to_nhwc(g, g->inputs[i]);
	free(reach);
	if (err)
		return diag_error(d, "out of memory");
	for (n = g->first; n; n = next) {
		next = n->next;
		if (layout_is_spatial(n->op) && wrap_spatial(g, n))
			return diag_error(d, "out of memory");
	}
	for (n = g->first; n; n = next) {
		/* A node added behind n is visited next. */
		if (layout_sink(g, n))
			return diag_error(d, "out of memory");
		next = n->next;
	}
	return 0;
}
