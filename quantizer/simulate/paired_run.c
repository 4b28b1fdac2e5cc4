/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/simulate/paired_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/finite.h"
#include "base/parallel.h"
#include "evaluator/evaluator.h"
#include "quantizer/graph/head_values.h"
#include "quantizer/simulate/fake_quantize.h"

#define MOST_OPERANDS 64
#define VARIANCE_MIN 1e-30 /* a head that varies less does not count */

static size_t bytes_of(const struct value *v)
{
	return (size_t)shape_elements(&v->shape) * dtype_size(v->dtype);
}

static void **slot(const struct paired_run *run, void **side, int sample,
		   const struct value *v)
{
	return &side[(size_t)sample * run->g->value_count + v->id];
}

/* Readers outside the tail, and one more for a head, which stays alive. */
static int readers_of(const struct value *v)
{
	int count = value_is_head(v);

	for (int i = 0; i < v->use_count; i++)
		count += !v->uses[i]->tail;
	return count;
}

static void count_readers(const struct paired_run *run)
{
	for (size_t i = 0; i < run->g->value_count; i++)
		run->left[i] = readers_of(run->g->values[i]);
}

/* Peak size of the values that are alive at once, for one sample on one side.
 */
static size_t peak_bytes(const struct paired_run *run)
{
	size_t live = 0, peak = 0;

	count_readers(run);
	for (int i = 0; i < run->g->input_count; i++)
		live += bytes_of(run->g->inputs[i]);
	for (const struct node *n = run->g->first; n; n = n->next) {
		for (int i = 0; !n->tail && i < n->output_count; i++)
			live += n->outputs[i] ? bytes_of(n->outputs[i]) : 0;
		peak = live > peak ? live : peak;
		for (int i = 0; !n->tail && i < n->input_count; i++) {
			const struct value *v = n->inputs[i];

			if (v && v->role != VALUE_CONSTANT &&
			    --run->left[v->id] == 0)
				live -= bytes_of(v);
		}
		for (int i = 0; !n->tail && i < n->output_count; i++)
			if (n->outputs[i] && !run->left[n->outputs[i]->id])
				live -= bytes_of(n->outputs[i]);
	}
	count_readers(run);
	return peak;
}

/* ---- Samples ---- */

struct filling {
	struct paired_run *run;
	const struct samples *samples;
};

static int fill_sample(void *ctx, int i, int worker, struct diag *d)
{
	const struct filling *f = ctx;
	const struct graph *g = f->run->g;
	float *inputs[MOST_OPERANDS];

	(void)worker;
	if (g->input_count > MOST_OPERANDS)
		return diag_error(d, "more than %d inputs", MOST_OPERANDS);
	for (int k = 0; k < g->input_count; k++) {
		const struct value *v = g->inputs[k];
		size_t bytes = bytes_of(v);

		inputs[k] = malloc(bytes + 1);
		*slot(f->run, f->run->reference, i, v) = inputs[k];
		*slot(f->run, f->run->quantized, i, v) = malloc(bytes + 1);
		if (!inputs[k] || !paired_run_quantized(f->run, i, v))
			return diag_error(d, "out of memory");
	}
	if (f->samples->fill(
		    f->samples->ctx,
		    (int)((int64_t)i * f->samples->count / f->run->count),
		    inputs, d))
		return -1;
	for (int k = 0; k < g->input_count; k++) {
		const struct value *v = g->inputs[k];
		float *quantized = *slot(f->run, f->run->quantized, i, v);

		memcpy(quantized, inputs[k], bytes_of(v));
		if (v->quant)
			fake_quantize(v->quant, quantized,
				      shape_elements(&v->shape));
	}
	return 0;
}

int paired_run_init(struct paired_run *run, const struct graph *g, int jobs,
		    const struct samples *s, int most, size_t most_bytes,
		    struct diag *d)
{
	struct filling f = { run, s };
	size_t peak, fit, slots;

	*run = (struct paired_run){ .g = g, .jobs = jobs };
	run->left = calloc(g->value_count + 1, sizeof(*run->left));
	if (!run->left)
		return diag_error(d, "out of memory");
	peak = 2 * peak_bytes(run);
	fit = most_bytes / (peak ? peak : 1);
	run->count = s->count < most ? s->count : most;
	if (fit < (size_t)run->count)
		run->count = fit < 1 ? 1 : (int)fit;
	slots = (size_t)run->count * g->value_count + 1;
	run->reference = calloc(slots, sizeof(*run->reference));
	run->quantized = calloc(slots, sizeof(*run->quantized));
	if (!run->reference || !run->quantized)
		return diag_error(d, "out of memory");
	return parallel_run(parallel_threads(jobs, run->count), run->count,
			    fill_sample, &f, NULL, d);
}

void paired_run_free(struct paired_run *run)
{
	size_t slots = (size_t)run->count * run->g->value_count;

	for (size_t i = 0; run->reference && run->quantized && i < slots; i++) {
		free(run->reference[i]);
		free(run->quantized[i]);
	}
	free(run->reference);
	free(run->quantized);
	free(run->left);
}

/* ---- Nodes ---- */

struct paired_step {
	struct paired_run *run;
	const struct node *n;
	struct paired_run_constants constants[2];
};

static int run_side(const struct paired_step *s, void **side, int sample,
		    const struct paired_run_constants *c, struct diag *d)
{
	const void *in[MOST_OPERANDS];
	void *out[MOST_OPERANDS];
	const struct node *n = s->n;

	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		in[i] = !v ? NULL :
			v->role == VALUE_CONSTANT ?
			     v->data :
			     *slot(s->run, side, sample, v);
	}
	if (c->weights)
		in[1] = c->weights;
	if (c->bias)
		in[2] = c->bias;
	for (int i = 0; i < n->output_count; i++) {
		const struct value *v = n->outputs[i];

		out[i] = v ? aligned_alloc(64, (bytes_of(v) + 127) / 64 * 64) :
			     NULL;
		if (v && !out[i])
			return diag_error(d, "out of memory");
		if (v)
			*slot(s->run, side, sample, v) = out[i];
	}
	return eval_node(n, in, out, d);
}

/* What is not finite becomes the nearest number that codes can be: no sum over
 * the reference may contain it. */
static void hold_finite(float *x, const struct value *v)
{
	int64_t n = shape_elements(&v->shape);
	const int channels = v->quant->channels;

	if (floats_are_finite(x, n))
		return;
	for (int64_t i = 0; i < n; i++) {
		const int c = (int)(i % channels);
		struct quant one = *v->quant;

		if (float_is_finite(x[i]))
			continue;
		one.channels = 1;
		one.scale += c;
		fake_quantize(&one, x + i, 1);
	}
}

static int step_sample(void *ctx, int i, int worker, struct diag *d)
{
	const struct paired_step *s = ctx;

	(void)worker;
	if (run_side(s, s->run->reference, i, &s->constants[0], d) ||
	    run_side(s, s->run->quantized, i, &s->constants[1], d))
		return -1;
	for (int k = 0; k < s->n->output_count; k++) {
		const struct value *v = s->n->outputs[k];

		if (!v || !v->quant)
			continue;
		fake_quantize(v->quant, *slot(s->run, s->run->quantized, i, v),
			      shape_elements(&v->shape));
		hold_finite(*slot(s->run, s->run->reference, i, v), v);
	}
	return 0;
}

static void free_value(struct paired_run *run, const struct value *v)
{
	for (int i = 0; i < run->count; i++) {
		free(*slot(run, run->reference, i, v));
		free(*slot(run, run->quantized, i, v));
		*slot(run, run->reference, i, v) =
			*slot(run, run->quantized, i, v) = NULL;
	}
}

int paired_run_step(struct paired_run *run, const struct node *n,
		    struct paired_run_constants reference,
		    struct paired_run_constants quantized, struct diag *d)
{
	struct paired_step s = { run, n, { reference, quantized } };

	if (n->input_count > MOST_OPERANDS || n->output_count > MOST_OPERANDS)
		return node_error(d, n, "more than %d operands", MOST_OPERANDS);
	if (parallel_run(parallel_threads(run->jobs, run->count), run->count,
			 step_sample, &s, NULL, d))
		return -1;
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (v && v->role != VALUE_CONSTANT && --run->left[v->id] == 0)
			free_value(run, v);
	}
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && !run->left[n->outputs[i]->id])
			free_value(run, n->outputs[i]);
	return 0;
}

/* ---- Loss ---- */

static double head_loss(const struct paired_run *run, const struct value *v)
{
	int64_t n = shape_elements(&v->shape);
	double sum = 0, squares = 0, errors = 0, count = 0, variance;

	for (int s = 0; s < run->count; s++) {
		const float *reference = paired_run_reference(run, s, v);
		const float *quantized = paired_run_quantized(run, s, v);

		for (int64_t i = 0; i < n; i++) {
			double x = reference[i], e = (double)quantized[i] - x;

			if (!float_is_finite(reference[i]) ||
			    !float_is_finite(quantized[i]))
				continue;

			sum += x;
			squares += x * x;
			errors += e * e;
		}
		count += (double)n;
	}
	variance = count > 0 ? squares / count - sum / count * (sum / count) :
			       0;
	return variance > VARIANCE_MIN ? errors / count / variance : 0;
}

double paired_run_loss(const struct paired_run *run)
{
	double total = 0;
	int heads = 0;

	for (size_t i = 0; i < run->g->value_count; i++) {
		const struct value *v = run->g->values[i];

		if (v->dtype != DT_F32 || !value_is_head(v))
			continue;
		total += head_loss(run, v);
		heads++;
	}
	return heads ? total / heads : 0;
}
