/* SPDX-License-Identifier: Apache-2.0 */
/* Which values the device holds in 8 bits, and which share a scale. */
#include <math.h>
#include <string.h>

#include "quantizer/internal.h"

bool domain_has_weights(const struct node *n)
{
	const struct value *w = node_input(n, 1);

	if (n->tail || !w || !value_is_const(w) || w->dtype != DT_F32)
		return false;
	if (n->op == OP_GEMM)
		return node_int(n, "transB", 0) && !node_int(n, "transA", 0) &&
		       n->inputs[0]->shape.rank == 2;
	return (n->op == OP_CONV || n->op == OP_CONV_TRANSPOSE) &&
	       n->layout == LAYOUT_NHWC;
}

/* Operators whose output is made of the input's own numbers. */
static bool keeps_scale(enum op op)
{
	switch (op) {
	case OP_MAX_POOL:
	case OP_GLOBAL_MAX_POOL:
	case OP_RESIZE:
	case OP_PAD:
	case OP_SLICE:
	case OP_SPLIT:
	case OP_TRANSPOSE:
	case OP_RESHAPE:
	case OP_FLATTEN:
	case OP_SQUEEZE:
	case OP_UNSQUEEZE:
	case OP_IDENTITY:
	case OP_CHANNEL_SHUFFLE:
	case OP_SPACE_TO_DEPTH:
	case OP_DEPTH_TO_SPACE:
	case OP_GATHER:
	case OP_EXPAND:
		return true;
	default:
		return false;
	}
}

static bool reduces_image(const struct node *n)
{
	int64_t axes[2];

	return n->op == OP_REDUCE_MEAN && n->inputs[0]->shape.rank == 4 &&
	       node_const_ints(n, 1, axes, 2) == 2 && axes[0] + axes[1] == 3 &&
	       axes[0] * axes[1] == 2;
}

static bool unary_by_table(const struct node *n)
{
	if (!(op_info(n->op)->flags & OPF_U) || n->op == OP_CAST ||
	    n->op == OP_NOT)
		return false;
	for (int i = 1; i < n->input_count; i++)
		if (n->inputs[i] && !value_is_const(n->inputs[i]))
			return false;
	return true;
}

/* ---- Grids that the model brings ---- */

bool domain_grid(const struct node *n, struct domain_grid *grid)
{
	float zero, bits;
	int low;

	if (n->op != OP_QUANT || !node_const_float(n, 1, &grid->scale) ||
	    !node_const_float(n, 2, &zero) || !node_const_float(n, 3, &bits) ||
	    !(grid->scale > 0) || !(bits >= 2 && bits <= 8) ||
	    bits != rintf(bits) || zero != rintf(zero) ||
	    strcmp(node_string(n, "rounding_mode", "ROUND"), "ROUND") != 0)
		return false;
	grid->bits = (int)bits;
	low = -(1 << (grid->bits - 1));
	/* the device's codes are signed */
	zero += node_int(n, "signed", 1) ? 0 : (float)low;
	grid->zero_point = (int32_t)zero;
	return zero >= (float)low && zero < (float)-low;
}

/* Fewer codes than the device holds only come out of what clamps to them. */
static bool takes_grid(const struct node *n)
{
	const struct node *from = n->inputs[0]->producer;
	struct domain_grid grid;

	if (!domain_grid(n, &grid) || node_int(n, "narrow", 0))
		return false;
	return grid.bits == 8 || (from && value_readers(n->inputs[0]) == 1 &&
				  (domain_has_weights(from) ||
				   unary_by_table(from) || from->op == OP_ADD ||
				   from->op == OP_SUB || from->op == OP_MUL));
}

bool domain_is_integer(const struct node *n)
{
	if (n->tail || n->outputs[0]->dtype != DT_F32)
		return false;
	if (domain_has_weights(n) || unary_by_table(n) || reduces_image(n))
		return true;
	switch (n->op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
	case OP_CONCAT:
		return true;
	case OP_QUANT:
		return takes_grid(n);
	case OP_AVERAGE_POOL:
	case OP_GLOBAL_AVERAGE_POOL:
		return n->inputs[0]->shape.rank == 4;
	case OP_RESIZE:
		return n->layout == LAYOUT_NHWC;
	case OP_GATHER:
		return value_is_const(n->inputs[1]);
	default:
		return keeps_scale(n->op);
	}
}

const struct node *domain_table_behind(const struct value *v)
{
	const struct node *n = value_only_reader(v);

	if (!n || v->is_output || !(op_info(n->op)->flags & OPF_U) ||
	    n->inputs[0] != v || !domain_is_integer(n))
		return NULL;
	return n;
}

const struct node *domain_table_of_sums(const struct value *v)
{
	const struct node *conv = v->producer, *n = domain_table_behind(v);

	if (!n || !conv || conv->op != OP_CONV || !domain_has_weights(conv) ||
	    conv->act.kind != ACT_NONE || n->outputs[0]->dtype != DT_F32)
		return NULL;
	for (int i = 1; i < n->input_count; i++)
		if (n->inputs[i] && shape_elements(&n->inputs[i]->shape) != 1)
			return NULL;
	return n;
}

static bool read_by_integers(const struct value *v)
{
	for (int i = 0; i < v->use_count; i++) {
		const struct node *n = v->uses[i];

		/* Biases and parameters are not activations. */
		if (domain_is_integer(n) &&
		    (n->inputs[0] == v || n->op == OP_CONCAT ||
		     op_info(n->op)->flags & OPF_B))
			return true;
	}
	return false;
}

uint32_t domain_find(uint32_t *root, uint32_t id)
{
	while (root[id] != id) {
		root[id] = root[root[id]];
		id = root[id];
	}
	return id;
}

void domain_settle(const struct graph *g, uint32_t *root)
{
	for (uint32_t i = 0; i < g->value_count; i++)
		if (root[i] != DOMAIN_FLOAT)
			root[i] = domain_find(root, i);
}

/* An input of a Concat that nobody else reads, and whose scale is free, may
 * as well be computed in the scale of the whole. */
static bool may_join(const struct value *v)
{
	return v->producer && value_readers(v) == 1 &&
	       v->producer->op != OP_QUANT && !keeps_scale(v->producer->op);
}

static void join_concat(uint32_t *root, const struct node *n)
{
	uint32_t out = n->outputs[0]->id, same = DOMAIN_FLOAT;
	bool all_same = true;

	for (int i = 0; i < n->input_count; i++) {
		uint32_t id = n->inputs[i]->id;
		uint32_t r = root[id] == DOMAIN_FLOAT ? DOMAIN_FLOAT :
							domain_find(root, id);

		if (i > 0 && r != same)
			all_same = false;
		same = r;
	}
	if (all_same && same != DOMAIN_FLOAT) {
		root[domain_find(root, out)] = same;
		return;
	}
	for (int i = 0; i < n->input_count; i++)
		if (root[n->inputs[i]->id] != DOMAIN_FLOAT &&
		    may_join(n->inputs[i]))
			root[domain_find(root, n->inputs[i]->id)] =
				domain_find(root, out);
}

/* A value that only a Quant reads is computed in the grid that it rounds to,
 * unless it is made of numbers of another. `made`: the Quant whose grid a root
 * has. */
static void join_quant(uint32_t *root, const struct node **made,
		       const struct node *n)
{
	uint32_t x = n->inputs[0]->id, y = n->outputs[0]->id;
	struct domain_grid a, b;

	if (root[x] == DOMAIN_FLOAT || root[y] == DOMAIN_FLOAT ||
	    value_readers(n->inputs[0]) != 1)
		return;
	x = domain_find(root, x);
	y = domain_find(root, y);
	if (x == y ||
	    (made[x] && domain_grid(made[x], &a) && domain_grid(n, &b) &&
	     (a.scale != b.scale || a.zero_point != b.zero_point ||
	      a.bits != b.bits)))
		return;
	root[x] = y;
}

uint32_t *domain_assign(const struct graph *g, struct arena *a,
			const struct node ***grids)
{
	uint32_t *root = arena_array(a, g->value_count, sizeof(*root));
	const struct node **made =
		arena_array(a, g->value_count, sizeof(*made));
	struct domain_grid grid;

	if (!root || !made)
		return NULL;
	*grids = made;
	for (uint32_t i = 0; i < g->value_count; i++) {
		const struct value *v = g->values[i];

		root[i] = v->role != VALUE_CONSTANT && v->dtype == DT_F32 &&
					  read_by_integers(v) ?
				  i :
				  DOMAIN_FLOAT;
	}
	for (const struct node *n = g->first; n; n = n->next)
		if (domain_grid(n, &grid))
			made[n->outputs[0]->id] = n;
	for (const struct node *n = g->first; n; n = n->next) {
		if (!domain_is_integer(n) ||
		    root[n->outputs[0]->id] == DOMAIN_FLOAT)
			continue;
		if (n->op == OP_QUANT)
			join_quant(root, made, n);
		if (n->op == OP_CONCAT)
			join_concat(root, n);
		if (!keeps_scale(n->op) ||
		    root[n->inputs[0]->id] == DOMAIN_FLOAT)
			continue;
		for (int i = 0; i < n->output_count; i++)
			if (n->outputs[i] &&
			    root[n->outputs[i]->id] != DOMAIN_FLOAT)
				root[domain_find(root, n->outputs[i]->id)] =
					domain_find(root, n->inputs[0]->id);
	}
	domain_settle(g, root);
	return root;
}

/* What makes v clamps to the codes there are, or passes on what has them. */
static bool clamps(const struct value *v, const uint32_t *root)
{
	const struct node *n = v->producer;

	if (!n)
		return false;
	if (domain_has_weights(n) || unary_by_table(n))
		return true;
	switch (n->op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
		return true;
	case OP_CONCAT:
		for (int i = 0; i < n->input_count; i++)
			if (root[n->inputs[i]->id] != root[v->id])
				return false;
		return true;
	default:
		return keeps_scale(n->op) &&
		       root[n->inputs[0]->id] == root[v->id];
	}
}

static bool is_multiplied(const struct value *v)
{
	for (int i = 0; i < v->use_count; i++)
		if (v->uses[i]->inputs[0] == v &&
		    domain_has_weights(v->uses[i]))
			return true;
	return false;
}

bool *domain_few_bits(const struct graph *g, const uint32_t *root,
		      struct arena *a)
{
	bool *few = arena_array(a, g->value_count, sizeof(*few));

	for (uint32_t i = 0; few && i < g->value_count; i++)
		if (root[i] != DOMAIN_FLOAT && is_multiplied(g->values[i]))
			few[root[i]] = true;
	for (uint32_t i = 0; few && i < g->value_count; i++)
		if (root[i] != DOMAIN_FLOAT && !clamps(g->values[i], root))
			few[root[i]] = false;
	return few;
}

static enum op op_of_activation(enum act_kind kind)
{
	switch (kind) {
	case ACT_SILU:
		return OP_SWISH;
	case ACT_HARD_SWISH:
		return OP_HARD_SWISH;
	case ACT_SIGMOID:
		return OP_SIGMOID;
	case ACT_HARD_SIGMOID:
		return OP_HARD_SIGMOID;
	case ACT_TANH:
		return OP_TANH;
	case ACT_GELU:
		return OP_GELU;
	case ACT_MISH:
		return OP_MISH;
	case ACT_ELU:
		return OP_ELU;
	default:
		return OP_NONE;
	}
}

static int split_activation(struct graph *g, struct node *n, enum op op)
{
	struct value *y = n->outputs[0];
	struct value *x = graph_value(g, y->name, y->dtype, &y->shape);
	struct activation act = n->act;
	struct node *behind;

	if (!x)
		return -1;
	n->outputs[0] = x;
	x->producer = n;
	n->act = (struct activation){ ACT_NONE, 0, 0 };
	behind = graph_node(g, op, n->name, &x, 1, &y, 1, n->next);
	if (!behind)
		return -1;
	if (op == OP_HARD_SIGMOID || op == OP_ELU) {
		if (node_set_float(g, behind, "alpha", act.a))
			return -1;
	}
	return op == OP_HARD_SIGMOID ?
		       node_set_float(g, behind, "beta", act.b) :
		       0;
}

int domain_split_activations(struct graph *g)
{
	for (struct node *n = g->first; n; n = n->next) {
		enum op op = op_of_activation(n->act.kind);

		if (op != OP_NONE && split_activation(g, n, op))
			return -1;
	}
	return 0;
}
