/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folds batch norm, and Mul and Add with one constant for each channel, into
 * the layer before or behind: y = scale[c] * x + shift[c]. All sums are in
 * double.
 */
#include <assert.h>
#include <float.h>
#include <stdlib.h>

#include "evaluator/detmath.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/trained_codes.h"

struct affine {
	int64_t channels;
	double *scale, *shift;
};

static int affine_init(struct affine *a, int64_t channels)
{
	a->channels = channels;
	a->scale = calloc((size_t)channels + 1, sizeof(double));
	a->shift = calloc((size_t)channels + 1, sizeof(double));
	return a->scale && a->shift ? 0 : -1;
}

static void affine_free(struct affine *a)
{
	free(a->scale);
	free(a->shift);
}

static bool is_floats(const struct value *v)
{
	return value_is_const(v) && v->dtype == DT_F32;
}

static int64_t channels_of(const struct value *v)
{
	return v->shape.rank > 1 ? v->shape.dim[1] : 1;
}

/* ---- Scale and shift of a node ---- */

static bool is_finite(double x)
{
	return x >= -(double)FLT_MAX && x <= (double)FLT_MAX;
}

static int read_batch_norm(const struct node *n, struct affine *a,
			   struct diag *d)
{
	const float *gamma = n->inputs[1]->data, *beta = n->inputs[2]->data;
	const float *mean = n->inputs[3]->data, *var = n->inputs[4]->data;
	double epsilon = (double)node_float(n, "epsilon", 1e-5f);

	if (affine_init(a, channels_of(n->inputs[0])))
		return diag_error(d, "out of memory");
	for (int64_t c = 0; c < a->channels; c++) {
		double v = (double)var[c] + epsilon;

		if (!(v > 0))
			return node_error(d, n,
					  "the variance of channel %lld "
					  "is %g",
					  (long long)c, (double)var[c]);
		a->scale[c] = (double)gamma[c] / det_sqrt(v);
		a->shift[c] = (double)beta[c] - (double)mean[c] * a->scale[c];
		if (!is_finite(a->scale[c]) || !is_finite(a->shift[c]))
			return node_error(d, n,
					  "the numbers of channel %lld "
					  "are not finite",
					  (long long)c);
	}
	return 0;
}

static bool has_constants(const struct node *n)
{
	for (int i = 1; i < 5; i++)
		if (!is_floats(n->inputs[i]))
			return false;
	return true;
}

/* The constant is one number, or one for each channel of y (dim 1). */
static bool is_per_channel(const struct value *v, const struct value *y)
{
	int lead = y->shape.rank - v->shape.rank;
	int64_t count = shape_elements(&v->shape);

	if (lead < 0 || count < 1)
		return false;
	for (int i = 0; i < v->shape.rank; i++)
		if (v->shape.dim[i] != 1 &&
		    (i + lead != 1 || v->shape.dim[i] != y->shape.dim[1]))
			return false;
	return true;
}

/* x op k, or k op x if x is not the first operand, as scale * x + shift. */
static void set_arithmetic(enum op op, bool first, double k, double *scale,
			   double *shift)
{
	*scale = 1;
	*shift = 0;
	switch (op) {
	case OP_MUL:
		*scale = k;
		break;
	case OP_DIV:
		*scale = 1 / k;
		break;
	case OP_ADD:
		*shift = k;
		break;
	case OP_SUB:
		*scale = first ? 1 : -1;
		*shift = first ? -k : k;
		break;
	default:
		assert(!"Add, Sub, Mul or Div");
	}
}

/* A Mul, Add, Sub or Div of x with one constant for each channel. */
static bool is_arithmetic(const struct node *n, const struct value *x)
{
	const struct value *v = match_other(n, x), *y = n->outputs[0];

	if (n->op != OP_MUL && n->op != OP_ADD && n->op != OP_SUB &&
	    (n->op != OP_DIV || n->inputs[0] != x))
		return false;
	return is_floats(v) && n->act.kind == ACT_NONE && y->shape.rank > 1 &&
	       shape_equal(&x->shape, &y->shape) && is_per_channel(v, y);
}

/* *fits: false if a number is not finite, as after a division by 0. */
static int read_arithmetic(const struct node *n, const struct value *x,
			   struct affine *a, bool *fits)
{
	const struct value *v = match_other(n, x);
	int64_t count = shape_elements(&v->shape);

	if (affine_init(a, channels_of(x)))
		return -1;
	*fits = true;
	for (int64_t c = 0; c < a->channels; c++) {
		float k = ((const float *)v->data)[count == 1 ? 0 : c];

		set_arithmetic(n->op, n->inputs[0] == x, (double)k,
			       &a->scale[c], &a->shift[c]);
		*fits &= is_finite(a->scale[c]) && is_finite(a->shift[c]);
	}
	return 0;
}

/* ---- Into the layer before ---- */

static bool is_layer(const struct node *n)
{
	if (n->op == OP_GEMM && !node_int(n, "transB", 0))
		return false;
	return (n->op == OP_CONV || n->op == OP_CONV_TRANSPOSE ||
		n->op == OP_GEMM) &&
	       is_floats(n->inputs[1]) &&
	       (!node_input(n, 2) || is_floats(n->inputs[2])) &&
	       n->act.kind == ACT_NONE;
}

/* The layer before n, if n is the only reader of its output. */
static struct node *layer_before(const struct value *x)
{
	struct node *n = x->producer;

	return n && value_only_reader(x) && is_layer(n) ? n : NULL;
}

/* The output channel of weights [i][k]: the first dim for Conv and Gemm;
 * ConvTranspose has inputs first, then the outputs of one group. */
static int64_t output_channel(const struct node *n, int64_t i, int64_t k)
{
	const struct shape *s = &n->inputs[1]->shape;
	int64_t groups = node_int(n, "group", 1);

	if (n->op != OP_CONV_TRANSPOSE)
		return i;
	return i / (s->dim[0] / groups) * s->dim[1] + k;
}

static struct value *floats_like(struct graph *g, const struct value *v,
				 float **data)
{
	*data = arena_array(g->arena, (size_t)shape_elements(&v->shape),
			    sizeof(**data));
	return *data ? graph_constant(g, v->name, DT_F32, &v->shape, *data) :
		       NULL;
}

static struct value *new_bias(struct graph *g, const struct node *n,
			      int64_t channels, float **data)
{
	const struct value *old = node_input(n, 2);

	*data = arena_array(g->arena, (size_t)channels, sizeof(**data));
	return *data ? graph_constant(g, old ? old->name : n->name, DT_F32,
				      &(struct shape){ 1, { channels } },
				      *data) :
		       NULL;
}

static double old_bias(const struct node *n, int64_t c)
{
	const struct value *b = node_input(n, 2);

	return b ? (double)((const float *)b->data)[c] : 0;
}

static void scale_outputs(const struct node *layer, const struct affine *a,
			  float *to)
{
	const struct shape *s = &layer->inputs[1]->shape;
	const float *from = layer->inputs[1]->data;
	int64_t taps = 1;

	for (int i = 2; i < s->rank; i++)
		taps *= s->dim[i];
	for (int64_t i = 0; i < s->dim[0]; i++)
		for (int64_t k = 0; k < s->dim[1]; k++) {
			double scale = a->scale[output_channel(layer, i, k)];

			for (int64_t t = 0; t < taps; t++)
				*to++ = (float)((double)*from++ * scale);
		}
}

/* Keeps trained codes: see trained_codes_scale(). */
static int scale_codes(struct graph *g, const struct node *layer,
		       const struct affine *a, struct value *weights, float *to)
{
	bool is_transposed = layer->op == OP_CONV_TRANSPOSE;

	if (is_transposed && node_int(layer, "group", 1) != 1)
		return 0;
	return trained_codes_scale(g, layer->inputs[1], is_transposed, a->scale,
				   weights, to);
}

static int fold_behind(struct graph *g, struct node *layer,
		       const struct affine *a)
{
	struct value *weights, *bias;
	float *w, *b;
	int kept;

	weights = floats_like(g, layer->inputs[1], &w);
	bias = new_bias(g, layer, a->channels, &b);
	if (!weights || !bias)
		return -1;
	kept = scale_codes(g, layer, a, weights, w);
	if (kept < 0)
		return -1;
	if (!kept)
		scale_outputs(layer, a, w);
	for (int64_t c = 0; c < a->channels; c++)
		b[c] = (float)(old_bias(layer, c) * a->scale[c] + a->shift[c]);
	return graph_set_input(g, layer, 1, weights) ||
			       graph_set_input(g, layer, 2, bias) ?
		       -1 :
		       0;
}

/* ---- Into the layer behind ---- */

static bool shifts_nothing(const struct affine *a)
{
	for (int64_t c = 0; c < a->channels; c++)
		if (a->shift[c] != 0)
			return false;
	return true;
}

static bool pads_nothing(const struct node *n)
{
	int64_t pads[2 * GRAPH_MAX_RANK];
	const char *automatic = node_string(n, "auto_pad", "NOTSET");
	int count = node_ints(n, "pads", pads, 2 * GRAPH_MAX_RANK);

	for (int i = 0; i < count; i++)
		if (pads[i] != 0)
			return false;
	return automatic[0] == 'N' || automatic[0] == 'V';
}

/* The Conv or Gemm that is y's only reader. A Conv pads with zeros, which the
 * shift would change too: exact only without padding, or without a shift. */
static struct node *layer_behind(const struct value *y, const struct affine *a)
{
	struct node *n = value_only_reader(y);

	if (!n || (n->op != OP_CONV && n->op != OP_GEMM) || n->inputs[0] != y ||
	    !is_layer(n))
		return NULL;
	return n->op == OP_GEMM || pads_nothing(n) || shifts_nothing(a) ? n :
									  NULL;
}

static int fold_before(struct graph *g, struct node *layer,
		       const struct affine *a)
{
	const struct value *w = layer->inputs[1];
	int64_t outputs = w->shape.dim[0], inputs = w->shape.dim[1];
	int64_t groups = node_int(layer, "group", 1);
	int64_t taps = shape_elements(&w->shape) / (outputs * inputs);
	const float *from = w->data;
	struct value *weights, *bias;
	float *to, *b;

	weights = floats_like(g, w, &to);
	bias = new_bias(g, layer, outputs, &b);
	if (!weights || !bias)
		return -1;
	for (int64_t o = 0; o < outputs; o++) {
		double sum = old_bias(layer, o);

		for (int64_t i = 0; i < inputs * taps; i++) {
			int64_t c = o / (outputs / groups) * inputs + i / taps;
			double v = (double)*from++;

			*to++ = (float)(v * a->scale[c]);
			sum += v * a->shift[c];
		}
		b[o] = (float)sum;
	}
	return graph_set_input(g, layer, 1, weights) ||
			       graph_set_input(g, layer, 2, bias) ?
		       -1 :
		       0;
}

/* ---- Neither before nor behind a layer ---- */

static struct value *channel_constant(struct graph *g, const char *name,
				      const double *v, int64_t channels,
				      int trailing)
{
	struct shape s = { .rank = 1 + trailing, .dim = { channels } };
	float *data = arena_array(g->arena, (size_t)channels, sizeof(*data));

	if (!data)
		return NULL;
	for (int i = 1; i <= trailing; i++)
		s.dim[i] = 1;
	for (int64_t c = 0; c < channels; c++)
		data[c] = (float)v[c];
	return graph_constant(g, name, DT_F32, &s, data);
}

/* A depthwise 1x1 Conv. */
static int to_depthwise(struct graph *g, struct node *n, const struct affine *a)
{
	struct value *w = channel_constant(g, n->inputs[1]->name, a->scale,
					   a->channels, 3);
	struct value *b = channel_constant(g, n->inputs[2]->name, a->shift,
					   a->channels, 0);
	struct node *conv = match_put(g, n, OP_CONV, n->inputs[0]);

	return !w || !b || !conv || graph_set_input(g, conv, 1, w) ||
			       graph_set_input(g, conv, 2, b) ||
			       node_set_int(g, conv, "group", a->channels) ?
		       -1 :
		       0;
}

static int to_mul_add(struct graph *g, struct node *n, const struct affine *a)
{
	struct value *x = n->inputs[0];
	int trailing = x->shape.rank > 2 ? x->shape.rank - 2 : 0;
	struct value *product = graph_value(g, n->name, DT_F32, &x->shape);
	struct value *mul[2] = { x, channel_constant(g, n->inputs[1]->name,
						     a->scale, a->channels,
						     trailing) };
	struct value *shift = channel_constant(g, n->inputs[2]->name, a->shift,
					       a->channels, trailing);
	struct node *add;

	if (!product || !mul[1] || !shift ||
	    !graph_node(g, OP_MUL, n->name, mul, 2, &product, 1, n))
		return -1;
	add = match_put(g, n, OP_ADD, product);
	return add ? graph_set_input(g, add, 1, shift) : -1;
}

static int remove_node(struct graph *g, struct node *n, struct value *x)
{
	if (graph_replace(g, n->outputs[0], x))
		return -1;
	graph_remove(g, n);
	return 0;
}

static int fold_batch_norm(struct graph *g, struct node *n, struct diag *d)
{
	struct value *x = n->inputs[0];
	struct affine a = { 0 };
	struct node *layer = layer_before(x), *behind;
	int err = -1;

	if (!has_constants(n))
		return node_error(d, n,
				  "its statistics are computed, not "
				  "constant");
	if (read_batch_norm(n, &a, d))
		goto done;
	if (layer) {
		err = fold_behind(g, layer, &a) || remove_node(g, n, x);
	} else if ((behind = layer_behind(n->outputs[0], &a)) != NULL) {
		err = fold_before(g, behind, &a) || remove_node(g, n, x);
	} else {
		err = x->shape.rank == 4 ? to_depthwise(g, n, &a) :
					   to_mul_add(g, n, &a);
	}
	if (err)
		diag_error(d, "out of memory");
done:
	affine_free(&a);
	return err ? -1 : 0;
}

static int fold_arithmetic(struct graph *g, struct node *n, struct diag *d)
{
	for (int i = 0; i < 2 && n->input_count == 2; i++) {
		struct value *x = n->inputs[i];
		struct node *layer = x ? layer_before(x) : NULL;
		struct affine a = { 0 };
		bool fits;
		int err;

		if (!layer || !is_arithmetic(n, x))
			continue;
		err = read_arithmetic(n, x, &a, &fits);
		if (!err && fits)
			err = fold_behind(g, layer, &a) || remove_node(g, n, x);
		affine_free(&a);
		return err ? diag_error(d, "out of memory") : 0;
	}
	return 0;
}

int pass_fold_batchnorm(struct graph *g, const struct config *c, struct diag *d)
{
	struct node *next;

	(void)c;
	for (struct node *n = g->first; n; n = next) {
		next = n->next;
		if (n->op == OP_BATCH_NORM ? fold_batch_norm(g, n, d) :
					     fold_arithmetic(g, n, d))
			return -1;
	}
	return 0;
}
