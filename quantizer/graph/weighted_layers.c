/* SPDX-License-Identifier: Apache-2.0 */
/* The weighted nodes of a graph as lists of numbers. */
#include "quantizer/graph/weighted_layers.h"

#include <string.h>

#define DAMPING 0.02
#define THRIFT 0.6

static int64_t taps_of(const struct shape *s)
{
	int64_t n = 1;

	for (int i = 2; i < s->rank; i++)
		n *= s->dim[i];
	return n;
}

static void set_view(struct layer *l)
{
	const struct shape *s = &l->weights->shape;
	int64_t total = shape_elements(s), taps = taps_of(s);

	l->groups = node_int(l->node, "group", 1);
	if (l->node->op == OP_CONV_TRANSPOSE) {
		l->channels = s->dim[1];
		l->inner = taps;
		l->outer_stride = taps * s->dim[1];
		l->channel_stride = taps;
		l->groups = 1;
	} else {
		l->channels = s->dim[0];
		l->inner = total / s->dim[0];
		l->outer_stride = 0;
		l->channel_stride = total / s->dim[0];
	}
	l->length = total / l->channels;
}

int64_t layer_place(const struct layer *l, int64_t i)
{
	int64_t taps = taps_of(&l->weights->shape), inputs = l->length / taps;

	return i % inputs * taps + i / inputs;
}

bool layer_has_rows(const struct layer *l)
{
	return l->node->op != OP_CONV_TRANSPOSE ||
	       node_int(l->node, "group", 1) == 1;
}

int64_t layer_input_channel(const struct layer *l, int64_t c, int64_t i)
{
	const struct shape *s = &l->weights->shape;

	if (l->node->op != OP_CONV)
		return i / taps_of(s);
	return c / (s->dim[0] / l->groups) * s->dim[1] + i / taps_of(s);
}

double layer_channel_ratio(const struct layer *l, int64_t channel)
{
	const struct quant *x = l->node->inputs[0]->quant;

	return x && x->channels > 1 ?
		       (double)x->scale[channel] / (double)x->scale[0] :
		       1;
}

static int set_data(struct layer *l, struct arena *a)
{
	const struct quant *x = l->node->inputs[0]->quant;
	const float *data = l->weights->data;
	float *w;

	l->unit = x ? (double)x->scale[0] : 1;
	l->data = data;
	if (!x || x->channels == 1)
		return 0;
	w = arena_array(a, (size_t)(l->channels * l->length), sizeof(*w));
	for (int64_t c = 0; w && c < l->channels; c++)
		for (int64_t i = 0; i < l->length; i++) {
			int64_t k = layer_at(l, c, i);
			int64_t from = layer_input_channel(l, c, i);

			w[k] = (float)((double)data[k] *
				       layer_channel_ratio(l, from));
		}
	l->data = w;
	return w ? 0 : -1;
}

/* By value id: some weighted node lies on a way to it. */
static bool *mark_behind_weights(const struct graph *g, struct arena *a)
{
	bool *behind = arena_array(a, g->value_count + 1, sizeof(*behind));

	for (const struct node *n = g->first; behind && n; n = n->next) {
		bool yes = domain_has_weights(n);

		for (int i = 0; i < n->input_count; i++)
			if (n->inputs[i] && behind[n->inputs[i]->id])
				yes = true;
		for (int i = 0; i < n->output_count; i++)
			if (n->outputs[i])
				behind[n->outputs[i]->id] = yes;
	}
	return behind;
}

/* A bias of the node's own; one that is computed stays. */
static int own_bias(struct graph *g, struct node *n)
{
	const struct value *w = n->inputs[1], *old = node_input(n, 2);
	int64_t dim = n->op == OP_CONV_TRANSPOSE ?
			      w->shape.dim[1] * node_int(n, "group", 1) :
			      w->shape.dim[0];
	struct shape s = old ? old->shape : shape_of(1, &dim);
	struct value *own;
	float *zeros = NULL;

	if (old && (!value_is_const(old) || old->use_count == 1))
		return 0;
	if (!old &&
	    !(zeros = arena_array(g->arena, (size_t)dim, sizeof(*zeros))))
		return -1;
	own = graph_constant(g, old ? old->name : n->name, DT_F32, &s,
			     old ? old->data : zeros);
	return own ? graph_set_input(g, n, 2, own) : -1;
}

int layers_own_biases(struct graph *g)
{
	for (struct node *n = g->first; n; n = n->next)
		if (domain_has_weights(n) && own_bias(g, n))
			return -1;
	return 0;
}

/* Weights that came as codes, in a grid that the device has. */
static const struct quant *trained_grid(const struct layer *l)
{
	const struct quant *q = l->weights->quant;
	const struct quant *x = l->node->inputs[0]->quant;
	int axis = l->node->op == OP_CONV_TRANSPOSE ? 1 : 0;

	if (!q || !q->codes || q->grid != GRID_UNIFORM ||
	    (q->axis != axis && q->channels > 1) ||
	    (q->channels > 1 && q->channels != l->channels) ||
	    (x && x->channels > 1))
		return NULL;
	for (int c = 0; c < q->channels; c++)
		if (q->zero_point[c])
			return NULL;
	return q;
}

static int layer_init(struct layer *l, struct node *n, const bool *behind,
		      struct arena *a)
{
	const struct value *x = n->inputs[0];
	int64_t inputs = x->shape.dim[x->shape.rank - 1];

	*l = (struct layer){ .node = n,
			     .weights = n->inputs[1],
			     .bias = node_input(n, 2) };
	set_view(l);
	l->first = !behind[x->id];
	l->last = !n->outputs[0]->quant;
	l->depthwise = l->groups > 1 && l->groups == inputs;
	l->trained = trained_grid(l);
	return set_data(l, a);
}

int layers_init(struct layers *l, const struct graph *g, int methods,
		struct arena *a, struct diag *d)
{
	bool *behind = mark_behind_weights(g, a);
	int total = 0;

	*l = (struct layers){ .manner = { methods, DAMPING, THRIFT, 1 } };
	for (const struct node *n = g->first; n; n = n->next)
		total += domain_has_weights(n) && n->inputs[0]->quant;
	l->rows = arena_array(a, (size_t)total, sizeof(*l->rows));
	if (!behind || !l->rows)
		return diag_error(d, "out of memory");
	for (struct node *n = g->first; n; n = n->next) {
		if (!domain_has_weights(n) || !n->inputs[0]->quant)
			continue;
		if (layer_init(&l->rows[l->count], n, behind, a))
			return diag_error(d, "out of memory");
		l->rows[l->count++].manner = &l->manner;
	}
	return 0;
}

struct choice layer_default(const struct layer *l, const struct config *c,
			    bool coded)
{
	struct choice out = { .bits = c->bits };

	/* What the tail or the outside reads in float comes last. */
	if (!c->uniform && (l->depthwise || l->first || l->last))
		out.bits = 8;
	out.levels = !coded && layer_takes_levels(l, out.bits);
	return out;
}

static struct quant *quant_of(const struct layer *l, const struct rounded *r,
			      struct arena *a)
{
	struct quant *q = arena_alloc(a, sizeof(*q));
	float *scale = arena_array(a, (size_t)l->channels, sizeof(*scale));
	int32_t *zero = arena_array(a, (size_t)l->channels, sizeof(*zero));
	size_t total = (size_t)(l->channels * l->length);
	size_t book = r->levels ? (size_t)l->channels << r->bits : 0;
	int8_t *codes = arena_array(a, total, 1);
	int8_t *levels = book ? arena_alloc(a, book) : NULL;

	if (!q || !scale || !zero || !codes || (book && !levels))
		return NULL;
	if (book)
		memcpy(levels, r->levels, book);
	memcpy(scale, r->scale, (size_t)l->channels * sizeof(*scale));
	memcpy(codes, r->codes, total);
	*q = (struct quant){ .bits = r->bits,
			     .is_signed = true,
			     .grid = r->grid,
			     .axis = l->node->op == OP_CONV_TRANSPOSE ? 1 : 0,
			     .channels = (int)l->channels,
			     .scale = scale,
			     .zero_point = zero,
			     .codes = codes,
			     .levels = levels };
	return q;
}

int layer_install(struct graph *g, const struct layer *l,
		  const struct rounded *r, struct diag *d)
{
	/* Weights shared between nodes get a view of their own each. */
	struct value *w = graph_constant(g, l->weights->name, DT_F32,
					 &l->weights->shape, l->weights->data);
	struct quant *q = quant_of(l, r, g->arena);

	if (!w || !q)
		return node_error(d, l->node, "out of memory");
	w->quant = q;
	if (graph_set_input(g, l->node, 1, w))
		return node_error(d, l->node, "out of memory");
	if (r->bias) {
		size_t bytes =
			(size_t)shape_elements(&l->bias->shape) * sizeof(float);
		void *data = arena_alloc(g->arena, bytes);
		struct value *b = data ? graph_constant(g, l->bias->name,
							DT_F32, &l->bias->shape,
							data) :
					 NULL;

		if (!b || graph_set_input(g, l->node, 2, b))
			return node_error(d, l->node, "out of memory");
		memcpy(data, r->bias, bytes);
	}
	return 0;
}
