/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/layout_permute.h"

#include <string.h>

struct shape layout_permuted(const struct shape *s, const int64_t *perm)
{
	struct shape out = *s;

	for (int i = 0; i < s->rank; i++)
		out.dim[i] = s->dim[perm[i]];
	return out;
}

void layout_invert(const int64_t *perm, int rank, int64_t *out)
{
	for (int i = 0; i < rank; i++)
		out[perm[i]] = i;
}

bool layout_is_identity(const int64_t *perm, int rank)
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

	if (layout_is_identity(perm, y->shape.rank))
		return 0;
	layout_invert(perm, y->shape.rank, inverse);
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

/* Reorders a trained grid with its values. */
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
