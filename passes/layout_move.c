/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/layout_move.h"

#include <string.h>

#include "passes/layout_permute.h"

/* The input of the Transpose that computes v, with its perm; NULL if there is
 * none. */
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
	if (layout_is_identity(both, rank) && !n->outputs[0]->is_output)
		return graph_replace(g, n->outputs[0], src);
	return 0;
}

static bool is_single(const struct value *v)
{
	return shape_elements(&v->shape) == 1;
}

/* A constant operand in the order of the Transpose's input. */
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
	layout_invert(perm, rank, inverse);
	return layout_permute_constant(g, wide, inverse);
}

/* All operands of n can be reordered, and no more Transposes are added than
 * moved. */
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
	layout_invert(perm, rank, inverse);
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

/* Operators with an axis attribute that keep the rank. */
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

/* One scale, or one for each entry of `axis`; not blocks of entries. */
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
	/* Without keepdims: old output dim k is source dim perm[i] of the k-th
	 * kept dim. In the new output it follows the kept dims before
	 * perm[i]. */
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
	int64_t key; /* position in the source order */
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
	/* The remaining dims of one side are 1. */
	groups[count - 1].in_count += in->rank - i;
	groups[count - 1].out_count += out->rank - k;
	return count;
}

/* The run is contiguous and in the same order in the source as well. */
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
 * [N, C, H, W] flattened for a fully connected layer: the constant weights of
 * the layer are reordered instead.
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
	layout_invert(perm, in->rank, inverse);
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

/* The default axis is -1 (Softmax and LogSoftmax since opset 13, TopK). */
static int sink_last_axis(struct graph *g, struct node *n, struct value *src,
			  const int64_t *perm)
{
	return sink_axis(g, n, src, perm, -1);
}

static int sink_split(struct graph *g, struct node *n, struct value *src,
		      const int64_t *perm)
{
	return sink_axis(g, n, src, perm, 0);
}

/* ArgMax, ArgMin. */
static int sink_arg(struct graph *g, struct node *n, struct value *src,
		    const int64_t *perm)
{
	return node_int(n, "keepdims", 1) ? sink_axis(g, n, src, perm, 0) : 0;
}

/* Quant of QONNX, if scale, zero point and bits are one number each. */
static int sink_quant(struct graph *g, struct node *n, struct value *src,
		      const int64_t *perm)
{
	for (int i = 1; i < 4; i++)
		if (!is_single(n->inputs[i]))
			return 0;
	return sink_unary(g, n, src, perm);
}

typedef int sink_fn(struct graph *g, struct node *n, struct value *src,
		    const int64_t *perm);

/* Operators whose first input alone may come from a Transpose. An operator
 * without a row keeps its Transpose. */
static sink_fn *const sink_table[OP_COUNT] = {
	[OP_TRANSPOSE] = sink_transpose,
	[OP_RESHAPE] = sink_reshape,
	[OP_SLICE] = sink_slice,
	[OP_PAD] = sink_pad,
	[OP_SOFTMAX] = sink_last_axis,
	[OP_LOG_SOFTMAX] = sink_last_axis,
	[OP_TOP_K] = sink_last_axis,
	[OP_SPLIT] = sink_split,
	[OP_QUANTIZE_LINEAR] = sink_quantize,
	[OP_DEQUANTIZE_LINEAR] = sink_quantize,
	[OP_QUANT] = sink_quant,
	[OP_ARG_MAX] = sink_arg,
	[OP_ARG_MIN] = sink_arg,
	[OP_REDUCE_SUM] = sink_reduce,
	[OP_REDUCE_MEAN] = sink_reduce,
	[OP_REDUCE_MAX] = sink_reduce,
	[OP_REDUCE_MIN] = sink_reduce,
	[OP_REDUCE_PROD] = sink_reduce,
	[OP_REDUCE_L1] = sink_reduce,
	[OP_REDUCE_L2] = sink_reduce,
	[OP_REDUCE_SUM_SQUARE] = sink_reduce,
};

/* Elementwise with several inputs, or Concat: any input may be transposed. */
static bool sinks_operands(enum op op)
{
	return op_info(op)->flags & (OPF_B | OPF_V) || op == OP_CONCAT ||
	       op == OP_WHERE;
}

bool layout_is_spatial(enum op op)
{
	switch (op) {
	case OP_CONV:
	case OP_CONV_TRANSPOSE:
	case OP_MAX_POOL:
	case OP_AVERAGE_POOL:
	case OP_GLOBAL_AVERAGE_POOL:
	case OP_GLOBAL_MAX_POOL:
	case OP_RESIZE:
	case OP_DEPTH_TO_SPACE:
	case OP_SPACE_TO_DEPTH:
	case OP_CHANNEL_SHUFFLE:
	case OP_INSTANCE_NORM:
	case OP_LRN:
		return true;
	default:
		return false;
	}
}

bool layout_sinks(enum op op)
{
	return sinks_operands(op) || op_info(op)->flags & OPF_U ||
	       sink_table[op];
}

int layout_sink(struct graph *g, struct node *n)
{
	int64_t perm[GRAPH_MAX_RANK];
	struct value *src = NULL;

	if (sinks_operands(n->op)) {
		for (int i = 0; i < n->input_count && !src; i++)
			src = source_of(n->inputs[i], perm);
		return src ? sink_operands(g, n, perm) : 0;
	}
	src = source_of(node_input(n, 0), perm);
	if (!src)
		return 0;
	if (op_info(n->op)->flags & OPF_U)
		return sink_unary(g, n, src, perm);
	return sink_table[n->op] ? sink_table[n->op](g, n, src, perm) : 0;
}
