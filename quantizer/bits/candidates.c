/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Candidates of each layer, and their costs. The error of a candidate is
 * measured at the layer's output, with all layers before it at 8 bits. The
 * sensitivity of a layer is measured at the heads, with this layer alone
 * rounded. The loss of a candidate is error * sensitivity: losses are taken as
 * linear and additive.
 */
#include "quantizer/bits/candidates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluator/detmath.h"
#include "quantizer/bits/candidate_time.h"
#include "quantizer/bits/channel_sample.h"
#include "quantizer/bits/step_rows.h"
#include "quantizer/simulate/head_error.h"
#include "quantizer/simulate/paired_run.h"
#include "quantizer/weights/round_weights.h"

#define PAIRED_SAMPLES 48
#define PAIRED_BYTES ((size_t)500 << 20)
#define STEPS 9         /* that are measured, each half of the one before */
#define LARGEST_STEP 12 /* times the weights' rms: nearly all codes are 0 */
/* The sensitivity is measured with the candidate whose error is nearest to this
 * share of the layer's signal, which is typical for few bits. */
#define PROBE_ERROR 0.1
#define ERROR_MIN 1e-30
#define SURVIVORS 1 /* of the trellis search, for speed */
/* A step has candidates of 4 and 8 bits where 4 bits have more than this times
 * the error of 8. */
#define CLIPPED_ERROR 1.05

/* The rounding that measures a layer's sensitivity. */
struct probe {
	struct rounded_layer rounded;
	double error, plain_error; /* with and without importance */
};

struct candidate_search {
	const struct graph *g;
	const struct layers *layers;
	const struct cost_target *target;
	const struct config *c;
	const struct candidate_settings *settings;
	struct arena *a;
	struct layer_candidates **out; /* [variant][layer] */
	struct probe *probes;          /* by layer, of the first variant */
	/* what is listed now */
	int variant;
	const struct channel_sample *sample; /* of the layer */
	struct diag *d;
};

static struct layer_candidates *rows_of(const struct candidate_search *k,
					int layer)
{
	return &k->out[k->variant][layer];
}

/* ---- Candidates of a layer ---- */

/* Rounds layer l, or some channels of it, in a format and notes the cost of the
 * whole; the result lives in `a`. */
static int try_candidate(struct candidate_search *k,
			 const struct weighted_layer *l,
			 const struct rounding_target *target,
			 struct weight_format c, struct arena *a,
			 struct candidate *out, struct rounded_layer *r)
{
	double all = (double)l->channels / (double)target->l->channels;
	int most;

	if (layer_round(target, c, k->c->jobs, a, r, k->d))
		return -1;
	most = candidate_largest_code(target->l, r);
	if (l->trained)
		c.bits = r->bits;
	*out = (struct candidate){ .format = c,
				   .bytes = r->entropy_bits / 8 * all,
				   .error = r->loss * all };
	for (int w = 0; w < INPUT_WIDTHS; w++)
		out->time_us[w] = candidate_time(
			k->target, l, layer_tile_bits(l, c.bits), most,
			w ? input_width_bits(w) :
			    l->node->inputs[0]->quant->bits);
	if (!k->target->coded)
		out->bytes = (double)(l->channels * l->length) *
				     layer_tile_bits(l, c.bits) / 8 +
			     (double)layer_codebook_bytes(l, c);
	return 0;
}

/* How far an error is from PROBE_ERROR: a factor. */
static double probe_distance(const struct rounding_target *of, double error)
{
	double wanted = PROBE_ERROR * (of->signal > 0 ? of->signal : 1);

	if (error > wanted)
		return error / wanted;
	return wanted / (error > 0 ? error : ERROR_MIN);
}

/* Keeps the rounding whose error is nearest to PROBE_ERROR. */
static int keep_probe(struct candidate_search *k, int i,
		      const struct rounding_target *of,
		      const struct rounded_layer *r)
{
	const struct weighted_layer *l = of->l;
	struct probe *p = &k->probes[i];
	size_t weights = (size_t)(l->channels * l->length) * sizeof(float);
	size_t biases = (size_t)l->channels * sizeof(float);

	if (k->variant || !(r->loss > 0))
		return 0;
	if (p->error > 0 &&
	    probe_distance(of, r->loss) >= probe_distance(of, p->error))
		return 0;
	p->error = r->loss;
	p->plain_error = r->plain_loss;
	if (!p->rounded.values)
		p->rounded.values = arena_alloc(k->a, weights);
	if (r->bias && !p->rounded.bias)
		p->rounded.bias = arena_alloc(k->a, biases);
	if (!p->rounded.values || (r->bias && !p->rounded.bias))
		return -1;
	memcpy(p->rounded.values, r->values, weights);
	if (r->bias)
		memcpy(p->rounded.bias, r->bias, biases);
	return 0;
}

/* Adds the candidate of the whole layer `target`, measured on `measured`: the
 * whole or some channels. */
static int round_candidate(struct candidate_search *k, int i,
			   const struct rounding_target *target,
			   const struct rounding_target *measured,
			   struct weight_format c, struct rounded_layer *kept,
			   struct arena *kept_in)
{
	struct layer_candidates *o = rows_of(k, i);
	struct rounded_layer r;
	struct arena scratch;
	int err;

	arena_init(&scratch, 0);
	err = try_candidate(k, target->l, measured, c,
			    kept ? kept_in : &scratch, &o->rows[o->count],
			    &r) ||
	      (measured == target && keep_probe(k, i, target, &r));
	if (!err)
		o->count++;
	if (kept)
		*kept = r;
	arena_free(&scratch);
	return err ? -1 : 0;
}

static int add_candidate(struct candidate_search *k, int i,
			 const struct rounding_target *target,
			 struct weight_format c)
{
	return round_candidate(k, i, target,
			       k->sample->every > 1 ? &k->sample->target :
						      target,
			       c, NULL, NULL);
}

/* Rounds with a step: with codes of 4 bits, and of 8 where 4 clip too much. */
static int add_step(struct candidate_search *k, int i,
		    const struct rounding_target *target, double step,
		    struct step_rows *four, struct step_rows *eight)
{
	const struct weighted_layer *l = target->l;
	struct layer_candidates *o = rows_of(k, i);
	/* of codes of four bits, in steps */
	double reach = l->dependent ? 4 : 8, clipped;
	struct weight_format c = { .bits = 4,
				   .step = (double)(float)step,
				   .survivors = SURVIVORS };

	four->at[four->count++] = o->count;
	eight->at[eight->count++] = -1;
	if (add_candidate(k, i, target, c))
		return -1;
	if (reach * step > layer_largest_weight(l))
		return 0;
	clipped = o->rows[o->count - 1].error;
	c.bits = 8;
	if (add_candidate(k, i, target, c))
		return -1;
	if (clipped < CLIPPED_ERROR * o->rows[o->count - 1].error)
		o->count--;
	else
		eight->at[eight->count - 1] = o->count - 1;
	return 0;
}

/* The candidate from row `first` on whose error is nearest to PROBE_ERROR. */
static int nearest_probe(const struct layer_candidates *o,
			 const struct rounding_target *target, int first)
{
	int best = first;

	for (int n = first + 1; n < o->count; n++)
		if (probe_distance(target, o->rows[n].error) <
		    probe_distance(target, o->rows[best].error))
			best = n;
	return best;
}

/* Candidates from row `first` on may be estimates. The one that the sensitivity
 * is measured with is none; it corrects those of some channels. */
static int measure_probe(struct candidate_search *k, int i,
			 const struct rounding_target *target, int first)
{
	struct layer_candidates *o = rows_of(k, i);
	int best = nearest_probe(o, target, first), last = o->count;
	double error, bytes;

	if (k->variant || first == last)
		return 0;
	if (round_candidate(k, i, target, target, o->rows[best].format, NULL,
			    NULL))
		return -1;
	o->count = last;
	error = o->rows[last].error / o->rows[best].error;
	bytes = o->rows[last].bytes / o->rows[best].bytes;
	for (int n = first; k->sample->every > 1 && n < last; n++) {
		o->rows[n].error *= error > 0 && error < INFINITY ? error : 1;
		o->rows[n].bytes *= bytes > 0 && bytes < INFINITY ? bytes : 1;
	}
	o->rows[best] = o->rows[last];
	return 0;
}

/* Steps that are measured, and those between. */
static int list_steps(struct candidate_search *k, int i,
		      const struct rounding_target *target)
{
	const struct weighted_layer *l = target->l;
	double step = LARGEST_STEP * layer_rms_weight(l);
	double least = layer_largest_weight(l) / 120;
	struct step_rows four = { .count = 0 }, eight = four;

	int first = rows_of(k, i)->count, last;

	for (int n = 0; n < STEPS && step > least; n++, step /= 2)
		if (add_step(k, i, target, step, &four, &eight))
			return -1;
	last = rows_of(k, i)->count;
	step_rows_interpolate(&four, rows_of(k, i));
	step_rows_interpolate(&eight, rows_of(k, i));
	if (k->sample->every == 1 &&
	    nearest_probe(rows_of(k, i), target, first) < last)
		return 0;
	return measure_probe(k, i, target, first);
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
		if (add_candidate(k, i, target, c))
			return -1;
		c.codebook = target->inputs && layer_takes_codebook(l, bits);
		if (c.codebook && add_candidate(k, i, target, c))
			return -1;
	}
	return 0;
}

/* The candidates of one variant. */
static int list_variant(struct candidate_search *k, int i,
			const struct rounding_target *target,
			struct rounded_layer *at_eight, struct arena *a)
{
	struct layer_candidates *o = rows_of(k, i);

	o->rows = arena_array(k->a, 4 * STEPS + 4, sizeof(*o->rows));
	if (!o->rows)
		return diag_error(k->d, "out of memory");
	if (round_candidate(k, i, target, target,
			    (struct weight_format){ .bits = 8 }, at_eight, a))
		return -1;
	if (target->l->trained)
		return 0;
	if (!k->target->coded || !target->inputs ||
	    !(k->c->methods & METHOD_RATE))
		return list_tiles(k, i, target);
	if (add_candidate(k, i, target, (struct weight_format){ .bits = 2 }))
		return -1;
	return list_steps(k, i, target);
}

/* Layer i as variant v rounds it. */
static struct weighted_layer layer_of_variant(const struct candidate_search *k,
					      int i, int v)
{
	const struct candidate_variant *from = &k->settings->variants[v];
	struct weighted_layer l = k->layers->rows[i];

	l.settings = &from->settings;
	l.importance = from->importance ? from->importance[i] : NULL;
	return l;
}

/* The layer continues at 8 bits: later layers read its output. */
static int list_layer(struct candidate_search *k, int i,
		      const struct paired_run *run,
		      struct rounded_layer *at_eight, struct arena *a)
{
	struct input_covariance s;
	struct rounding_target target;
	struct arena scratch;
	double damping = -1;
	int err;

	arena_init(&scratch, 0);
	err = input_covariance_gather(run, &k->layers->rows[i], &scratch, &s,
				      k->d);
	for (int v = 0; !err && v < k->settings->variant_count; v++) {
		struct weighted_layer l = layer_of_variant(k, i, v);
		struct channel_sample sample;

		if (l.settings->damping != damping)
			err = rounding_target_prepare(&l, &s, NULL, k->c->jobs,
						      &scratch, &target, k->d);
		damping = l.settings->damping;
		target.l = &l;
		k->variant = v;
		k->sample = &sample;
		if (!err && channel_sample_take(&target, &scratch, &sample))
			err = diag_error(k->d, "out of memory");
		err = err ||
		      list_variant(k, i, &target, v ? NULL : at_eight, a);
	}
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

/* Layer `i` alone reads its probe; false: it has none. */
static bool probe_change(const struct candidate_search *k, int i,
			 struct head_change *out)
{
	const struct probe *p = &k->probes[i];

	*out = (struct head_change){ .node = k->layers->rows[i].node,
				     .weights = p->rounded.values,
				     .bias = p->rounded.bias };
	return p->rounded.values && p->error > 0;
}

/* loss: of the heads, where the layer reads its probe. */
static void set_losses(struct candidate_search *k, int layer, double loss)
{
	const struct probe *p = &k->probes[layer];

	for (int v = 0; v < k->settings->variant_count; v++) {
		struct layer_candidates *o = &k->out[v][layer];
		double error = k->settings->variants[v].importance ?
				       p->error :
				       p->plain_error;

		o->sensitivity = error > 0 ? loss / error : 0;
		for (int n = 0; n < o->count; n++)
			o->rows[n].loss = o->sensitivity * o->rows[n].error;
	}
}

/* Loss of the heads with each layer alone rounded, per error of its output. */
static int find_sensitivities(struct candidate_search *k,
			      const struct samples *samples,
			      const struct progress *progress)
{
	int count = k->layers->count, listed = 0, err = -1;
	struct head_change *changes;
	struct arena scratch;
	double *loss;

	arena_init(&scratch, 0);
	changes = arena_array(&scratch, (size_t)count, sizeof(*changes));
	loss = arena_array(&scratch, (size_t)count, sizeof(*loss));
	if (!changes || !loss) {
		diag_error(k->d, "out of memory");
		goto done;
	}
	for (int i = 0; i < count; i++)
		listed += probe_change(k, i, &changes[listed]);
	if (head_error_measure(k->g, samples, k->c->jobs, changes, listed, loss,
			       progress, k->d))
		goto done;
	for (int i = 0, at = 0; i < count; i++) {
		bool known = probe_change(k, i, &changes[at]);

		set_losses(k, i, known ? loss[at++] : 0);
	}
	err = 0;
done:
	arena_free(&scratch);
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
				      .settings = s,
				      .a = a,
				      .out = out,
				      .d = d };
	size_t n = (size_t)s->layers->count;
	struct paired_run run;
	int err;

	k.probes = arena_array(a, n, sizeof(*k.probes));
	if (!k.probes)
		return diag_error(d, "out of memory");
	for (int v = 0; v < s->variant_count; v++)
		if (!(out[v] = arena_array(a, n, sizeof(*out[v]))))
			return diag_error(d, "out of memory");
	err = paired_run_init(&run, s->g, s->c->jobs, s->samples,
			      PAIRED_SAMPLES, PAIRED_BYTES, d) ||
	      list_all(&k, &run, &rounding);
	paired_run_free(&run);
	return err ? -1 : find_sensitivities(&k, s->samples, &measuring);
}
