/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/pack/plan_views.h"

/* ---- Places ---- */

struct plan_place plan_place(const struct plan *p, uint32_t id)
{
	const struct view *v = &p->views[id];
	struct plan_place at;

	if (v->parent == DBP_NONE)
		return (struct plan_place){ id, 0,
					    dev_row(&p->m->tensors[id]) };
	at = plan_place(p, v->parent);
	at.start += v->rows * at.pitch + v->columns;
	if (v->own_rows)
		at.pitch = dev_row(&p->m->tensors[id]);
	return at;
}

static bool is_dense(const struct plan *p, uint32_t id)
{
	const struct dev_tensor *t = &p->m->tensors[id];

	return dev_rows(t) == 1 || plan_place(p, id).pitch == dev_row(t);
}

/* Forces the rows of `id`, and of all its parents, to be adjacent. */
static void keep_dense(struct plan *p, uint32_t id)
{
	for (; id != DBP_NONE; id = p->views[id].parent)
		p->views[id].stays_dense = true;
}

static void set_parent(struct plan *p, uint32_t id, uint32_t parent,
		       uint64_t rows, uint64_t columns, bool own_rows)
{
	struct view *v = &p->views[id];

	v->parent = parent;
	v->rows = rows;
	v->columns = columns;
	v->own_rows = own_rows;
	if (own_rows || v->stays_dense)
		keep_dense(p, parent);
}

/* Whether the tensor has separate memory and may become a part of another one.
 */
static bool is_free(const struct plan *p, uint32_t id)
{
	const struct dev_tensor *t = &p->m->tensors[id];

	return p->views[id].parent == DBP_NONE && !t->is_constant &&
	       !t->is_input;
}

/* ---- Reshapes and slices ---- */

/* A graph output must be written by an operator; it may not be an input or a
 * constant. */
static bool may_be_view(const struct plan *p, uint32_t id, uint32_t of)
{
	const struct dev_tensor *root = &p->m->tensors[plan_place(p, of).root];

	return is_free(p, id) && !root->is_constant &&
	       !(p->m->tensors[id].is_output && root->is_input);
}

static void view_reshape(struct plan *p, struct dev_op *op)
{
	uint32_t in = op->inputs[0], out = op->outputs[0];
	const struct dev_tensor *x = &p->m->tensors[in];
	const struct dev_tensor *y = &p->m->tensors[out];

	if (!may_be_view(p, out, in) || !dev_same_type(x, y))
		return;
	if (dev_row(x) == dev_row(y)) {
		set_parent(p, out, in, 0, 0, false);
	} else {
		if (!is_dense(p, in))
			return;
		set_parent(p, out, in, 0, 0, true);
	}
	op->dropped = true;
}

/* Elements of the dims after `dim` without the last one. */
static uint64_t rows_behind(const struct dev_tensor *t, int dim)
{
	uint64_t n = 1;

	for (int i = dim + 1; i < t->rank - 1; i++)
		n *= t->dims[i];
	return n;
}

/* Whether the slice is a range of rows, of channels, or both. */
static void view_slice(struct plan *p, struct dev_op *op)
{
	const struct dbp_slice *s = op->params;
	const struct dev_tensor *x = &p->m->tensors[op->inputs[0]];
	const struct dev_tensor *y = &p->m->tensors[op->outputs[0]];
	uint64_t rows = 0;
	bool only_ones = true;

	if (!may_be_view(p, op->outputs[0], op->inputs[0]))
		return;
	for (int i = 0; i < x->rank; i++) {
		bool last = i == x->rank - 1;

		if (y->dims[i] > 1 && s->step[i] != 1)
			return;
		/* dims before a sliced dim must be 1, so that rows stay
		 * adjacent */
		if (!last && y->dims[i] != x->dims[i] && !only_ones)
			return;
		if (!last)
			rows += s->start[i] * rows_behind(x, i);
		only_ones &= y->dims[i] == 1;
	}
	set_parent(p, op->outputs[0], op->inputs[0], rows,
		   s->start[x->rank - 1], false);
	op->dropped = true;
}

/* ---- Concatenation in place ---- */

/* The tensor of which the input is a view of all elements. */
static uint32_t whole_of(const struct plan *p, uint32_t id)
{
	uint32_t elements = dev_elements(&p->m->tensors[id]);
	uint32_t parent = p->views[id].parent;

	while (parent != DBP_NONE &&
	       dev_elements(&p->m->tensors[parent]) == elements) {
		id = parent;
		parent = p->views[id].parent;
	}
	return id;
}

static int times_read(const struct plan *p, const struct dev_op *op,
		      uint32_t root)
{
	int n = 0;

	for (int i = 0; i < op->input_count; i++)
		n += plan_place(p, op->inputs[i]).root == root;
	return n;
}

static bool is_rescaled(const struct plan *p, const struct dev_op *op, int i)
{
	const struct dbp_rescale *r =
		(const void *)((const struct dbp_concat *)op->params + 1);

	return p->m->tensors[op->outputs[0]].dtype == DBP_S8 &&
	       (r[i].multiplier || r[i].shift);
}

/* Makes input i a view after `before` entries of the axis. */
static void place_input(struct plan *p, const struct dev_op *op, int i,
			uint32_t axis, uint64_t before)
{
	uint32_t out = op->outputs[0], in = op->inputs[i];
	uint32_t whole = whole_of(p, in);
	const struct dev_tensor *x = &p->m->tensors[in];
	const struct dev_tensor *y = &p->m->tensors[out];
	const struct dev_tensor *w = &p->m->tensors[whole];
	bool channels = axis == (uint32_t)y->rank - 1;

	if (!is_free(p, whole) || is_rescaled(p, op, i) ||
	    !dev_same_type(x, y) || times_read(p, op, whole) != 1)
		return;
	if (!channels) {
		/* a view with rows of another length needs dense memory */
		bool same_rows = dev_row(w) == dev_row(y);

		set_parent(p, whole, out, before * rows_behind(y, (int)axis), 0,
			   !same_rows);
		return;
	}
	if (dev_row(w) != dev_row(x) ||
	    (p->views[whole].stays_dense && dev_rows(w) > 1))
		return;
	set_parent(p, whole, out, 0, before, false);
}

static void place_inputs(struct plan *p, const struct dev_op *op)
{
	const struct dbp_concat *c = op->params;
	const struct dev_tensor *y = &p->m->tensors[op->outputs[0]];
	uint64_t outer = 1, before = 0;

	for (uint32_t i = 0; i < c->axis; i++)
		outer *= y->dims[i];
	if (c->axis != (uint32_t)y->rank - 1 && outer != 1)
		return;
	for (int i = 0; i < op->input_count; i++) {
		uint32_t length = p->m->tensors[op->inputs[i]].dims[c->axis];

		place_input(p, op, i, c->axis, before);
		before += length;
	}
}

void plan_views(struct plan *p)
{
	for (uint32_t i = 0; i < p->m->op_count; i++) {
		struct dev_op *op = &p->m->ops[i];

		if (op->kind == DBP_OP_COPY)
			view_reshape(p, op);
		else if (op->kind == DBP_OP_SLICE)
			view_slice(p, op);
	}
	for (uint32_t i = 0; i < p->m->op_count; i++)
		if (p->m->ops[i].kind == DBP_OP_CONCAT)
			place_inputs(p, &p->m->ops[i]);
}

/* ---- In place ---- */

static bool is_elementwise(enum dbp_op_kind kind)
{
	return kind == DBP_OP_ADD || kind == DBP_OP_ADD_CHANNELS ||
	       kind == DBP_OP_MUL || kind == DBP_OP_TABLE ||
	       kind == DBP_OP_RESCALE || kind == DBP_OP_UNARY ||
	       kind == DBP_OP_BINARY;
}

/* Whether the operator may write its output over input i. */
static bool may_overwrite(const struct plan *p, uint32_t at, int i)
{
	const struct dev_op *op = &p->m->ops[at];
	uint32_t in = op->inputs[i], out = op->outputs[0];
	const struct dev_tensor *x = &p->m->tensors[in];
	const struct dev_tensor *y = &p->m->tensors[out];
	struct plan_place place = plan_place(p, in);
	const struct dev_tensor *root = &p->m->tensors[place.root];

	if (root->is_constant || root->is_input || x->dtype != y->dtype ||
	    !dev_same_dims(x, y) || p->life[place.root].last != at + 1 ||
	    (p->views[out].stays_dense && !is_dense(p, in)))
		return false;
	for (int k = 0; k < op->input_count; k++)
		if (op->inputs[k] != in &&
		    plan_place(p, op->inputs[k]).root == place.root)
			return false;
	return true;
}

void plan_in_place(struct plan *p)
{
	for (uint32_t at = 0; at < p->m->op_count; at++) {
		const struct dev_op *op = &p->m->ops[at];
		uint32_t out = op->outputs[0], root;

		if (op->dropped || !is_elementwise(op->kind) ||
		    !is_free(p, out))
			continue;
		for (int i = 0; i < op->input_count; i++) {
			if (!may_overwrite(p, at, i))
				continue;
			root = plan_place(p, op->inputs[i]).root;
			if (p->life[out].last > p->life[root].last)
				p->life[root].last = p->life[out].last;
			set_parent(p, out, op->inputs[i], 0, 0, false);
			break;
		}
	}
}
