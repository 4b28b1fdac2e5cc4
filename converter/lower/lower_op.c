/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that several nodes are lowered to: see lower.h. */
#include "converter/lower/lower_op.h"

#include <assert.h>

#include <float.h>

#include "converter/lower/lower_refusal.h"
#include "converter/lower/lower_tensor.h"

struct dev_op *lower_op(struct lower *l, enum dbp_op_kind kind,
			const uint32_t *inputs, int input_count, uint32_t out,
			const void *params, size_t params_bytes)
{
	struct dev_op *op = dev_add_op(l->m, kind, inputs, input_count, &out, 1,
				       params, params_bytes);

	op->node = l->node;
	return op;
}

uint32_t lower_op1(struct lower *l, enum dbp_op_kind kind, uint32_t in,
		   uint32_t out, const void *params, size_t params_bytes)
{
	lower_op(l, kind, &in, 1, out, params, params_bytes);
	return out;
}

int lower_axis(struct lower *l, uint32_t t, int rank, int64_t axis)
{
	/* Drops leading dims of 1 if the rank is larger than that of the
	 * device. */
	int64_t lost = rank - l->m->tensors[t].rank;

	if (axis < 0)
		axis += rank;
	if (rank > 0)
		axis -= lost;
	if (axis < 0 || axis >= l->m->tensors[t].rank)
		return lower_refuse(l, "an axis over a dimension that the "
				       "device drops is not supported");
	return (int)axis;
}

uint32_t lower_transpose(struct lower *l, uint32_t t, const int64_t *perm)
{
	struct shape from = lower_shape(l, t), to = from;
	struct dbp_transpose p = { { 0 } };
	bool moves = false;

	for (int i = 0; i < from.rank; i++) {
		p.perm[i] = (uint32_t)perm[i];
		to.dim[i] = from.dim[perm[i]];
		if (perm[i] != i)
			moves = true;
	}
	if (!moves)
		return t;
	return lower_op1(l, DBP_OP_TRANSPOSE, t, lower_tensor_like(l, t, &to),
			 &p, sizeof(p));
}

/* ---- Images ---- */

/* Adds a second spatial dim of 1 to images with one. */
static struct shape with_two_spatial(const struct shape *s, bool nhwc)
{
	if (s->rank == 4)
		return *s;
	return nhwc ? shape_4(s->dim[0], 1, s->dim[1], s->dim[2]) :
		      shape_4(s->dim[0], s->dim[1], 1, s->dim[2]);
}

uint32_t lower_to_nhwc(struct lower *l, const struct node *n, uint32_t t)
{
	bool nhwc = n->layout == LAYOUT_NHWC;
	struct shape s = lower_shape(l, t);

	s = with_two_spatial(&s, nhwc);
	t = lower_reshape(l, t, &s);
	return nhwc ? t : lower_transpose(l, t, (int64_t[]){ 0, 2, 3, 1 });
}

void lower_store_nhwc(struct lower *l, const struct node *n, uint32_t t)
{
	if (n->layout != LAYOUT_NHWC)
		t = lower_transpose(l, t, (int64_t[]){ 0, 3, 1, 2 });
	lower_store(l, n->outputs[0], t);
}

/* ---- Float arithmetic ---- */

uint32_t lower_unary(struct lower *l, enum dbp_unary kind, uint32_t t, float a,
		     float b)
{
	struct dbp_unary_params p = { (uint32_t)kind, a, b };
	struct shape s = lower_shape(l, t);

	assert(kind != 0); /* a graph operator without a row */
	return lower_op1(l, DBP_OP_UNARY, t, lower_tensor(l, DBP_F32, &s, NULL),
			 &p, sizeof(p));
}

static struct shape broadcast_shape(const struct lower *l, uint32_t a,
				    uint32_t b)
{
	struct shape s = lower_shape(l, a), t = lower_shape(l, b);

	if (s.rank < t.rank) {
		struct shape other = s;

		s = t;
		t = other;
	}
	for (int i = 0; i < t.rank; i++)
		if (s.dim[s.rank - t.rank + i] == 1)
			s.dim[s.rank - t.rank + i] = t.dim[i];
	return s;
}

uint32_t lower_binary(struct lower *l, enum dbp_binary kind, uint32_t a,
		      uint32_t b)
{
	struct dbp_binary_params p = { (uint32_t)kind };
	struct shape s = broadcast_shape(l, a, b);
	uint32_t out = lower_tensor(l, DBP_F32, &s, NULL);

	assert(kind != 0); /* a graph operator without a row */
	lower_op(l, DBP_OP_BINARY, (uint32_t[]){ a, b }, 2, out, &p, sizeof(p));
	return out;
}

uint32_t lower_binary_scalar(struct lower *l, enum dbp_binary kind, uint32_t a,
			     float b)
{
	struct shape s = shape_1(1);

	return lower_binary(l, kind, a, lower_constant_f32(l, &s, &b));
}

uint32_t lower_act_f32(struct lower *l, const struct activation *act,
		       uint32_t t)
{
	static const enum dbp_unary kinds[ACT_COUNT] = {
		[ACT_LEAKY_RELU] = DBP_U_LEAKY,
		[ACT_SILU] = DBP_U_SILU,
		[ACT_HARD_SWISH] = DBP_U_HARD_SWISH,
		[ACT_SIGMOID] = DBP_U_SIGMOID,
		[ACT_HARD_SIGMOID] = DBP_U_HARD_SIGMOID,
		[ACT_TANH] = DBP_U_TANH,
		[ACT_GELU] = DBP_U_GELU,
		[ACT_MISH] = DBP_U_MISH,
		[ACT_ELU] = DBP_U_ELU,
		[ACT_CLIP] = DBP_U_CLIP,
	};

	if (act->kind == ACT_NONE)
		return t;
	if (act->kind == ACT_RELU)
		return lower_unary(l, DBP_U_CLIP, t, 0, FLT_MAX);
	return lower_unary(l, kinds[act->kind], t, act->a, act->b);
}

int lower_finish_f32(struct lower *l, const struct node *n, uint32_t t)
{
	lower_store(l, n->outputs[0], lower_act_f32(l, &n->act, t));
	return 0;
}
