/* SPDX-License-Identifier: Apache-2.0 */
/* Moving Transposes behind the nodes that read them: see layout.h. */
#include <string.h>

#include "passes/layout.h"

struct shape layout_permuted(const struct shape *s, const int64_t *perm)
{
	struct shape out = *s;

	for (int i = 0; i < s->rank; i++)
		out.dim[i] = s->dim[perm[i]];
	return out;
}

static void invert(const int64_t *perm, int rank, int64_t *out)
{
	for (int i = 0; i < rank; i++)
		out[perm[i]] = i;
}

static bool is_identity(const int64_t *perm, int rank)
{
	for (int i = 0; i < rank; i++)
		if (perm[i] != i)
			return false;
	return true;
}

struct value *layout_transpose(struct graph *g, struct value *v,
			       const int64_t *perm, struct node *before)
{
	struct shape s = layout_permuted(&v->shape, perm);
	struct value *out = graph_value(g, v->name, v->dtype, &s);
	struct node *n;

	if (!out)
		return NULL;
	n = graph_node(g, OP_TRANSPOSE, v->name, &v, 1, &out, 1, before);
	if (!n || node_set_ints(g, n, "perm", perm, s.rank))
		return NULL;
	return out;
}

int layout_behind(struct graph *g, struct node *n, struct value *y,
		  const int64_t *perm)
{
	int64_t inverse[GRAPH_MAX_RANK];
	struct shape s;
	struct value *t;
	struct node *move;

	if (is_identity(perm, y->shape.rank))
		return 0;
	invert(perm, y->shape.rank, inverse);
	s = layout_permuted(&y->shape, inverse);
	t = graph_value(g, y->name, y->dtype, &s);
	if (!t)
		return -1;
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] == y)
			n->outputs[i] = t;
	t->producer = n;
	move = graph_node(g, OP_TRANSPOSE, y->name, &t, 1, &y, 1, n->next);
	return move ? node_set_ints(g, move, "perm", perm, s.rank) : -1;
}

struct value *layout_permute_entries(struct graph *g, const struct value *v,
				     const int64_t *perm)
{
	size_t size = dtype_size(v->dtype);
	int64_t count = v->shape.dim[0];
	char *data = arena_array(g->arena, (size_t)count, size);

	if (!data)
		return NULL;
	for (int64_t i = 0; i < count; i++)
		memcpy(data + (size_t)i * size,
		       (const char *)v->data + (size_t)perm[i] * size, size);
	return graph_constant(g, v->name, v->dtype, &v->shape, data);
}

/* Elements of `size` bytes of a tensor of shape x, transposed. */
static void *permuted(struct arena *a, const void *data, size_t size,
		      const struct shape *x, const int64_t *perm)
{
	struct shape s = layout_permuted(x, perm);
	int64_t stride[GRAPH_MAX_RANK], index[GRAPH_MAX_RANK] = { 0 };
	int64_t count = shape_elements(&s), from = 0;
	char *out = arena_array(a, (size_t)count, size);

	if (!out)
		return NULL;
	for (int i = 0; i < s.rank; i++) {
		stride[i] = 1;
		for (int k = (int)perm[i] + 1; k < s.rank; k++)
			stride[i] *= x->dim[k];
	}
	for (int64_t at = 0; at < count; at++) {
		memcpy(out + (size_t)at * size,
		       (const char *)data + (size_t)from * size, size);
		for (int i = s.rank - 1; i >= 0; i--) {
			from += stride[i];
			if (++index[i] < s.dim[i])
				break;
			from -= stride[i] * s.dim[i];
			index[i] = 0;
		}
	}
	return out;
}

/* A trained grid follows its values. */
static struct quant *permuted_grid(struct graph *g, const struct value *v,
				   const int64_t *perm)
{
	struct quant *q = arena_alloc(g->arena, sizeof(*q));

	if (!q)
		return NULL;
	*q = *v->quant;
	for (int i = 0; i < v->shape.rank; i++)
		if (perm[i] == v->quant->axis)
			q->axis = i;
	q->codes = permuted(g->arena, q->codes, 1, &v->shape, perm);
	return q->codes ? q : NULL;
}

struct value *layout_permute_constant(struct graph *g, const struct value *v,
				      const int64_t *perm)
{
	struct shape s = layout_permuted(&v->shape, perm);
	void *data = permuted(g->arena, v->data, dtype_size(v->dtype),
			      &v->shape, perm);
	struct value *out =
		data ? graph_constant(g, v->name, v->dtype, &s, data) : NULL;

	if (!out || !v->quant || !v->quant->codes)
		return out;
	out->quant = permuted_grid(g, v, perm);
	return out->quant ? out : NULL;
}

/* The Transpose behind which v lies, with its perm; NULL where v is none. */
static struct value *source_of(const struct value *v, int64_t *perm)
{
	const struct node *n = v ? v->producer : NULL;

	if (!n || n->op != OP_TRANSPOSE || n->act.kind != ACT_NONE ||
	    node_ints(n, "perm", perm, GRAPH_MAX_RANK) != v->shape.rank)
		return NULL;
	return n->inputs[0];
}

static int normal_axis(const struct node *n, const char *name, int64_t def,
		       int rank)
{
	int64_t axis = node_int(n, name, def);

	return (int)(axis < 0 ? axis + rank : axis);
}

static int sink_all_outputs(struct graph *g, struct node *n,
			    const int64_t *perm)
{
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && layout_behind(g, n, n->outputs[i], perm))
			return -1;
	return 0;
}

static int sink_transpose(struct graph *g, struct node *n, struct value *src,
			  const int64_t *perm)
{
	int64_t outer[GRAPH_MAX_RANK], both[GRAPH_MAX_RANK];
	int rank = src->shape.rank;

	if (node_ints(n, "perm", outer, GRAPH_MAX_RANK) != rank)
		return 0;
	for (int i = 0; i < rank; i++)
		both[i] = perm[outer[i]];
	if (graph_set_input(g, n, 0, src) ||
	    node_set_ints(g, n, "perm", both, rank))
		return -1;
	if (is_identity(both, rank) && !n->outputs[0]->is_output)
		return graph_replace(g, n->outputs[0], src);
	return 0;
}

static bool is_single(const struct value *v)
{
	return shape_elements(&v->shape) == 1;
}

/* A constant operand in the order of the Transpose's source. */
static struct value *constant_in_order(struct graph *g, struct value *v,
				       const int64_t *perm, int rank)
{
	int64_t inverse[GRAPH_MAX_RANK];
	struct shape full = { .rank = rank };
	int missing = rank - v->shape.rank;
	struct value *wide;

	for (int i = 0; i < rank; i++)
		full.dim[i] = i < missing ? 1 : v->shape.dim[i - missing];
	wide = graph_constant(g, v->name, v->dtype, &full, v->data);
	if (!wide)
		return NULL;
	invert(perm, rank, inverse);
	return layout_permute_constant(g, wide, inverse);
}

/* Whether all operands of n can be had in another order, and moving pays. */
static bool operands_follow(const struct node *n, const int64_t *perm, int rank)
{
	int moved = 0, added = 0;

	for (int i = 0; i < n->input_count; i++) {
		int64_t p[GRAPH_MAX_RANK];
		const struct value *v = n->inputs[i];

		if (!v || is_single(v))
			continue;
		if (source_of(v, p) && v->shape.rank == rank &&
		    !memcmp(p, perm, (size_t)rank * sizeof(*p)))
			moved++;
		else if (value_is_const(v))
			continue;
		else if (v->shape.rank == rank)
			added++;
		else
			return false;
	}
	return moved > 0 && moved >= added;
}

/* Elementwise operators of several inputs, and Concat. */
static int sink_operands(struct graph *g, struct node *n, const int64_t *perm)
{
	int64_t p[GRAPH_MAX_RANK], inverse[GRAPH_MAX_RANK];
	int rank = n->outputs[0]->shape.rank;

	if (!operands_follow(n, perm, rank))
		return 0;
	if (n->op == OP_CONCAT &&
	    node_set_int(g, n, "axis", perm[normal_axis(n, "axis", 0, rank)]))
		return -1;
	invert(perm, rank, inverse);
	for (int i = 0; i < n->input_count; i++) {
		struct value *v = n->inputs[i], *src;

		if (!v || (is_single(v) && n->op != OP_CONCAT))
			continue;
		src = source_of(v, p);
		if (!src || v->shape.rank != rank ||
		    memcmp(p, perm, (size_t)rank * sizeof(*p))) {
			src = value_is_const(v) ?
				      constant_in_order(g, v, perm, rank) :
				      layout_transpose(g, v, inverse, n);
		}
		if (!src || graph_set_input(g, n, i, src))
			return -1;
	}
	return sink_all_outputs(g, n, perm);
}

static int sink_unary(struct graph *g, struct node *n, struct value *src,
		      const int64_t *perm)
{
	if (graph_set_input(g, n, 0, src))
		return -1;
	return sink_all_outputs(g, n, perm);
}

/* Operators with one axis attribute that keep the rank. */
static int sink_axis(struct graph *g, struct node *n, struct value *src,
		     const int64_t *perm, int64_t def)
{
	int rank = src->shape.rank;
	int axis = normal_axis(n, "axis", def, rank);

	if (node_int(n, "flatten", 0)) {
		if (axis != rank - 1)
			return 0;
		node_drop_attr(n, "flatten");
	}
	if (node_set_int(g, n, "axis", perm[axis]))
		return -1;
	return sink_unary(g, n, src, perm);
}

/* One scale, or one an entry of `axis`; blocks of entries stay. */
static int sink_quantize(struct graph *g, struct node *n, struct value *src,
			 const int64_t *perm)
{
	if (is_single(n->inputs[1]))
		return sink_unary(g, n, src, perm);
	if (node_int(n, "block_size", 0))
		return 0;
	return sink_axis(g, n, src, perm, 1);
}

static int sink_slice(struct graph *g, struct node *n, struct value *src,
		      const int64_t *perm)
{
	int64_t axes[GRAPH_MAX_RANK];
	int rank = src->shape.rank, count;
	struct value *v;

	if (node_input(n, 3)) {
		count = node_const_ints(n, 3, axes, GRAPH_MAX_RANK);
	} else {
		count = (int)n->inputs[1]->shape.dim[0];
		for (int i = 0; i < count; i++)
			axes[i] = i;
	}
	if (count < 0)
		return 0;
	for (int i = 0; i < count; i++)
		axes[i] = perm[axes[i] < 0 ? axes[i] + rank : axes[i]];
	v = graph_const_i64(g, NULL, count, axes);
	if (!v || graph_set_input(g, n, 3, v))
		return -1;
	return sink_unary(g, n, src, perm);
}

static int sink_pad(struct graph *g, struct node *n, struct value *src,
		    const int64_t *perm)
{
	int64_t pads[2 * GRAPH_MAX_RANK], moved[2 * GRAPH_MAX_RANK];
	int rank = src->shape.rank;
	struct value *v;

	if (node_input(n, 3) ||
	    node_const_ints(n, 1, pads, 2 * GRAPH_MAX_RANK) != 2 * rank)
		return 0;
	for (int i = 0; i < rank; i++) {
		moved[perm[i]] = pads[i];
		moved[rank + perm[i]] = pads[rank + i];
	}
	v = graph_const_i64(g, NULL, 2 * rank, moved);
	if (!v || graph_set_input(g, n, 1, v))
		return -1;
	return sink_unary(g, n, src, perm);
}

static int sink_reduce(struct graph *g, struct node *n, struct value *src,
		       const int64_t *perm)
{
	int64_t axes[GRAPH_MAX_RANK], kept[GRAPH_MAX_RANK];
	int rank = src->shape.rank, survivors = 0;
	int count = node_const_ints(n, 1, axes, GRAPH_MAX_RANK);
	bool reduced[GRAPH_MAX_RANK] = { false };
	struct value *v;

	if (count <= 0)
		return 0;
	for (int i = 0; i < count; i++) {
		axes[i] = perm[axes[i] < 0 ? axes[i] + rank : axes[i]];
		reduced[axes[i]] = true;
	}
	v = graph_const_i64(g, NULL, count, axes);
	if (!v || graph_set_input(g, n, 1, v))
		return -1;
	if (node_int(n, "keepdims", 1))
		return sink_unary(g, n, src, perm);
	/* Old output dim k comes from source dim perm[i] of the k-th survivor;
	 * in the new output it stands behind the survivors before that. */
	for (int i = 0; i < rank; i++) {
		int before = 0;

		if (reduced[perm[i]])
			continue;
		for (int k = 0; k < perm[i]; k++)
			before += !reduced[k];
		kept[survivors++] = before;
	}
	return sink_unary(g, n, src, kept);
}

/* Runs of dims, before and after a reshape, that hold the same elements. */
struct dim_group {
	int in_first, in_count, out_first, out_count;
	int64_t key; /* place of the run in the source's order */
};

static int split_groups(const struct shape *in, const struct shape *out,
			struct dim_group *groups)
{
	int i = 0, k = 0, count = 0;

	while (i < in->rank && k < out->rank) {
		struct dim_group *at = &groups[count++];
		int64_t a = in->dim[i], b = out->dim[k];

		*at = (struct dim_group){ i++, 1, k++, 1, 0 };
		while (a != b) {
			if (a < b ? i == in->rank : k == out->rank)
				return 0;
			if (a < b)
				a *= in->dim[i++];
			else
				b *= out->dim[k++];
		}
		at->in_count = i - at->in_first;
		at->out_count = k - at->out_first;
	}
	if (!count)
		return 0;
	/* What is left over on one side are ones. */
	groups[count - 1].in_count += in->rank - i;
	groups[count - 1].out_count += out->rank - k;
	return count;
}

/* The run lies together, in the same order, in the source as well. */
static bool group_is_run(struct dim_group *group, const struct shape *in,
			 const struct shape *src, const int64_t *perm)
{
	int64_t last = -1;

	group->key = perm[group->in_first];
	for (int i = group->in_first; i < group->in_first + group->in_count;
	     i++) {
		if (in->dim[i] == 1)
			continue;
		if (last < 0)
			group->key = perm[i];
		else if (perm[i] < last)
			return false;
		for (int64_t k = last + 1; last >= 0 && k < perm[i]; k++)
			if (src->dim[k] != 1)
				return false;
		last = perm[i];
	}
	return true;
}

static void sort_groups(struct dim_group *groups, int count)
{
	for (int i = 1; i < count; i++) {
		struct dim_group at = groups[i];
		int k = i;

		for (; k > 0 && groups[k - 1].key > at.key; k--)
			groups[k] = groups[k - 1];
		groups[k] = at;
	}
}

/*
 * [N, C, H, W] flattened for a fully connected layer: the layer's constant
 * weights take the source's order instead.
 */
static int sink_flatten(struct graph *g, struct node *n, struct value *src,
			const int64_t *perm)
{
	struct node *fc = value_only_reader(n->outputs[0]);
	const struct shape *in = &n->inputs[0]->shape;
	const struct shape *out = &n->outputs[0]->shape;
	int64_t order[GRAPH_MAX_RANK], inverse[GRAPH_MAX_RANK];
	struct shape split = { .rank = in->rank };
	struct value *w, *wide, *moved;

	if (!fc || fc->op != OP_GEMM || fc->inputs[0] != n->outputs[0] ||
	    !node_int(fc, "transB", 0) || node_int(fc, "transA", 0) ||
	    !value_is_const(fc->inputs[1]) || out->rank != 2 ||
	    out->dim[0] != in->dim[0] || perm[0] != 0)
		return 0;
	w = fc->inputs[1];
	invert(perm, in->rank, inverse);
	split.dim[0] = w->shape.dim[0];
	order[0] = 0;
	for (int i = 1; i < in->rank; i++) {
		split.dim[i] = in->dim[i];
		order[i] = inverse[i];
	}
	wide = graph_constant(g, w->name, w->dtype, &split, w->data);
	moved = wide ? layout_permute_constant(g, wide, order) : NULL;
	if (!moved)
		return -1;
	moved->shape = w->shape;
	if (graph_set_input(g, fc, 1, moved))
		return -1;
	return graph_set_input(g, n, 0, src);
}

static int sink_reshape(struct graph *g, struct node *n, struct value *src,
			const int64_t *perm)
{
	const struct shape *in = &n->inputs[0]->shape;
	const struct shape *out = &n->outputs[0]->shape;
	struct dim_group groups[GRAPH_MAX_RANK];
	int64_t target[GRAPH_MAX_RANK], back[GRAPH_MAX_RANK];
	int count = split_groups(in, out, groups), at = 0;
	struct value *v;

	if (!count)
		return 0;
	for (int i = 0; i < count; i++)
		if (!group_is_run(&groups[i], in, &src->shape, perm))
			return sink_flatten(g, n, src, perm);
	sort_groups(groups, count);
	for (int i = 0; i < count; i++) {
		for (int k = 0; k < groups[i].out_count; k++) {
			back[groups[i].out_first + k] = at;
			target[at++] = out->dim[groups[i].out_first + k];
		}
	}
	v = graph_const_i64(g, NULL, out->rank, target);
	if (!v || graph_set_input(g, n, 1, v))
		return -1;
	return sink_unary(g, n, src, back);
}

int layout_sink(struct graph *g, struct node *n)
{
	int64_t perm[GRAPH_MAX_RANK];
	struct value *src = NULL;
	unsigned flags = op_info(n->op)->flags;

	for (int i = 0; i < n->input_count && !src; i++)
		src = source_of(n->inputs[i], perm);
	if (!src)
		return 0;
	if (flags & (OPF_B | OPF_V) || n->op == OP_CONCAT || n->op == OP_WHERE)
		return sink_operands(g, n, perm);
	src = source_of(n->inputs[0], perm);
	if (!src)
		return 0;
	if (flags & OPF_U)
		return sink_unary(g, n, src, perm);
	switch (n->op) {
	case OP_TRANSPOSE:
		return sink_transpose(g, n, src, perm);
	case OP_RESHAPE:
		return sink_reshape(g, n, src, perm);
	case OP_SLICE:
		return sink_slice(g, n, src, perm);
	case OP_PAD:
		return sink_pad(g, n, src, perm);
	case OP_SOFTMAX:
	case OP_LOG_SOFTMAX:
	case OP_TOP_K:
		return sink_axis(g, n, src, perm, -1);
	case OP_SPLIT:
		return sink_axis(g, n, src, perm, 0);
	case OP_QUANTIZE_LINEAR:
	case OP_DEQUANTIZE_LINEAR:
		return sink_quantize(g, n, src, perm);
	case OP_QUANT: /* scale, zero point and bits are one number each */
		return is_single(n->inputs[1]) && is_single(n->inputs[2]) &&
				       is_single(n->inputs[3]) ?
			       sink_unary(g, n, src, perm) :
			       0;
	case OP_ARG_MAX:
	case OP_ARG_MIN:
		return node_int(n, "keepdims", 1) ?
			       sink_axis(g, n, src, perm, 0) :
			       0;
	case OP_REDUCE_SUM:
	case OP_REDUCE_MEAN:
	case OP_REDUCE_MAX:
	case OP_REDUCE_MIN:
	case OP_REDUCE_PROD:
	case OP_REDUCE_L1:
	case OP_REDUCE_L2:
	case OP_REDUCE_SUM_SQUARE:
		return sink_reduce(g, n, src, perm);
	default:
		return 0;
	}
}
