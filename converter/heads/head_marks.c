/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_marks.h"

#include <stdlib.h>
#include <string.h>

#include "converter/heads/head_dataflow.h"
#include "evaluator/evaluator.h"

#define MAX_VALUES 64 /* that a node reads, or writes */
#define LONGEST 8     /* of the chains that are followed */

/* Boxes [1, n, 4] by a constant matrix, which makes corners of centers. */
static bool is_box_matrix(const struct node *n)
{
	const struct value *a = n->inputs[0], *b = n->inputs[1];

	return n->op == OP_MAT_MUL && b && value_is_const(b) &&
	       b->shape.rank == 2 && b->shape.dim[0] == 4 &&
	       b->shape.dim[1] == 4 && a->shape.rank == 3;
}

bool head_is_network(const struct node *n)
{
	return n->op == OP_CONV || n->op == OP_CONV_TRANSPOSE ||
	       n->op == OP_GEMM || (n->op == OP_MAT_MUL && !is_box_matrix(n));
}

/* Flags of the first inputs stay: what was applied before. */
static void mark_unknown(const struct node *n, const struct value *v,
			 uint32_t *const *all)
{
	uint32_t *marks = all[v->id];
	const uint32_t *from =
		n->input_count && n->inputs[0] ? all[n->inputs[0]->id] : NULL;
	uint32_t flags = (from ? from[0] >> MARK_NUMBER_BITS : 0) | TRACE_MIXED;
	int64_t count = shape_elements(&v->shape);

	for (int64_t i = 0; i < count; i++)
		marks[i] = MARK_UNKNOWN | (flags << MARK_NUMBER_BITS);
}

/* Marks are moved as floats, whatever the type of the values is. */
static void view_marks(const struct value *v, uint32_t *const *all,
		       struct value *copy, struct value **at, void **data)
{
	*at = NULL;
	*data = NULL;
	if (!v)
		return;
	*copy = *v;
	copy->dtype = DT_F32;
	*at = copy;
	*data = all[v->id];
}

struct moved {
	struct value copies[2 * MAX_VALUES];
	struct value *in[MAX_VALUES], *out[MAX_VALUES];
	void *from[MAX_VALUES], *to[MAX_VALUES];
};

static bool move(const struct node *n, uint32_t *const *all, struct moved *m)
{
	struct node copy = *n;
	struct diag quiet;
	bool done;

	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (i == 0 || n->op == OP_CONCAT) {
			view_marks(v, all, &m->copies[i], &m->in[i],
				   &m->from[i]);
			continue;
		}
		if (v && !value_is_const(v))
			return false;
		m->in[i] = n->inputs[i];
		m->from[i] = v ? (void *)v->data : NULL;
	}
	for (int i = 0; i < n->output_count; i++)
		view_marks(n->outputs[i], all, &m->copies[MAX_VALUES + i],
			   &m->out[i], &m->to[i]);
	copy.inputs = m->in;
	copy.outputs = m->out;
	diag_init(&quiet);
	done = eval_node(&copy, (const void *const *)m->from, m->to, &quiet) ==
	       0;
	diag_free(&quiet);
	return done;
}

/* Moves the marks as if they were the elements. */
static bool mark_moved(const struct node *n, uint32_t *const *all)
{
	struct moved *m;
	bool done;

	if (n->input_count > MAX_VALUES || n->output_count > MAX_VALUES)
		return false;
	m = calloc(1, sizeof(*m));
	done = m && move(n, all, m);
	free(m);
	return done;
}

static unsigned unary_flag(enum op op)
{
	switch (op) {
	case OP_SIGMOID:
	case OP_HARD_SIGMOID:
		return TRACE_SIGMOID;
	case OP_SOFTMAX:
		return TRACE_SOFTMAX;
	case OP_EXP:
		return TRACE_EXP;
	case OP_RELU:
	case OP_SOFTPLUS:
		return TRACE_POSITIVE;
	case OP_BATCH_NORM:
	case OP_CLIP:
	case OP_CAST:
	case OP_IDENTITY:
		return 0;
	default:
		return TRACE_MIXED;
	}
}

static bool is_pointwise(enum op op)
{
	return (op_info(op)->flags & OPF_U) || op == OP_SOFTMAX ||
	       op == OP_BATCH_NORM;
}

static void mark_pointwise(const struct node *n, uint32_t *const *all)
{
	const uint32_t *from = all[n->inputs[0]->id];
	uint32_t *to = all[n->outputs[0]->id];
	uint32_t flag = (uint32_t)unary_flag(n->op) << MARK_NUMBER_BITS;
	/* a factor before it could be part of the weights */
	uint32_t gone = flag ? (uint32_t)TRACE_SCALED << MARK_NUMBER_BITS : 0;
	int64_t count = shape_elements(&n->outputs[0]->shape);

	for (int64_t i = 0; i < count; i++)
		to[i] = from[i] == MARK_NONE ? MARK_NONE :
					       (from[i] & ~gone) | flag;
}

/* The element of `v` that is broadcast to element i of a result of shape `s`.
 */
static int64_t broadcast(const struct value *v, const struct shape *s,
			 int64_t i)
{
	int64_t at = 0, step = 1;

	for (int k = 1; k <= s->rank; k++) {
		int64_t x = i % s->dim[s->rank - k];

		i /= s->dim[s->rank - k];
		if (k > v->shape.rank)
			continue;
		if (v->shape.dim[v->shape.rank - k] > 1)
			at += x * step;
		step *= v->shape.dim[v->shape.rank - k];
	}
	return at;
}

static void mark_binary(const struct node *n, uint32_t *const *all)
{
	const struct value *out = n->outputs[0];
	const struct value *a = n->inputs[0], *b = n->inputs[1];
	bool factor = n->op == OP_MUL &&
		      (value_const_scalar(a, &(float){ 0 }) ||
		       value_const_scalar(b, &(float){ 0 }));
	int64_t count = shape_elements(&out->shape);

	for (int64_t i = 0; i < count; i++) {
		uint32_t x = all[a->id][broadcast(a, &out->shape, i)];
		uint32_t y = all[b->id][broadcast(b, &out->shape, i)];
		uint32_t flag = x != MARK_NONE && y != MARK_NONE ? TRACE_MIXED :
				factor ? TRACE_SCALED :
					 TRACE_AFFINE;
		/* of two, the first one's number and the flags of both */
		uint32_t mark = x == MARK_NONE ? y :
						 x | (y & ~MARK_NUMBER_MASK);

		all[out->id][i] = mark == MARK_NONE ?
					  MARK_NONE :
					  mark | (flag << MARK_NUMBER_BITS);
	}
}

/* Each number is mixed from those of its box; it stays the number of its
 * place. */
static void mark_mixed(const struct node *n, uint32_t *const *all)
{
	const uint32_t *from = all[n->inputs[0]->id];
	uint32_t *to = all[n->outputs[0]->id];
	int64_t count = shape_elements(&n->outputs[0]->shape);

	for (int64_t i = 0; i < count; i++)
		to[i] = from[i] |
			((from[i - i % 4 + (i + 2) % 4] & ~MARK_NUMBER_MASK) |
			 (uint32_t)TRACE_AFFINE << MARK_NUMBER_BITS);
}

/* ---- What belongs to a convolution ---- */

/* The scale of codes that the model finds while it runs, times constants. */
static bool is_run_scale(const struct value *v, int depth)
{
	const struct node *n = v ? v->producer : NULL;

	if (!n || depth == LONGEST)
		return false;
	if (n->op == OP_DYNAMIC_QUANTIZE_LINEAR)
		return n->output_count > 1 && n->outputs[1] == v;
	if (n->op != OP_MUL)
		return false;
	for (int i = 0; i < 2; i++)
		if (is_run_scale(n->inputs[i], depth + 1))
			return value_is_const(n->inputs[1 - i]) ||
			       is_run_scale(n->inputs[1 - i], depth + 1);
	return false;
}

/* The operand that `n` brings back to floats; NULL for none. */
static const struct value *rescaled(const struct node *n)
{
	for (int i = 0; n->op == OP_MUL && i < 2; i++)
		if (is_run_scale(n->inputs[1 - i], 0) &&
		    !is_run_scale(n->inputs[i], 0))
			return n->inputs[i];
	return NULL;
}

/* Sums of a convolution, in floats, before its bias. */
static bool is_sum(const struct value *v)
{
	for (int i = 0; v && i < LONGEST; i++) {
		const struct node *n = v->producer;

		if (!n)
			return false;
		if (n->op == OP_CONV || n->op == OP_CONV_TRANSPOSE)
			return true;
		if (n->op == OP_CAST || n->op == OP_IDENTITY)
			v = n->inputs[0];
		else
			v = rescaled(n);
	}
	return false;
}

/* One number for each channel, [C, 1, ...] or [1, C, 1, ...]. */
static bool is_by_channel(const struct value *v, const struct shape *out)
{
	int channel = v->shape.rank - out->rank + 1;

	return value_is_const(v) && out->rank > 2 && channel >= 0 &&
	       v->shape.dim[channel] == out->dim[1] &&
	       shape_elements(&v->shape) == out->dim[1];
}

/* The operand that `n` adds a bias to; NULL for none. */
static const struct value *biased(const struct node *n)
{
	for (int i = 0; n->op == OP_ADD && i < 2; i++)
		if (is_by_channel(n->inputs[1 - i], &n->outputs[0]->shape) &&
		    is_sum(n->inputs[i]))
			return n->inputs[i];
	return NULL;
}

static const struct value *kept(const struct node *n)
{
	switch (n->op) {
	case OP_QUANTIZE_LINEAR:
	case OP_DEQUANTIZE_LINEAR:
	case OP_DYNAMIC_QUANTIZE_LINEAR:
		return n->inputs[0];
	case OP_MUL:
		return rescaled(n);
	case OP_ADD:
		return biased(n);
	default:
		return NULL;
	}
}

const struct value *head_kept(const struct node *n)
{
	const struct value *from = kept(n), *to = n->outputs[0];

	return from && to && shape_equal(&from->shape, &to->shape) ? from :
								     NULL;
}

static bool mark_kept(const struct node *n, uint32_t *const *all)
{
	const struct value *from = head_kept(n), *to = n->outputs[0];

	if (!from)
		return false;
	memcpy(all[to->id], all[from->id],
	       (size_t)shape_elements(&to->shape) * sizeof(uint32_t));
	for (int i = 1; i < n->output_count; i++)
		if (n->outputs[i])
			mark_unknown(n, n->outputs[i], all);
	return true;
}

/* ---- Any node ---- */

void head_mark_node(const struct node *n, uint32_t *const *all)
{
	if (n->input_count && n->inputs[0] && mark_kept(n, all))
		return;
	if ((op_info(n->op)->flags & OPF_S) && mark_moved(n, all))
		return;
	if (is_box_matrix(n)) {
		mark_mixed(n, all);
		return;
	}
	if (is_pointwise(n->op)) {
		mark_pointwise(n, all);
		return;
	}
	if ((op_info(n->op)->flags & OPF_B) && n->inputs[0] && n->inputs[1]) {
		mark_binary(n, all);
		return;
	}
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i])
			mark_unknown(n, n->outputs[i], all);
}
