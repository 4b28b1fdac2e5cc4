/* SPDX-License-Identifier: Apache-2.0 */
/* What each layer may become, and what that costs. */
#include "quantizer/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/detmath.h"

#define TWIN_SAMPLES 48
#define TWIN_BYTES ((size_t)500 << 20)
#define PROBES 8 /* samples on which sensitivities are measured */
#define STEPS 12
/* A rounding whose error is this share of the layer's signal stands for all:
 * about what few bits cost. */
#define PROBE_ERROR 0.1
#define THRIFT 0.6
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
	char kernel[64];
	struct cost_work w = { .kernel = kernel,
			       .macs = node_macs(l->node),
			       .memory_bytes = activation_bytes(l->node) };

	bits = bits == 3 ? 4 : bits;
	w.weight_bytes = l->channels * l->length * bits / 8;
	snprintf(kernel, sizeof(kernel), "%s_w%da8",
		 l->depthwise                     ? "depthwise" :
		 l->node->op == OP_CONV_TRANSPOSE ? "conv_transpose" :
						    "conv",
		 bits);
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
	*out = (struct option){ .choice = c,
				.bytes = r->entropy_bits / 8,
				.time_us = time_of(k, l, c.bits),
				.error = r->loss };
	if (!k->target->coded)
		out->bytes = (double)(l->channels * l->length) *
			     (c.bits == 3 ? 4 : c.bits) / 8;
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
	double step = 3 * rms(l), least = largest(l) / 120;
	struct layer_options *o = &k->out[i];

	for (int n = 0; n < STEPS && step > least;
	     n++, step *= 0.7071067811865476) {
		struct choice c = { .bits = 4,
				    .step = (double)(float)step,
				    .thrift = THRIFT };
		double clipped;

		if (add_option(k, i, aim, c, NULL, NULL))
			return -1;
		clipped = o->rows[o->count - 1].error;
		if (8 * step > largest(l))
			continue;
		c.bits = 8;
		if (add_option(k, i, aim, c, NULL, NULL))
			return -1;
		if (clipped < CLIPPED * o->rows[o->count - 1].error)
			o->count--;
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
	      add_option(k, i, &aim, (struct choice){ .bits = 8 }, at_eight,
			 a) ||
	      add_option(k, i, &aim, (struct choice){ .bits = 2 }, NULL, NULL);
	if (!err && k->target->coded && s.length)
		err = list_steps(k, i, &aim);
	else if (!err)
		err = add_option(k, i, &aim, (struct choice){ .bits = 4 }, NULL,
				 NULL);
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

/* Heads of the float network on the probes' samples. */
struct probing {
	struct lister *k;
	const struct samples *samples;
	struct runner *runners;
	int count, threads;
	float **heads; /* [sample]: all heads behind one another */
	double *loss;  /* [sample] */
	size_t head_floats;
	bool record;
	double *variance; /* by head, over all samples */
};

struct watching {
	struct probing *p;
	int sample;
	size_t at;
	int head;
};

static int watch(void *ctx, const struct value *v, void *data)
{
	struct watching *w = ctx;
	struct probing *p = w->p;
	size_t n = (size_t)shape_elements(&v->shape);
	float *kept = p->heads[w->sample] + w->at;
	const float *x = data;
	double error = 0;

	if (v->dtype != DT_F32 || !twin_is_head(v))
		return 0;
	w->at += n;
	if (p->record) {
		memcpy(kept, x, n * sizeof(*x));
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		error += ((double)x[i] - (double)kept[i]) *
			 ((double)x[i] - (double)kept[i]);
	if (p->variance[w->head] > 1e-30)
		p->loss[w->sample] += error / (double)n / p->variance[w->head];
	w->head++;
	return 0;
}

static int probe_sample(void *ctx, int i, int worker, struct diag *d)
{
	struct probing *p = ctx;
	struct watching w = { p, i, 0, 0 };

	p->loss[i] = 0;
	return runner_sample(&p->runners[worker], p->samples,
			     (int)((int64_t)i * p->samples->count / p->count),
			     watch, &w, d);
}

static int run_probe(struct probing *p, double *loss)
{
	*loss = 0;
	if (parallel_run(p->threads, p->count, probe_sample, p, NULL, p->k->d))
		return -1;
	for (int i = 0; i < p->count; i++)
		*loss += p->loss[i] / p->count;
	return 0;
}

static size_t count_heads(const struct graph *g, int *heads)
{
	size_t total = 0;

	*heads = 0;
	for (const struct node *n = g->first; n; n = n->next)
		for (int i = 0; i < n->output_count; i++) {
			const struct value *v = n->outputs[i];

			if (!v || v->dtype != DT_F32 || !twin_is_head(v))
				continue;
			total += (size_t)shape_elements(&v->shape);
			++*heads;
		}
	return total;
}

/* The variances of what was recorded. */
static void measure_heads(struct probing *p)
{
	size_t at = 0;
	int head = 0;

	for (const struct node *n = p->k->g->first; n; n = n->next)
		for (int i = 0; i < n->output_count; i++) {
			const struct value *v = n->outputs[i];
			double sum = 0, squares = 0, count;
			size_t size;

			if (!v || v->dtype != DT_F32 || !twin_is_head(v))
				continue;
			size = (size_t)shape_elements(&v->shape);
			for (int s = 0; s < p->count; s++)
				for (size_t e = at; e < at + size; e++) {
					double x = p->heads[s][e];

					sum += x;
					squares += x * x;
				}
			count = (double)size * p->count;
			p->variance[head++] =
				count > 0 ?
					squares / count -
						sum / count * (sum / count) :
					0;
			at += size;
		}
}

/* What the heads lose with layer i rounded alone, per unit of its error. */
static int probe_layer(struct probing *p, int i, double *sensitivity)
{
	const struct layer *l = &p->k->layers->rows[i];
	const struct rounded *r = &p->k->probes[i];
	struct value *w = l->node->inputs[1], *b = l->node->inputs[2];
	const void *weights = w->data, *bias = b->data;
	double loss;
	int err;

	*sensitivity = 0;
	if (!r->real || !(p->k->probe_error[i] > 0))
		return 0;
	w->data = r->real;
	if (r->bias)
		b->data = r->bias;
	err = run_probe(p, &loss);
	w->data = weights;
	b->data = bias;
	*sensitivity = loss / p->k->probe_error[i];
	return err;
}

static int probe_all(struct probing *p, const struct progress *progress)
{
	int heads = 0;
	double loss;

	p->head_floats = count_heads(p->k->g, &heads);
	p->heads = arena_array(p->k->a, (size_t)p->count, sizeof(float *));
	p->loss = arena_array(p->k->a, (size_t)p->count, sizeof(double));
	p->variance = arena_array(p->k->a, (size_t)heads + 1, sizeof(double));
	for (int i = 0; p->heads && i < p->count; i++)
		p->heads[i] =
			arena_array(p->k->a, p->head_floats, sizeof(float));
	if (!p->heads || !p->loss || !p->variance ||
	    (p->count && !p->heads[p->count - 1]))
		return diag_error(p->k->d, "out of memory");
	p->record = true;
	if (run_probe(p, &loss))
		return -1;
	p->record = false;
	measure_heads(p);
	for (int i = 0; i < p->k->layers->count; i++) {
		struct layer_options *o = &p->k->out[i];

		if (probe_layer(p, i, &o->sensitivity))
			return -1;
		for (int n = 0; n < o->count; n++)
			o->rows[n].loss = o->sensitivity * o->rows[n].error;
		if (progress->report)
			progress->report(progress->ctx, progress->stage, i + 1,
					 p->k->layers->count);
	}
	return 0;
}

static int find_sensitivities(struct lister *k, const struct samples *samples,
			      const struct progress *progress)
{
	struct probing p = { .k = k, .samples = samples };
	int err = -1, ready = 0;

	p.count = samples->count < PROBES ? samples->count : PROBES;
	p.threads = parallel_threads(k->c->jobs, p.count);
	p.runners = calloc((size_t)p.threads, sizeof(*p.runners));
	if (!p.runners) {
		diag_error(k->d, "out of memory");
		goto done;
	}
	while (ready < p.threads)
		if (runner_init(&p.runners[ready++], k->g, k->d))
			goto done;
	err = probe_all(&p, progress);
done:
	for (int i = 0; i < ready; i++)
		runner_free(&p.runners[i]);
	free(p.runners);
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
