/* SPDX-License-Identifier: Apache-2.0 */
/* What each layer may become, and what that costs. */
#include "quantizer/bits/candidates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/detmath.h"
#include "quantizer/simulate/head_error.h"
#include "schemas/dbp_kernel.h"

#define TWIN_SAMPLES 48
#define TWIN_BYTES ((size_t)500 << 20)
#define STEPS 17 /* from where nearly all codes are 0 down by roots of 2 */
#define LARGEST_STEP 12 /* times the weights' rms */
/* A rounding whose error is this share of the layer's signal stands for all:
 * about what few bits cost. */
#define PROBE_ERROR 0.1
#define SURVIVORS 1 /* of dependent codes, while options are listed */
/* Steps for which codes of four bits lose more than this factor beyond those
 * of eight are offered with both. */
#define CLIPPED 1.05

struct lister {
	const struct graph *g;
	const struct layers *layers;
	const struct cost_target *target;
	const struct config *c;
	struct arena *a;
	struct layer_options *out;
	struct rounded *probes; /* by layer */
	double *probe_error;
	struct diag *d;
};

/* ---- Time ---- */

static int64_t activation_bytes(const struct node *n)
{
	const struct value *x = n->inputs[0], *y = n->outputs[0];

	return shape_elements(&x->shape) +
	       shape_elements(&y->shape) * (y->quant ? 1 : 4);
}

static double time_of(const struct lister *k, const struct layer *l, int bits)
{
	const struct quant *x = l->node->inputs[0]->quant;
	char kernel[64];
	struct cost_work w = { .kernel = kernel,
			       .macs = node_macs(l->node),
			       .memory_bytes = activation_bytes(l->node) };

	w.weight_bytes = l->channels * l->length * bits / 8;
	dbp_kernel_name(
		kernel, sizeof(kernel),
		l->node->op == OP_CONV_TRANSPOSE ? "conv_transpose" : "conv",
		l->depthwise, bits, x->bits == 4 && !l->depthwise ? 4 : 8);
	return cost_latency_us(k->target, &w);
}

/* ---- Options of a layer ---- */

static double rms(const struct layer *l)
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

static double largest(const struct layer *l)
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

/* Rounds by a choice and notes what it costs; the result lives in `a`. */
static int try_choice(struct lister *k, const struct aim *aim, struct choice c,
		      struct arena *a, struct option *out, struct rounded *r)
{
	const struct layer *l = aim->l;

	if (layer_round(aim, c, k->c->jobs, a, r, k->d))
		return -1;
	if (l->trained)
		c.bits = r->bits;
	*out = (struct option){ .choice = c,
				.bytes = r->entropy_bits / 8,
				.time_us = time_of(k, l,
						   layer_tile_bits(l, c.bits)),
				.error = r->loss };
	if (!k->target->coded)
		out->bytes = (double)(l->channels * l->length) *
				     layer_tile_bits(l, c.bits) / 8 +
			     (double)layer_book_bytes(l, c);
	return 0;
}

/* The one whose error is nearest to what a probe should have stays. */
static int keep_probe(struct lister *k, int i, const struct aim *of,
		      const struct rounded *r, double error)
{
	const struct layer *l = of->l;
	double aim = PROBE_ERROR * (of->signal > 0 ? of->signal : 1);
	double had = k->probe_error[i], now = error;
	size_t weights = (size_t)(l->channels * l->length) * sizeof(float);
	size_t biases = (size_t)l->channels * sizeof(float);

	if (!(error > 0))
		return 0;
	had = had > aim ? had / aim : aim / (had > 0 ? had : 1e-30);
	now = now > aim ? now / aim : aim / now;
	if (k->probe_error[i] > 0 && now >= had)
		return 0;
	k->probe_error[i] = error;
	if (!k->probes[i].real)
		k->probes[i].real = arena_alloc(k->a, weights);
	if (r->bias && !k->probes[i].bias)
		k->probes[i].bias = arena_alloc(k->a, biases);
	if (!k->probes[i].real || (r->bias && !k->probes[i].bias))
		return -1;
	memcpy(k->probes[i].real, r->real, weights);
	if (r->bias)
		memcpy(k->probes[i].bias, r->bias, biases);
	return 0;
}

static int add_option(struct lister *k, int i, const struct aim *aim,
		      struct choice c, struct rounded *kept,
		      struct arena *kept_in)
{
	struct layer_options *o = &k->out[i];
	struct rounded r;
	struct arena scratch;
	int err;

	arena_init(&scratch, 0);
	err = try_choice(k, aim, c, kept ? kept_in : &scratch,
			 &o->rows[o->count], &r) ||
	      keep_probe(k, i, aim, &r, o->rows[o->count].error);
	if (!err)
		o->count++;
	if (kept)
		*kept = r;
	arena_free(&scratch);
	return err ? -1 : 0;
}

static int list_steps(struct lister *k, int i, const struct aim *aim)
{
	const struct layer *l = &k->layers->rows[i];
	double step = LARGEST_STEP * rms(l), least = largest(l) / 120;
	/* that codes of four bits come to, in steps */
	double reach = l->dependent ? 4 : 8;
	struct layer_options *o = &k->out[i];

	for (int n = 0; n < STEPS && step > least;
	     n++, step *= 0.7071067811865476) {
		struct choice c = { .bits = 4,
				    .step = (double)(float)step,
				    .survivors = SURVIVORS };
		double clipped;

		if (add_option(k, i, aim, c, NULL, NULL))
			return -1;
		clipped = o->rows[o->count - 1].error;
		if (reach * step > largest(l))
			continue;
		c.bits = 8;
		if (add_option(k, i, aim, c, NULL, NULL))
			return -1;
		if (clipped < CLIPPED * o->rows[o->count - 1].error)
			o->count--;
	}
	return 0;
}

/* Codes in fixed tiles, in grids and in levels of the channels' own. */
static int list_tiles(struct lister *k, int i, const struct aim *aim)
{
	const struct layer *l = aim->l;

	for (int bits = 2; bits <= 4; bits++) {
		struct choice c = { .bits = bits };

		if (layer_tile_bits(l, bits) != bits)
			continue;
		if (add_option(k, i, aim, c, NULL, NULL))
			return -1;
		c.levels = aim->s && layer_takes_levels(l, bits);
		if (c.levels && add_option(k, i, aim, c, NULL, NULL))
			return -1;
	}
	return 0;
}

/* The layer at 8 bits goes on: its input decides what comes behind. */
static int list_layer(struct lister *k, int i, const struct twin *t,
		      struct rounded *at_eight, struct arena *a)
{
	const struct layer *l = &k->layers->rows[i];
	struct layer_options *o = &k->out[i];
	struct statistics s;
	struct arena scratch;
	struct aim aim;
	int err;

	o->rows = arena_array(k->a, 2 * STEPS + 4, sizeof(*o->rows));
	if (!o->rows)
		return diag_error(k->d, "out of memory");
	arena_init(&scratch, 0);
	err = statistics_gather(t, l, &scratch, &s, k->d) ||
	      layer_aim(l, &s, NULL, k->c->jobs, &scratch, &aim, k->d) ||
	      add_option(k, i, &aim, (struct choice){ .bits = 8 }, at_eight, a);
	if (l->trained)
		goto done;
	if (!err && k->target->coded && s.length && k->c->methods & METHOD_RATE)
		err = add_option(k, i, &aim, (struct choice){ .bits = 2 }, NULL,
				 NULL) ||
		      list_steps(k, i, &aim);
	else if (!err)
		err = list_tiles(k, i, &aim);
done:
	arena_free(&scratch);
	return err ? -1 : 0;
}

static int list_all(struct lister *k, struct twin *t, const struct progress *p)
{
	int i = 0;

	for (const struct node *n = k->g->first; n; n = n->next) {
		const struct layer *l = &k->layers->rows[i];
		struct twin_constants real = { NULL, NULL }, coded = real;
		struct rounded r = { 0 };
		struct arena scratch;
		int err = 0;

		if (n->tail)
			continue;
		arena_init(&scratch, 0);
		if (i < k->layers->count && l->node == n) {
			err = list_layer(k, i, t, &r, &scratch);
			real.weights = l->weights->data;
			real.bias = l->bias->data;
			coded.weights = r.real;
			coded.bias = r.bias ? r.bias : l->bias->data;
			i++;
			if (p->report)
				p->report(p->ctx, p->stage, i,
					  k->layers->count);
		}
		err = err || twin_step(t, n, real, coded, k->d);
		arena_free(&scratch);
		if (err)
			return -1;
	}
	return 0;
}

/* ---- Sensitivities ---- */

/* What the heads lose with layer i rounded alone, per unit of its error. */
static int probe_layer(struct lister *k, struct probe *p, int i,
		       double *sensitivity)
{
	const struct layer *l = &k->layers->rows[i];
	const struct rounded *r = &k->probes[i];
	struct value *w = l->node->inputs[1], *b = l->node->inputs[2];
	const void *weights = w->data, *bias = b->data;
	double loss;
	int err;

	*sensitivity = 0;
	if (!r->real || !(k->probe_error[i] > 0))
		return 0;
	w->data = r->real;
	if (r->bias)
		b->data = r->bias;
	err = probe_loss(p, NULL, NULL, &loss, k->d);
	w->data = weights;
	b->data = bias;
	*sensitivity = loss / k->probe_error[i];
	return err;
}

static int find_sensitivities(struct lister *k, const struct samples *samples,
			      const struct progress *progress)
{
	struct probe p;
	int err = probe_init(&p, k->g, samples, k->c->jobs, k->d);

	for (int i = 0; !err && i < k->layers->count; i++) {
		struct layer_options *o = &k->out[i];

		err = probe_layer(k, &p, i, &o->sensitivity);
		for (int n = 0; n < o->count; n++)
			o->rows[n].loss = o->sensitivity * o->rows[n].error;
		if (progress->report)
			progress->report(progress->ctx, progress->stage, i + 1,
					 k->layers->count);
	}
	probe_free(&p);
	return err;
}

int options_list(const struct graph *g, const struct layers *l,
		 const struct cost_target *target, const struct config *c,
		 const struct samples *samples, struct arena *a,
		 struct layer_options **out, progress_fn *progress, void *ctx,
		 struct diag *d)
{
	const struct progress options = { progress, ctx, "options" };
	const struct progress probes = { progress, ctx, "sensitivity" };
	struct lister k = {
		.g = g, .layers = l, .target = target, .c = c, .a = a, .d = d
	};
	size_t n = (size_t)l->count;
	struct twin t;
	int err;

	*out = k.out = arena_array(a, n, sizeof(*k.out));
	k.probes = arena_array(a, n, sizeof(*k.probes));
	k.probe_error = arena_array(a, n, sizeof(*k.probe_error));
	if (!k.out || !k.probes || !k.probe_error)
		return diag_error(d, "out of memory");
	err = twin_init(&t, g, c->jobs, samples, TWIN_SAMPLES, TWIN_BYTES, d) ||
	      list_all(&k, &t, &options);
	twin_free(&t);
	return err ? -1 : find_sensitivities(&k, samples, &probes);
}
