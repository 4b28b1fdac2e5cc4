/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Candidates of each layer, and their costs. The error of a candidate is
 * measured at the layer's output, with all layers before it at 8 bits. The
 * sensitivity of a layer is measured at the heads, with this layer alone
 * rounded. The loss of a candidate is error * sensitivity: losses are taken as
 * linear and additive.
 */
#include "quantizer/bits/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "evaluator/detmath.h"
#include "quantizer/simulate/head_error.h"
#include "quantizer/simulate/paired_run.h"
#include "quantizer/weights/round_weights.h"

#define PAIRED_SAMPLES 48
#define PAIRED_BYTES ((size_t)500 << 20)
#define STEPS 17        /* each is the one before over the root of 2 */
#define LARGEST_STEP 12 /* times the weights' rms: nearly all codes are 0 */
/* The sensitivity is measured with the candidate whose error is nearest to this
 * share of the layer's signal, which is typical for few bits. */
#define PROBE_ERROR 0.1
#define ERROR_MIN 1e-30
#define SURVIVORS 1 /* of the trellis search, for speed */
/* A step has candidates of 4 and 8 bits where 4 bits have more than this times
 * the error of 8. */
#define CLIPPED_ERROR 1.05

struct candidate_search {
	const struct graph *g;
	const struct layers *layers;
	const struct cost_target *target;
	const struct config *c;
	struct arena *a;
	struct layer_candidates *out;
	struct rounded_layer *probes; /* by layer */
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

static int largest_code(const struct weighted_layer *l,
			const struct rounded_layer *r)
{
	int most = 0;

	for (int64_t i = 0; i < l->channels * l->length; i++) {
		int size = r->codes[i] < 0 ? -r->codes[i] : r->codes[i];

		most = size > most ? size : most;
	}
	return most;
}

/* Of a layer with tiles of `bits` bits and codes up to `most`. */
static double time_of(const struct candidate_search *k,
		      const struct weighted_layer *l, int bits, int most,
		      int input_bits)
{
	struct dbp_kernel kernel = { .weight_bits = bits,
				     .weight_most = most,
				     .input_most = 1 << (input_bits - 1) };
	char name[64];
	struct cost_work w = { .kernel = name,
			       .memory_bytes = activation_bytes(l->node) };

	cost_work_of_conv(&w, l->node);
	w.weight_bytes = l->channels * l->length * bits / 8;
	cost_kernel_of_conv(&kernel, l->node);
	dbp_kernel_name(name, sizeof(name), &kernel);
	return cost_latency_us(k->target, &w);
}

/* ---- Candidates of a layer ---- */

static double rms_weight(const struct weighted_layer *l)
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

static double largest_weight(const struct weighted_layer *l)
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

/* Rounds in a format and notes its cost; the result lives in `a`. */
static int try_candidate(struct candidate_search *k,
			 const struct rounding_target *target,
			 struct weight_format c, struct arena *a,
			 struct candidate *out, struct rounded_layer *r)
{
	const struct weighted_layer *l = target->l;
	int most;

	if (layer_round(target, c, k->c->jobs, a, r, k->d))
		return -1;
	most = largest_code(l, r);
	if (l->trained)
		c.bits = r->bits;
	*out = (struct candidate){ .format = c,
				   .bytes = r->entropy_bits / 8,
				   .error = r->loss };
	for (int w = 0; w < INPUT_WIDTHS; w++)
		out->time_us[w] = time_of(k, l, layer_tile_bits(l, c.bits),
					  most,
					  w ? input_width_bits(w) :
					      l->node->inputs[0]->quant->bits);
	if (!k->target->coded)
		out->bytes = (double)(l->channels * l->length) *
				     layer_tile_bits(l, c.bits) / 8 +
			     (double)layer_codebook_bytes(l, c);
	return 0;
}

/* Keeps the rounding whose error is nearest to PROBE_ERROR. */
static int keep_probe(struct candidate_search *k, int i,
		      const struct rounding_target *of,
		      const struct rounded_layer *r, double error)
{
	const struct weighted_layer *l = of->l;
	double rounding_target =
		PROBE_ERROR * (of->signal > 0 ? of->signal : 1);
	double had = k->probe_error[i], now = error;
	size_t weights = (size_t)(l->channels * l->length) * sizeof(float);
	size_t biases = (size_t)l->channels * sizeof(float);

	if (!(error > 0))
		return 0;
	had = had > rounding_target ?
		      had / rounding_target :
		      rounding_target / (had > 0 ? had : ERROR_MIN);
	now = now > rounding_target ? now / rounding_target :
				      rounding_target / now;
	if (k->probe_error[i] > 0 && now >= had)
		return 0;
	k->probe_error[i] = error;
	if (!k->probes[i].values)
		k->probes[i].values = arena_alloc(k->a, weights);
	if (r->bias && !k->probes[i].bias)
		k->probes[i].bias = arena_alloc(k->a, biases);
	if (!k->probes[i].values || (r->bias && !k->probes[i].bias))
		return -1;
	memcpy(k->probes[i].values, r->values, weights);
	if (r->bias)
		memcpy(k->probes[i].bias, r->bias, biases);
	return 0;
}

static int add_candidate(struct candidate_search *k, int i,
			 const struct rounding_target *target,
			 struct weight_format c, struct rounded_layer *kept,
			 struct arena *kept_in)
{
	struct layer_candidates *o = &k->out[i];
	struct rounded_layer r;
	struct arena scratch;
	int err;

	arena_init(&scratch, 0);
	err = try_candidate(k, target, c, kept ? kept_in : &scratch,
			    &o->rows[o->count], &r) ||
	      keep_probe(k, i, target, &r, o->rows[o->count].error);
	if (!err)
		o->count++;
	if (kept)
		*kept = r;
	arena_free(&scratch);
	return err ? -1 : 0;
}

static int list_steps(struct candidate_search *k, int i,
		      const struct rounding_target *target)
{
	const struct weighted_layer *l = &k->layers->rows[i];
	double step = LARGEST_STEP * rms_weight(l),
	       least = largest_weight(l) / 120;
	/* of codes of four bits, in steps */
	double reach = l->dependent ? 4 : 8;
	struct layer_candidates *o = &k->out[i];

	for (int n = 0; n < STEPS && step > least;
	     n++, step *= 0.7071067811865476) {
		struct weight_format c = { .bits = 4,
					   .step = (double)(float)step,
					   .survivors = SURVIVORS };
		double clipped;

		if (add_candidate(k, i, target, c, NULL, NULL))
			return -1;
		clipped = o->rows[o->count - 1].error;
		if (reach * step > largest_weight(l))
			continue;
		c.bits = 8;
		if (add_candidate(k, i, target, c, NULL, NULL))
			return -1;
		if (clipped < CLIPPED_ERROR * o->rows[o->count - 1].error)
			o->count--;
	}
	return 0;
}

/* Codes in fixed tiles, on grids and with codebooks. */
static int list_tiles(struct candidate_search *k, int i,
		      const struct rounding_target *target)
{
	const struct weighted_layer *l = target->l;

	for (int bits = 2; bits <= 4; bits++) {
		struct weight_format c = { .bits = bits };

		if (layer_tile_bits(l, bits) != bits)
			continue;
		if (add_candidate(k, i, target, c, NULL, NULL))
			return -1;
		c.codebook = target->inputs && layer_takes_codebook(l, bits);
		if (c.codebook && add_candidate(k, i, target, c, NULL, NULL))
			return -1;
	}
	return 0;
}

/* The layer continues at 8 bits: later layers read its output. */
static int list_layer(struct candidate_search *k, int i,
		      const struct paired_run *run,
		      struct rounded_layer *at_eight, struct arena *a)
{
	const struct weighted_layer *l = &k->layers->rows[i];
	struct layer_candidates *o = &k->out[i];
	struct input_covariance s;
	struct arena scratch;
	struct rounding_target target;
	int err;

	o->rows = arena_array(k->a, 2 * STEPS + 4, sizeof(*o->rows));
	if (!o->rows)
		return diag_error(k->d, "out of memory");
	arena_init(&scratch, 0);
	err = input_covariance_gather(run, l, &scratch, &s, k->d) ||
	      rounding_target_prepare(l, &s, NULL, k->c->jobs, &scratch,
				      &target, k->d) ||
	      add_candidate(k, i, &target, (struct weight_format){ .bits = 8 },
			    at_eight, a);
	if (l->trained)
		goto done;
	if (!err && k->target->coded && s.length && k->c->methods & METHOD_RATE)
		err = add_candidate(k, i, &target,
				    (struct weight_format){ .bits = 2 }, NULL,
				    NULL) ||
		      list_steps(k, i, &target);
	else if (!err)
		err = list_tiles(k, i, &target);
done:
	arena_free(&scratch);
	return err ? -1 : 0;
}

static int list_all(struct candidate_search *k, struct paired_run *run,
		    const struct progress *p)
{
	int i = 0;

	for (const struct node *n = k->g->first; n; n = n->next) {
		const struct weighted_layer *l = &k->layers->rows[i];
		struct paired_run_constants reference = { NULL, NULL },
					    quantized = reference;
		struct rounded_layer r = { 0 };
		struct arena scratch;
		int err = 0;

		if (n->tail)
			continue;
		arena_init(&scratch, 0);
		if (i < k->layers->count && l->node == n) {
			err = list_layer(k, i, run, &r, &scratch);
			reference.weights = l->weights->data;
			reference.bias = l->bias->data;
			quantized.weights = r.values;
			quantized.bias = r.bias ? r.bias : l->bias->data;
			i++;
			if (p->report)
				p->report(p->ctx, p->stage, i,
					  k->layers->count);
		}
		err = err ||
		      paired_run_step(run, n, reference, quantized, k->d);
		arena_free(&scratch);
		if (err)
			return -1;
	}
	return 0;
}

/* ---- Sensitivities ---- */

/* Loss of the heads with layer i alone rounded, per error of its output. */
static int measure_sensitivity(struct candidate_search *k, struct head_error *e,
			       int i, double *sensitivity)
{
	const struct weighted_layer *l = &k->layers->rows[i];
	const struct rounded_layer *r = &k->probes[i];
	struct value *w = l->node->inputs[1], *b = l->node->inputs[2];
	const void *weights = w->data, *bias = b->data;
	double loss;
	int err;

	*sensitivity = 0;
	if (!r->values || !(k->probe_error[i] > 0))
		return 0;
	w->data = r->values;
	if (r->bias)
		b->data = r->bias;
	err = head_error_measure(e, NULL, NULL, &loss, k->d);
	w->data = weights;
	b->data = bias;
	*sensitivity = loss / k->probe_error[i];
	return err;
}

static int find_sensitivities(struct candidate_search *k,
			      const struct samples *samples,
			      const struct progress *progress)
{
	struct head_error e;
	int err = head_error_init(&e, k->g, samples, k->c->jobs, k->d);

	for (int i = 0; !err && i < k->layers->count; i++) {
		struct layer_candidates *o = &k->out[i];

		err = measure_sensitivity(k, &e, i, &o->sensitivity);
		for (int n = 0; n < o->count; n++)
			o->rows[n].loss = o->sensitivity * o->rows[n].error;
		if (progress->report)
			progress->report(progress->ctx, progress->stage, i + 1,
					 k->layers->count);
	}
	head_error_free(&e);
	return err;
}

/* The settings' progress, of one stage. */
static struct progress stage_of(const struct candidate_settings *s,
				const char *stage)
{
	if (!s->progress)
		return (struct progress){ .stage = stage };
	return (struct progress){ s->progress->report, s->progress->ctx,
				  stage };
}

int candidates_list(const struct candidate_settings *s, struct arena *a,
		    struct layer_candidates **out, struct diag *d)
{
	const struct progress rounding = stage_of(s, "candidates");
	const struct progress measuring = stage_of(s, "sensitivity");
	struct candidate_search k = { .g = s->g,
				      .layers = s->layers,
				      .target = s->target,
				      .c = s->c,
				      .a = a,
				      .d = d };
	size_t n = (size_t)s->layers->count;
	struct paired_run run;
	int err;

	*out = k.out = arena_array(a, n, sizeof(*k.out));
	k.probes = arena_array(a, n, sizeof(*k.probes));
	k.probe_error = arena_array(a, n, sizeof(*k.probe_error));
	if (!k.out || !k.probes || !k.probe_error)
		return diag_error(d, "out of memory");
	err = paired_run_init(&run, s->g, s->c->jobs, s->samples,
			      PAIRED_SAMPLES, PAIRED_BYTES, d) ||
	      list_all(&k, &run, &rounding);
	paired_run_free(&run);
	return err ? -1 : find_sensitivities(&k, s->samples, &measuring);
}
