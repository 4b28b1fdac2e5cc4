/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/graph/weighted_layers.h"

#include "evaluator/detmath.h"
#include "quantizer/graph/integer_nodes.h"

/* Defaults of struct rounding_settings: see bench/ABLATION.md. */
#define DAMPING 0.02
#define RATE_WEIGHT 0.6

static int64_t taps_of(const struct shape *s)
{
	int64_t n = 1;

	for (int i = 2; i < s->rank; i++)
		n *= s->dim[i];
	return n;
}

static void set_view(struct weighted_layer *l)
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

int64_t layer_place(const struct weighted_layer *l, int64_t i)
{
	int64_t taps = taps_of(&l->weights->shape), inputs = l->length / taps;

	return i % inputs * taps + i / inputs;
}

bool layer_has_rows(const struct weighted_layer *l)
{
	return l->node->op != OP_CONV_TRANSPOSE ||
	       node_int(l->node, "group", 1) == 1;
}

int64_t layer_input_channel(const struct weighted_layer *l, int64_t c,
			    int64_t i)
{
	const struct shape *s = &l->weights->shape;

	if (l->node->op != OP_CONV)
		return i / taps_of(s);
	return c / (s->dim[0] / l->groups) * s->dim[1] + i / taps_of(s);
}

double layer_channel_ratio(const struct weighted_layer *l, int64_t channel)
{
	const struct quant *x = l->node->inputs[0]->quant;

	return x && x->channels > 1 ?
		       (double)x->scale[channel] / (double)x->scale[0] :
		       1;
}

static int set_data(struct weighted_layer *l, struct arena *a)
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

/* By value id: it depends on a weighted node. */
static bool *mark_behind_weights(const struct graph *g, struct arena *a)
{
	bool *behind = arena_array(a, g->value_count + 1, sizeof(*behind));

	for (const struct node *n = g->first; behind && n; n = n->next) {
		bool yes = node_has_weights(n);

		for (int i = 0; i < n->input_count; i++)
			if (n->inputs[i] && behind[n->inputs[i]->id])
				yes = true;
		for (int i = 0; i < n->output_count; i++)
			if (n->outputs[i])
				behind[n->outputs[i]->id] = yes;
	}
	return behind;
}

/* Gives n a separate bias constant; a computed bias stays. */
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

static int own_weights(struct graph *g, struct node *n)
{
	const struct value *old = n->inputs[1];
	struct value *own;

	if (old->use_count == 1)
		return 0;
	own = graph_constant(g, old->name, DT_F32, &old->shape, old->data);
	if (!own)
		return -1;
	own->quant = old->quant;
	return graph_set_input(g, n, 1, own);
}

int layers_own_constants(struct graph *g)
{
	for (struct node *n = g->first; n; n = n->next)
		if (node_has_weights(n) &&
		    (own_bias(g, n) || own_weights(g, n)))
			return -1;
	return 0;
}

/* Weights that came as codes, in a grid that the device has; otherwise NULL. */
static const struct quant *trained_weights(const struct weighted_layer *l)
{
	const struct quant *q = l->weights->quant;
	const struct quant *x = l->node->inputs[0]->quant;
	int axis = l->node->op == OP_CONV_TRANSPOSE ? 1 : 0;

	if (!q || !q->codes || q->grid != GRID_UNIFORM ||
	    (q->axis != axis && q->channels > 1) ||
	    (q->channels > 1 && q->channels != l->channels) ||
	    (x && x->channels > 1))
		return NULL;
	return q;
}

static int layer_init(struct weighted_layer *l, struct node *n,
		      const bool *behind, struct arena *a)
{
	const struct value *x = n->inputs[0];
	int64_t inputs = x->shape.dim[x->shape.rank - 1];

	*l = (struct weighted_layer){ .node = n,
				      .weights = n->inputs[1],
				      .bias = node_input(n, 2),
				      .every = 1 };
	set_view(l);
	l->first = !behind[x->id];
	l->last = !n->outputs[0]->quant;
	l->depthwise = l->groups > 1 && l->groups == inputs;
	l->trained = trained_weights(l);
	return set_data(l, a);
}

int layers_init(struct layers *l, const struct graph *g, int methods,
		struct arena *a, struct diag *d)
{
	bool *behind = mark_behind_weights(g, a);
	int total = 0;

	*l = (struct layers){ .settings = { methods, DAMPING, RATE_WEIGHT,
					    1 } };
	for (const struct node *n = g->first; n; n = n->next)
		total += node_has_weights(n) && n->inputs[0]->quant;
	l->rows = arena_array(a, (size_t)total, sizeof(*l->rows));
	if (!behind || !l->rows)
		return diag_error(d, "out of memory");
	for (struct node *n = g->first; n; n = n->next) {
		if (!node_has_weights(n) || !n->inputs[0]->quant)
			continue;
		if (layer_init(&l->rows[l->count], n, behind, a))
			return diag_error(d, "out of memory");
		l->rows[l->count++].settings = &l->settings;
	}
	return 0;
}

int layers_rescale(struct layers *l, struct arena *a)
{
	for (int i = 0; i < l->count; i++)
		if (set_data(&l->rows[i], a))
			return -1;
	return 0;
}

double layer_rms_weight(const struct weighted_layer *l)
{
	double total = 0;
	int64_t n = l->channels * l->length;

	for (int64_t c = 0; c < l->channels; c++)
		for (int64_t i = 0; i < l->length; i++) {
			double w = (double)l->data[layer_at(l, c, i)];

			total += w * w;
		}
	return det_sqrt(total / (double)(n ? n : 1));
}

double layer_largest_weight(const struct weighted_layer *l)
{
	double top = 0;

	for (int64_t c = 0; c < l->channels; c++)
		for (int64_t i = 0; i < l->length; i++) {
			double w = (double)l->data[layer_at(l, c, i)];

			w = w < 0 ? -w : w;
			top = w > top ? w : top;
		}
	return top;
}
