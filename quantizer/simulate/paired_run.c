/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/simulate/paired_run.h"

#include <stdlib.h>
#include <string.h>

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

static void **slot(const struct paired_run *t, void **side, int sample,
		   const struct value *v)
{
	return &side[(size_t)sample * t->g->value_count + v->id];
}

/* Readers outside the tail, and one more for a head, which stays alive. */
static int readers_of(const struct value *v)
{
	int count = value_is_head(v);

	for (int i = 0; i < v->use_count; i++)
		count += !v->uses[i]->tail;
	return count;
}

static void count_readers(const struct paired_run *t)
{
	for (size_t i = 0; i < t->g->value_count; i++)
		t->left[i] = readers_of(t->g->values[i]);
}

/* Peak size of the values that are alive at once, for one sample on one side.
 */
static size_t peak_bytes(const struct paired_run *t)
{
	size_t live = 0, peak = 0;

	count_readers(t);
	for (int i = 0; i < t->g->input_count; i++)
		live += bytes_of(t->g->inputs[i]);
	for (const struct node *n = t->g->first; n; n = n->next) {
		for (int i = 0; !n->tail && i < n->output_count; i++)
			live += n->outputs[i] ? bytes_of(n->outputs[i]) : 0;
		peak = live > peak ? live : peak;
		for (int i = 0; !n->tail && i < n->input_count; i++) {
			const struct value *v = n->inputs[i];

			if (v && v->role != VALUE_CONSTANT &&
			    --t->left[v->id] == 0)
				live -= bytes_of(v);
		}
		for (int i = 0; !n->tail && i < n->output_count; i++)
			if (n->outputs[i] && !t->left[n->outputs[i]->id])
				live -= bytes_of(n->outputs[i]);
	}
	count_readers(t);
	return peak;
}

/* ---- Samples ---- */

struct filling {
	struct paired_run *t;
	const struct samples *samples;
};

static int fill_sample(void *ctx, int i, int worker, struct diag *d)
{
	const struct filling *f = ctx;
	const struct graph *g = f->t->g;
	float *inputs[MOST_OPERANDS];

	(void)worker;
	if (g->input_count > MOST_OPERANDS)
		return diag_error(d, "more than %d inputs", MOST_OPERANDS);
	for (int k = 0; k < g->input_count; k++) {
		const struct value *v = g->inputs[k];
		size_t bytes = bytes_of(v);

		inputs[k] = malloc(bytes + 1);
		*slot(f->t, f->t->reference, i, v) = inputs[k];
		*slot(f->t, f->t->quantized, i, v) = malloc(bytes + 1);
		if (!inputs[k] || !paired_run_quantized(f->t, i, v))
			return diag_error(d, "out of memory");
	}
	if (f->samples->fill(
		    f->samples->ctx,
		    (int)((int64_t)i * f->samples->count / f->t->count), inputs,
		    d))
		return -1;
	for (int k = 0; k < g->input_count; k++) {
		const struct value *v = g->inputs[k];
		float *quantized = *slot(f->t, f->t->quantized, i, v);

		memcpy(quantized, inputs[k], bytes_of(v));
		if (v->quant)
			fake_quantize(v->quant, quantized,
				      shape_elements(&v->shape));
	}
	return 0;
}

int paired_run_init(struct paired_run *t, const struct graph *g, int jobs,
		    const struct samples *s, int most, size_t most_bytes,
		    struct diag *d)
{
	struct filling f = { t, s };
	size_t peak, fit, slots;

	*t = (struct paired_run){ .g = g, .jobs = jobs };
	t->left = calloc(g->value_count + 1, sizeof(*t->left));
	if (!t->left)
		return diag_error(d, "out of memory");
	peak = 2 * peak_bytes(t);
	fit = most_bytes / (peak ? peak : 1);
	t->count = s->count < most ? s->count : most;
	if (fit < (size_t)t->count)
		t->count = fit < 1 ? 1 : (int)fit;
	slots = (size_t)t->count * g->value_count + 1;
	t->reference = calloc(slots, sizeof(*t->reference));
	t->quantized = calloc(slots, sizeof(*t->quantized));
	if (!t->reference || !t->quantized)
		return diag_error(d, "out of memory");
	return parallel_run(parallel_threads(jobs, t->count), t->count,
			    fill_sample, &f, NULL, d);
}

void paired_run_free(struct paired_run *t)
{
	size_t slots = (size_t)t->count * t->g->value_count;

	for (size_t i = 0; t->reference && t->quantized && i < slots; i++) {
		free(t->reference[i]);
		free(t->quantized[i]);
	}
	free(t->reference);
	free(t->quantized);
	free(t->left);
}

/* ---- Nodes ---- */

struct paired_step {
	struct paired_run *t;
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
			     *slot(s->t, side, sample, v);
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
			*slot(s->t, side, sample, v) = out[i];
	}
	return eval_node(n, in, out, d);
}

static int step_sample(void *ctx, int i, int worker, struct diag *d)
{
	const struct paired_step *s = ctx;

	(void)worker;
	if (run_side(s, s->t->reference, i, &s->constants[0], d) ||
	    run_side(s, s->t->quantized, i, &s->constants[1], d))
		return -1;
	for (int k = 0; k < s->n->output_count; k++) {
		const struct value *v = s->n->outputs[k];

		if (v && v->quant)
			fake_quantize(v->quant,
				      *slot(s->t, s->t->quantized, i, v),
				      shape_elements(&v->shape));
	}
	return 0;
}

static void free_value(struct paired_run *t, const struct value *v)
{
	for (int i = 0; i < t->count; i++) {
		free(*slot(t, t->reference, i, v));
		free(*slot(t, t->quantized, i, v));
		*slot(t, t->reference, i, v) = *slot(t, t->quantized, i, v) =
			NULL;
	}
}

int paired_run_step(struct paired_run *t, const struct node *n,
		    struct paired_run_constants reference,
		    struct paired_run_constants quantized, struct diag *d)
{
	struct paired_step s = { t, n, { reference, quantized } };

	if (n->input_count > MOST_OPERANDS || n->output_count > MOST_OPERANDS)
		return node_error(d, n, "more than %d operands", MOST_OPERANDS);
	if (parallel_run(parallel_threads(t->jobs, t->count), t->count,
			 step_sample, &s, NULL, d))
		return -1;
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (v && v->role != VALUE_CONSTANT && --t->left[v->id] == 0)
			free_value(t, v);
	}
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && !t->left[n->outputs[i]->id])
			free_value(t, n->outputs[i]);
	return 0;
}

/* ---- Loss ---- */

static double head_loss(const struct paired_run *t, const struct value *v)
{
	int64_t n = shape_elements(&v->shape);
	double sum = 0, squares = 0, errors = 0, count = 0, variance;

	for (int s = 0; s < t->count; s++) {
		const float *reference = paired_run_reference(t, s, v);
		const float *quantized = paired_run_quantized(t, s, v);

		for (int64_t i = 0; i < n; i++) {
			double x = reference[i], e = (double)quantized[i] - x;

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

double paired_run_loss(const struct paired_run *t)
{
	double total = 0;
	int heads = 0;

	for (size_t i = 0; i < t->g->value_count; i++) {
		const struct value *v = t->g->values[i];

		if (v->dtype != DT_F32 || !value_is_head(v))
			continue;
		total += head_loss(t, v);
		heads++;
	}
	return heads ? total / heads : 0;
}
