/* SPDX-License-Identifier: Apache-2.0 */
/* Removes nodes that compute nothing, and brings reshapes to one form. */
#include <string.h>

#include "ir/slice.h"
#include "passes/match.h"
#include "passes/passes.h"

static bool same_shape(const struct node *n)
{
	return shape_equal(&n->inputs[0]->shape, &n->outputs[0]->shape);
}

/* Operators that do nothing once the shape does not change. */
static bool same_when_shape_is(const struct node *n)
{
	struct slice s;
	bool forward;

	switch (n->op) {
	case OP_RESHAPE:
	case OP_FLATTEN:
	case OP_SQUEEZE:
	case OP_UNSQUEEZE:
	case OP_EXPAND:
	case OP_TILE:
	case OP_SPLIT:
	case OP_CONCAT:
		return true;
	case OP_SLICE: /* a step of -1 reverses */
		forward = slice_known(n, &s);
		for (int i = 0; forward && i < s.rank; i++)
			forward = s.count[i] < 2 || s.step[i] == 1;
		return forward;
	default:
		return false;
	}
}

/* No pad at all: with pads of both signs the shape can be equal too. */
static bool pads_nothing(const struct node *n)
{
	int64_t pads[2 * GRAPH_MAX_RANK];
	int count = node_const_ints(n, 1, pads, 2 * GRAPH_MAX_RANK);

	for (int i = 0; i < count; i++)
		if (pads[i] != 0)
			return false;
	return count >= 0;
}

static bool is_identity_permutation(const struct node *n)
{
	int64_t perm[GRAPH_MAX_RANK];
	int count = node_ints(n, "perm", perm, GRAPH_MAX_RANK);

	if (!node_attr(n, "perm"))
		return n->inputs[0]->shape.rank < 2;
	for (int i = 0; i < count; i++)
		if (perm[i] != i)
			return false;
	return true;
}

/* Same size and no crop: every mode of Resize copies each cell, if the scales
 * are exactly 1. */
static bool resizes_nothing(const struct node *n)
{
	const struct value *scales = node_input(n, 2);
	int64_t count = scales ? shape_elements(&scales->shape) : 0;

	if (!same_shape(n) ||
	    !strcmp(node_string(n, "coordinate_transformation_mode", ""),
		    "tf_crop_and_resize"))
		return false;
	for (int64_t i = 0; i < count; i++)
		if (!value_is_const(scales) ||
		    ((const float *)scales->data)[i] != 1)
			return false;
	return true;
}

static bool is_identity(const struct node *n)
{
	if (n->act.kind != ACT_NONE || !n->inputs[0] || !n->outputs[0] ||
	    n->inputs[0]->dtype != n->outputs[0]->dtype)
		return false;
	for (int i = 1; i < n->output_count; i++)
		if (n->outputs[i] && value_readers(n->outputs[i]))
			return false;
	switch (n->op) {
	case OP_IDENTITY:
	case OP_CAST:
		return !node_attr(n, "bits"); /* int4 and the like wrap */
	case OP_PAD:
		return same_shape(n) && pads_nothing(n);
	case OP_TRANSPOSE:
		return is_identity_permutation(n);
	case OP_RESIZE:
		return resizes_nothing(n);
	case OP_CHANNEL_SHUFFLE:
		return node_int(n, "groups", 1) == 1;
	case OP_CONCAT:
		return n->input_count == 1;
	default:
		return same_when_shape_is(n) && same_shape(n);
	}
}

/* The node of a graph output stays if the output would become an input,
 * another output or a constant: the node carries the name. */
static bool carries_output(const struct node *n)
{
	const struct value *x = n->inputs[0];

	return n->outputs[0]->is_output &&
	       (x->role != VALUE_COMPUTED || x->is_output);
}

static int drop(struct graph *g, struct node *n)
{
	if (graph_replace(g, n->outputs[0], n->inputs[0]))
		return -1;
	graph_remove(g, n);
	return 0;
}

/* ---- Reshapes ---- */

static bool is_reshape(enum op op)
{
	return op == OP_RESHAPE || op == OP_FLATTEN || op == OP_SQUEEZE ||
	       op == OP_UNSQUEEZE;
}

/* Only dims of 1 are permuted: nothing moves in memory. */
static bool moves_ones_only(const struct node *n)
{
	const struct shape *x = &n->inputs[0]->shape;
	int64_t perm[GRAPH_MAX_RANK], last = -1;

	if (n->op != OP_TRANSPOSE ||
	    node_ints(n, "perm", perm, GRAPH_MAX_RANK) != x->rank)
		return false;
	for (int i = 0; i < x->rank; i++) {
		if (x->dim[perm[i]] == 1)
			continue;
		if (perm[i] < last)
			return false;
		last = perm[i];
	}
	return true;
}

/* The node as Reshape to a constant shape. */
static int to_reshape(struct graph *g, struct node *n)
{
	const struct shape *s = &n->outputs[0]->shape;
	struct value *dims;
	struct node *r;

	if (shape_elements(s) == 0)
		return 0; /* a 0 would mean "as the input" */
	dims = graph_const_i64(g, n->name, s->rank, s->dim);
	r = match_put(g, n, OP_RESHAPE, n->inputs[0]);
	return r && dims && !graph_set_input(g, r, 1, dims) ? 0 : -1;
}

static bool has_literal_shape(const struct node *n)
{
	const struct shape *s = &n->outputs[0]->shape;
	int64_t dims[GRAPH_MAX_RANK];
	int count = node_const_ints(n, 1, dims, GRAPH_MAX_RANK);

	for (int i = 0; i < count; i++)
		if (dims[i] != s->dim[i])
			return false;
	return n->op == OP_RESHAPE && count == s->rank;
}

/* A reshape of a reshape is one of the first one's input. */
static int skip_reshape(struct graph *g, struct node *n)
{
	struct node *before = match_producer(n->inputs[0], OP_RESHAPE);

	if (!before || n->op != OP_RESHAPE ||
	    shape_elements(&n->outputs[0]->shape) == 0)
		return 0;
	return graph_set_input(g, n, 0, before->inputs[0]);
}

/*
 * [.., C] reshaped to [M, C] for a Softmax over C, and back: the form of
 * opsets before 13. The Softmax takes [.., C] directly.
 */
static int skip_flat_softmax(struct graph *g, struct node *n)
{
	const struct shape *s = &n->outputs[0]->shape;
	struct node *soft, *flat, *made;
	int64_t axis;

	soft = match_inner(n->inputs[0], OP_SOFTMAX);
	if (n->op != OP_RESHAPE || !soft)
		return 0;
	flat = match_inner(soft->inputs[0], OP_RESHAPE);
	axis = node_int(soft, "axis", -1);
	if (!flat || s->rank < 1 || !shape_equal(&flat->inputs[0]->shape, s) ||
	    flat->outputs[0]->shape.rank != 2 || (axis != 1 && axis != -1) ||
	    flat->outputs[0]->shape.dim[1] != s->dim[s->rank - 1])
		return 0;
	made = match_put(g, n, OP_SOFTMAX, flat->inputs[0]);
	return made ? node_set_int(g, made, "axis", s->rank - 1) : -1;
}

/* ---- Transposes ---- */

/* A transpose of a transpose is one. */
static int skip_transpose(struct graph *g, struct node *n)
{
	struct node *before = match_producer(n->inputs[0], OP_TRANSPOSE);
	int64_t first[GRAPH_MAX_RANK], second[GRAPH_MAX_RANK];
	int64_t both[GRAPH_MAX_RANK];
	int rank = n->inputs[0]->shape.rank;

	if (n->op != OP_TRANSPOSE || !before ||
	    node_ints(before, "perm", first, GRAPH_MAX_RANK) != rank ||
	    node_ints(n, "perm", second, GRAPH_MAX_RANK) != rank)
		return 0;
	for (int i = 0; i < rank; i++)
		both[i] = first[second[i]];
	return graph_set_input(g, n, 0, before->inputs[0]) ||
			       node_set_ints(g, n, "perm", both, rank) ?
		       -1 :
		       0;
}

/* The default order, written out. */
static int spell_permutation(struct graph *g, struct node *n)
{
	int64_t perm[GRAPH_MAX_RANK];
	int rank = n->inputs[0]->shape.rank;

	if (n->op != OP_TRANSPOSE || node_attr(n, "perm"))
		return 0;
	for (int i = 0; i < rank; i++)
		perm[i] = rank - 1 - i;
	return node_set_ints(g, n, "perm", perm, rank);
}

static bool same_permutation(const struct node *a, const struct node *b)
{
	int64_t p[GRAPH_MAX_RANK], q[GRAPH_MAX_RANK];
	int count = node_ints(a, "perm", p, GRAPH_MAX_RANK);

	if (node_ints(b, "perm", q, GRAPH_MAX_RANK) != count)
		return false;
	for (int i = 0; i < count; i++)
		if (p[i] != q[i])
			return false;
	return count > 0;
}

static bool is_before(const struct node *a, const struct node *b)
{
	while (b && b != a)
		b = b->prev;
	return b != NULL;
}

/* Of Transposes of the same value with the same order, the first stays. n may
 * have got its input just now, so another one may stand before it: then n goes,
 * and *next is the node behind it. */
static int join_transposes(struct graph *g, struct node *n, struct node **next)
{
	struct value *x = n->inputs[0], *y = n->outputs[0];

	*next = n->next;
	if (n->op != OP_TRANSPOSE || y->is_output)
		return 0;
	for (int i = x->use_count - 1; i >= 0; i--) {
		struct node *other = x->uses[i];

		if (other == n || other->op != OP_TRANSPOSE ||
		    other->outputs[0]->is_output || !same_permutation(n, other))
			continue;
		if (is_before(other, n)) {
			*next = n->next;
			if (graph_replace(g, y, other->outputs[0]))
				return -1;
			graph_remove(g, n);
			return 0;
		}
		if (graph_replace(g, other->outputs[0], y))
			return -1;
		graph_remove(g, other);
	}
	*next = n->next;
	return 0;
}

static int simplify(struct graph *g, struct node *n)
{
	if (spell_permutation(g, n) || skip_transpose(g, n))
		return -1;
	if ((is_reshape(n->op) && !has_literal_shape(n)) || moves_ones_only(n))
		return to_reshape(g, n);
	return 0;
}

/* *next: the node to continue with. */
static int visit(struct graph *g, struct node *n, struct node **next)
{
	struct value *y = n->outputs[0];

	if (simplify(g, n))
		return -1;
	n = y->producer; /* it may have changed */
	if (skip_reshape(g, n) || skip_flat_softmax(g, n))
		return -1;
	n = y->producer;
	if (!is_identity(n) || carries_output(n)) {
		return join_transposes(g, n, next);
	}
	*next = n->next;
	return drop(g, n);
}

int pass_drop_identities(struct graph *g, const struct config *c,
			 struct diag *d)
{
	struct node *n = g->first;

	/* In order: nodes before a node already have their last form. */
	while (n) {
		if (!n->outputs[0] || !n->input_count || !n->inputs[0])
			n = n->next;
		else if (visit(g, n, &n))
			return diag_error(d, "out of memory");
	}
	return pass_drop_dead(g, c, d);
}
