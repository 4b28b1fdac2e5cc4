/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Activations that exporters write as several nodes become one node. Each
 * matcher starts at the last node of its pattern and returns the operator and
 * the input. A pattern whose inner results have other readers is not replaced.
 */
#include <float.h>

#include "passes/match.h"
#include "passes/passes.h"

struct found_activation {
	enum op op;
	struct value *x;
	float alpha, beta;        /* HardSigmoid; LeakyRelu: alpha */
	struct value *low, *high; /* Clip */
};

typedef bool match_fn(const struct node *n, struct found_activation *f);

/* n is `op` with x as one operand and the number k as the other. */
static struct value *times_or_plus(const struct node *n, enum op op, double k)
{
	struct value *x;
	float number;

	if (!n || n->op != op || !match_scalar(n, &number, &x, NULL))
		return NULL;
	return match_near((double)number, k) ? x : NULL;
}

/* x / k or x * (1 / k). */
static struct value *divided(const struct node *n, double k)
{
	struct value *x;
	float number;
	bool swapped;

	if (!n)
		return NULL;
	x = times_or_plus(n, OP_MUL, 1 / k);
	if (x)
		return x;
	if (n->op != OP_DIV || !match_scalar(n, &number, &x, &swapped) ||
	    swapped)
		return NULL;
	return match_near((double)number, k) ? x : NULL;
}

static bool clip_bounds(const struct node *n, float *low, float *high)
{
	const struct value *a = node_input(n, 1), *b = node_input(n, 2);

	*low = -FLT_MAX;
	*high = FLT_MAX;
	return (!a || value_const_scalar(a, low)) &&
	       (!b || value_const_scalar(b, high));
}

/* clip(x + 3, 0, 6): x. */
static struct value *shifted_relu6(const struct value *v)
{
	struct node *clip = match_inner(v, OP_CLIP);
	float low, high;

	if (!clip || !clip_bounds(clip, &low, &high) || low != 0 || high != 6)
		return NULL;
	return times_or_plus(match_inner(clip->inputs[0], OP_ADD), OP_ADD, 3);
}

/* ---- Patterns, by their last node ---- */

static bool silu(const struct node *n, struct found_activation *f)
{
	for (int i = 0; i < 2; i++) {
		struct node *s = match_inner(n->inputs[i], OP_SIGMOID);

		if (s && s->inputs[0] == n->inputs[1 - i]) {
			*f = (struct found_activation){ .op = OP_SWISH,
							.x = n->inputs[1 - i] };
			return true;
		}
	}
	return false;
}

/* x * hard_sigmoid(x) with slope 1/6. */
static bool hard_swish_by_sigmoid(const struct node *n,
				  struct found_activation *f)
{
	for (int i = 0; i < 2; i++) {
		struct node *s = match_inner(n->inputs[i], OP_HARD_SIGMOID);

		if (s && s->inputs[0] == n->inputs[1 - i] &&
		    match_near((double)node_float(s, "alpha", 0.2f), 1.0 / 6) &&
		    match_near((double)node_float(s, "beta", 0.5f), 0.5)) {
			*f = (struct found_activation){ .op = OP_HARD_SWISH,
							.x = n->inputs[1 - i] };
			return true;
		}
	}
	return false;
}

/* (x * clip(x + 3, 0, 6)) / 6. */
static bool hard_swish_by_clip(const struct node *n, struct found_activation *f)
{
	struct value *product = divided(n, 6);
	struct node *mul = product ? match_inner(product, OP_MUL) : NULL;

	for (int i = 0; mul && i < 2; i++)
		if (shifted_relu6(mul->inputs[i]) == mul->inputs[1 - i]) {
			*f = (struct found_activation){
				.op = OP_HARD_SWISH, .x = mul->inputs[1 - i]
			};
			return true;
		}
	return false;
}

/* clip(x + 3, 0, 6) / 6. */
static bool hard_sigmoid(const struct node *n, struct found_activation *f)
{
	struct value *clipped = divided(n, 6);
	struct value *x = clipped ? shifted_relu6(clipped) : NULL;

	*f = (struct found_activation){ .op = OP_HARD_SIGMOID,
					.x = x,
					.alpha = (float)(1.0 / 6),
					.beta = 0.5f };
	return x != NULL;
}

/* 1 + erf(x / sqrt 2): x. */
static struct value *erf_part(const struct value *v)
{
	struct value *inner = times_or_plus(match_inner(v, OP_ADD), OP_ADD, 1);
	struct node *erf = inner ? match_inner(inner, OP_ERF) : NULL;
	const struct value *scaled = erf ? erf->inputs[0] : NULL;

	if (!scaled || value_readers(scaled) != 1)
		return NULL;
	return divided(scaled->producer, 1.41421356237309504880);
}

/* One half of v: v = 0.5 * w gives w. */
static struct value *halved(const struct value *v)
{
	return v && value_readers(v) == 1 ? divided(v->producer, 2) : NULL;
}

static bool gelu_product(const struct value *a, const struct value *b,
			 struct found_activation *f)
{
	struct value *x = erf_part(b);

	*f = (struct found_activation){ .op = OP_GELU, .x = x };
	return x && a == x;
}

/* 0.5 * x * (1 + erf(x / sqrt 2)), the factor 0.5 anywhere. */
static bool gelu(const struct node *n, struct found_activation *f)
{
	struct value *inner = divided(n, 2);
	struct node *mul = inner ? match_inner(inner, OP_MUL) : NULL;

	for (int i = 0; i < 2; i++) {
		const struct value *a, *b, *half;

		if (mul && gelu_product(mul->inputs[i], mul->inputs[1 - i], f))
			return true;
		if (n->op != OP_MUL)
			continue;
		a = n->inputs[i];
		b = n->inputs[1 - i];
		half = halved(a);
		if (half && gelu_product(half, b, f))
			return true;
		half = halved(b);
		if (half && gelu_product(a, half, f))
			return true;
	}
	return false;
}

/* log(1 + exp(x)). */
static bool softplus(const struct node *n, struct found_activation *f)
{
	struct value *sum = n->inputs[0];
	struct value *e = times_or_plus(match_inner(sum, OP_ADD), OP_ADD, 1);
	struct node *exp = e ? match_inner(e, OP_EXP) : NULL;

	*f = (struct found_activation){ .op = OP_SOFTPLUS,
					.x = exp ? exp->inputs[0] : NULL };
	return exp != NULL;
}

/* x * tanh(softplus(x)). */
static bool mish(const struct node *n, struct found_activation *f)
{
	for (int i = 0; i < 2; i++) {
		struct node *t = match_inner(n->inputs[i], OP_TANH);
		struct node *s = t ? match_inner(t->inputs[0], OP_SOFTPLUS) :
				     NULL;

		if (s && s->inputs[0] == n->inputs[1 - i]) {
			*f = (struct found_activation){ .op = OP_MISH,
							.x = s->inputs[0] };
			return true;
		}
	}
	return false;
}

/* Clip with the lower bound 0 and no upper bound. */
static bool relu_by_clip(const struct node *n, struct found_activation *f)
{
	float low, high;

	*f = (struct found_activation){ .op = OP_RELU, .x = n->inputs[0] };
	return clip_bounds(n, &low, &high) && low == 0 && high >= FLT_MAX;
}

/* max(x, a * x) with a between 0 and 1. */
static bool leaky_by_max(const struct node *n, struct found_activation *f)
{
	for (int i = 0; n->input_count == 2 && i < 2; i++) {
		struct node *mul = match_inner(n->inputs[i], OP_MUL);
		struct value *x;
		float a;

		if (!mul || !match_scalar(mul, &a, &x, NULL) ||
		    x != n->inputs[1 - i] || !(a > 0 && a < 1))
			continue;
		*f = (struct found_activation){ .op = OP_LEAKY_RELU,
						.x = x,
						.alpha = a };
		return true;
	}
	return false;
}

/* max(x, number) and min(x, number). */
static bool clip_by_extreme(const struct node *n, struct found_activation *f)
{
	struct value *x;
	float number;
	bool swapped;

	if (n->input_count != 2 || !match_scalar(n, &number, &x, &swapped) ||
	    n->inputs[0]->dtype != DT_F32)
		return false;
	*f = (struct found_activation){ .op = OP_CLIP, .x = x };
	if (n->op == OP_MAX && number == 0)
		f->op = OP_RELU;
	else if (n->op == OP_MAX)
		f->low = n->inputs[swapped ? 0 : 1];
	else
		f->high = n->inputs[swapped ? 0 : 1];
	return true;
}

/* One slope for all channels. */
static bool leaky_by_prelu(const struct node *n, struct found_activation *f)
{
	const struct value *slope = n->inputs[1];
	const float *a;
	int64_t count = shape_elements(&slope->shape);

	if (!value_is_const(slope) || slope->dtype != DT_F32 || count < 1)
		return false;
	a = slope->data;
	for (int64_t i = 1; i < count; i++)
		if (a[i] != a[0])
			return false;
	*f = (struct found_activation){ .op = OP_LEAKY_RELU,
					.x = n->inputs[0],
					.alpha = a[0] };
	return true;
}

/* In this order: a pattern comes before patterns that are part of it. */
static const struct {
	enum op last;
	match_fn *match;
} patterns[] = {
	{ OP_MUL, silu },
	{ OP_MUL, hard_swish_by_sigmoid },
	{ OP_MUL, hard_swish_by_clip },
	{ OP_DIV, hard_swish_by_clip },
	{ OP_MUL, hard_sigmoid },
	{ OP_DIV, hard_sigmoid },
	{ OP_MUL, gelu },
	{ OP_DIV, gelu },
	{ OP_MUL, mish },
	{ OP_LOG, softplus },
	{ OP_CLIP, relu_by_clip },
	{ OP_MAX, leaky_by_max },
	{ OP_MAX, clip_by_extreme },
	{ OP_MIN, clip_by_extreme },
	{ OP_PRELU, leaky_by_prelu },
};

/* A bound reshaped to a scalar. */
static struct value *bound(struct graph *g, const struct value *v)
{
	return graph_const_f32(g, v->name, -1, v->data);
}

static int set_bounds(struct graph *g, struct node *n,
		      const struct found_activation *f)
{
	struct value *low = f->low ? bound(g, f->low) : NULL;
	struct value *high = f->high ? bound(g, f->high) : NULL;

	if (graph_set_input(g, n, 1, low))
		return -1;
	if (!high) {
		n->input_count = low ? 2 : 1;
		return low || !f->low ? 0 : -1;
	}
	return graph_set_input(g, n, 2, high);
}

static int put(struct graph *g, struct node *n,
	       const struct found_activation *f)
{
	struct node *made;

	made = match_put(g, n, f->op, f->x);
	if (!made)
		return -1;
	switch (f->op) {
	case OP_HARD_SIGMOID:
		return node_set_float(g, made, "alpha", f->alpha) ||
				       node_set_float(g, made, "beta",
						      f->beta) ?
			       -1 :
			       0;
	case OP_LEAKY_RELU:
		return node_set_float(g, made, "alpha", f->alpha);
	case OP_CLIP:
		return set_bounds(g, made, f);
	default:
		return 0;
	}
}

static int recognise(struct graph *g, struct node *n)
{
	const size_t count = sizeof(patterns) / sizeof(*patterns);
	const struct value *y = n->outputs[0];

	for (size_t i = 0; y && y->dtype == DT_F32 && i < count; i++) {
		struct found_activation f;

		if (n->op == patterns[i].last && patterns[i].match(n, &f) &&
		    shape_equal(&f.x->shape, &y->shape))
			return put(g, n, &f);
	}
	return 0;
}

/* In order, so that a pattern can contain activations recognised before. The
 * rest of a pattern is removed at the end. */
int pass_recognise_activations(struct graph *g, const struct config *c,
			       struct diag *d)
{
	struct node *next;

	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if (recognise(g, n))
			return diag_error(d, "out of memory");
	}
	return pass_drop_dead(g, c, d);
}
