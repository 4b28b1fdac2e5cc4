/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ScatterND that overwrites a box of its input becomes Slice and Concat: that
 * is how PyTorch exports `y[..., 0:2] = value`. Places that depend on the data,
 * or form no box, stay. A Slice that reads one part of a Concat reads the part
 * itself, so that what was written is found where it is read.
 */
#include "ir/slice.h"
#include "passes/match.h"
#include "passes/passes.h"

#define MAX_PARTS 64 /* of one Concat; more are not looked into */

/* Elements [begin, end) along each dim. */
struct box {
	int rank;
	int64_t begin[GRAPH_MAX_RANK], end[GRAPH_MAX_RANK];
};

/* Values that stand behind each other along `axis`. */
struct parts {
	struct graph *g;
	struct node *before; /* new nodes stand before it */
	int axis;
	struct value *v[MAX_PARTS];
	int count;
};

/* ---- The box ---- */

static int64_t index_at(const struct value *indices, int64_t i, int64_t dim)
{
	int64_t k = indices->dtype == DT_I64 ?
			    ((const int64_t *)indices->data)[i] :
			    ((const int32_t *)indices->data)[i];

	return k < 0 ? k + dim : k;
}

/* The places are those of the box, in its order. */
static bool fills(const struct box *b, const struct value *indices, int width,
		  int64_t rows, const struct shape *x)
{
	int64_t at[GRAPH_MAX_RANK], n = 1;

	for (int i = 0; i < width; i++) {
		at[i] = b->begin[i];
		n *= b->end[i] - b->begin[i];
	}
	if (n != rows)
		return false;
	for (int64_t r = 0; r < rows; r++) {
		for (int i = 0; i < width; i++)
			if (index_at(indices, r * width + i, x->dim[i]) !=
			    at[i])
				return false;
		for (int i = width - 1; i >= 0 && ++at[i] == b->end[i]; i--)
			at[i] = b->begin[i];
	}
	return true;
}

static bool find_box(const struct node *n, struct box *b)
{
	const struct value *indices = n->inputs[1];
	const struct shape *x = &n->inputs[0]->shape;
	int width = (int)indices->shape.dim[indices->shape.rank - 1];
	int64_t rows = shape_elements(&indices->shape) / width;

	if (!value_is_const(indices) || rows < 1)
		return false;
	b->rank = x->rank;
	for (int i = 0; i < x->rank; i++) {
		int64_t last = (rows - 1) * width + i, dim = x->dim[i];

		b->begin[i] = i < width ? index_at(indices, i, dim) : 0;
		b->end[i] = i < width ? index_at(indices, last, dim) + 1 : dim;
		if (b->begin[i] < 0 || b->end[i] <= b->begin[i] ||
		    b->end[i] > dim)
			return false;
	}
	return fills(b, indices, width, rows, x);
}

/* ---- Ranges of a value along one axis ---- */

/* A Slice along `axis` alone, of steps of 1. */
static bool is_range(const struct node *n, int axis, struct slice *s)
{
	const struct shape *x;

	if (!n || n->op != OP_SLICE || n->act.kind != ACT_NONE ||
	    !slice_known(n, s) || s->step[axis] != 1)
		return false;
	x = &n->inputs[0]->shape;
	for (int i = 0; i < x->rank; i++)
		if (i != axis && (s->step[i] != 1 || s->count[i] != x->dim[i]))
			return false;
	return true;
}

static int axis_of(const struct node *concat)
{
	int axis = (int)node_int(concat, "axis", 0);

	return axis < 0 ? axis + concat->outputs[0]->shape.rank : axis;
}

static bool joins(const struct node *n, int axis)
{
	return n && n->op == OP_CONCAT && n->act.kind == ACT_NONE &&
	       axis_of(n) == axis;
}

static struct value *cut(const struct parts *p, struct value *v, int64_t begin,
			 int64_t end)
{
	int64_t numbers[3] = { begin, end, p->axis };
	struct shape s = v->shape;
	struct value *in[4] = { v }, *out;

	s.dim[p->axis] = end - begin;
	for (int i = 0; i < 3; i++)
		in[i + 1] = graph_const_i64(p->g, v->name, 1, &numbers[i]);
	out = graph_value(p->g, v->name, v->dtype, &s);
	if (!in[1] || !in[2] || !in[3] || !out ||
	    !graph_node(p->g, OP_SLICE, p->before->name, in, 4, &out, 1,
			p->before))
		return NULL;
	return out;
}

static int add_part(struct parts *p, struct value *v)
{
	if (!v || p->count == MAX_PARTS)
		return -1;
	p->v[p->count++] = v;
	return 0;
}

/* Elements [begin, end) of v, as parts of what v was joined or cut from. */
static int add_range(struct parts *p, struct value *v, int64_t begin,
		     int64_t end)
{
	struct node *from = v->producer;
	struct slice s;

	if (begin == end)
		return 0;
	if (begin == 0 && end == v->shape.dim[p->axis])
		return add_part(p, v);
	if (is_range(from, p->axis, &s))
		return add_range(p, from->inputs[0], begin + s.start[p->axis],
				 end + s.start[p->axis]);
	if (!joins(from, p->axis) || p->count + from->input_count > MAX_PARTS)
		return add_part(p, cut(p, v, begin, end));
	for (int i = 0; i < from->input_count; i++) {
		struct value *part = from->inputs[i];
		int64_t size = part->shape.dim[p->axis];
		int64_t first = begin > 0 ? begin : 0;
		int64_t last = end < size ? end : size;

		if (first < last && add_range(p, part, first, last))
			return -1;
		begin -= size;
		end -= size;
	}
	return 0;
}

/* NULL: out of memory. */
static struct value *join(const struct parts *p)
{
	struct shape s = p->v[0]->shape;
	struct value *out;
	struct node *n;

	if (p->count == 1)
		return p->v[0];
	for (int i = 1; i < p->count; i++)
		s.dim[p->axis] += p->v[i]->shape.dim[p->axis];
	out = graph_value(p->g, p->before->name, p->v[0]->dtype, &s);
	if (!out)
		return NULL;
	n = graph_node(p->g, OP_CONCAT, p->before->name, p->v, p->count, &out,
		       1, p->before);
	return n && !node_set_int(p->g, n, "axis", p->axis) ? out : NULL;
}

/* ---- Writing ---- */

/* Unlinks n, and what only n read of the nodes that this pass makes. */
static void drop(struct graph *g, struct node *n)
{
	if (value_readers(n->outputs[0]))
		return;
	graph_remove(g, n);
	for (int i = 0; i < n->input_count; i++) {
		struct value *v = n->inputs[i];
		struct node *from = v ? v->producer : NULL;

		if (from && (from->op == OP_CONCAT || from->op == OP_SLICE ||
			     from->op == OP_SCATTER_ND))
			drop(g, from);
	}
}

static int replace(struct graph *g, struct node *n, struct value *v)
{
	if (graph_replace(g, n->outputs[0], v))
		return -1;
	drop(g, n);
	return 0;
}

/* x with `updates` in the box, whose dims before `axis` are those of x. NULL:
 * out of memory. */
static struct value *write_box(struct graph *g, struct node *before,
			       struct value *x, struct value *updates,
			       const struct box *b, int axis)
{
	struct parts inner = { .g = g, .before = before };
	struct parts all = inner;
	struct value *middle;

	while (axis < b->rank && b->begin[axis] == 0 &&
	       b->end[axis] == x->shape.dim[axis])
		axis++;
	if (axis == b->rank)
		return updates;
	inner.axis = all.axis = axis;
	if (add_range(&all, x, 0, b->begin[axis]) ||
	    add_range(&inner, x, b->begin[axis], b->end[axis]))
		return NULL;
	middle = join(&inner);
	if (middle)
		middle = write_box(g, before, middle, updates, b, axis + 1);
	if (add_part(&all, middle) ||
	    add_range(&all, x, b->end[axis], x->shape.dim[axis]))
		return NULL;
	return join(&all);
}

/* The updates in the shape of the box. NULL: out of memory. */
static struct value *shape_updates(struct graph *g, struct node *n,
				   const struct box *b)
{
	struct value *v = n->inputs[2], *in[2] = { v }, *out;
	struct shape s = { .rank = b->rank };

	for (int i = 0; i < b->rank; i++)
		s.dim[i] = b->end[i] - b->begin[i];
	if (shape_equal(&s, &v->shape))
		return v;
	in[1] = graph_const_i64(g, v->name, s.rank, s.dim);
	out = graph_value(g, v->name, v->dtype, &s);
	if (!in[1] || !out ||
	    !graph_node(g, OP_RESHAPE, n->name, in, 2, &out, 1, n))
		return NULL;
	return out;
}

static int write(struct graph *g, struct node *n)
{
	struct value *updates, *y;
	struct box b;

	if (!find_box(n, &b))
		return 0;
	updates = shape_updates(g, n, &b);
	y = updates ? write_box(g, n, n->inputs[0], updates, &b, 0) : NULL;
	return y ? replace(g, n, y) : -1;
}

/* Elements [begin, end) along the Concat's axis are of one of its inputs. */
static bool is_in_one_part(const struct node *concat, int axis, int64_t begin,
			   int64_t end)
{
	int64_t first = 0;

	for (int i = 0; i < concat->input_count; i++) {
		int64_t last = first + concat->inputs[i]->shape.dim[axis];

		if (begin >= first && end <= last)
			return true;
		first = last;
	}
	return false;
}

static int read_part(struct graph *g, struct node *n)
{
	struct node *from = match_producer(n->inputs[0], OP_CONCAT);
	struct parts p = { .g = g, .before = n };
	int64_t begin, end;
	struct slice s;

	if (!from)
		return 0;
	p.axis = axis_of(from);
	if (!is_range(n, p.axis, &s))
		return 0;
	begin = s.start[p.axis];
	end = begin + s.count[p.axis];
	if (begin == end || !is_in_one_part(from, p.axis, begin, end))
		return 0;
	if (add_range(&p, n->inputs[0], begin, end))
		return -1;
	return replace(g, n, p.v[0]);
}

int pass_recognise_writes(struct graph *g, const struct config *c,
			  struct diag *d)
{
	struct node *next;

	(void)c;
	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if ((n->op == OP_SCATTER_ND && write(g, n)) ||
		    (n->op == OP_SLICE && read_part(g, n)))
			return diag_error(d, "out of memory");
	}
	return 0;
}
