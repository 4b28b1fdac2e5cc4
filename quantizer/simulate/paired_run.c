/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/simulate/paired_run.h"

#include <stdlib.h>
#include <string.h>

#include "evaluator/evaluator.h"

#define MOST_OPERANDS 64

static size_t bytes_of(const struct value *v)
{
	return (size_t)shape_elements(&v->shape) * dtype_size(v->dtype);
}

static void **slot(const struct twin *t, void **side, int sample,
		   const struct value *v)
{
	return &side[(size_t)sample * t->g->value_count + v->id];
}

bool twin_is_head(const struct value *v)
{
	if (!v->producer || v->producer->tail)
		return false;
	for (int i = 0; i < v->use_count; i++)
		if (v->uses[i]->tail)
			return true;
	return v->is_output;
}

/* Readers outside of the tail; heads stay. */
static int readers(const struct value *v)
{
	int count = twin_is_head(v);

	for (int i = 0; i < v->use_count; i++)
		count += !v->uses[i]->tail;
	return count;
}

static void count_readers(const struct twin *t)
{
	for (size_t i = 0; i < t->g->value_count; i++)
		t->left[i] = readers(t->g->values[i]);
}

/* The most that is alive at once, of one sample on one side. */
static size_t peak_bytes(const struct twin *t)
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

void twin_round(const struct quant *q, float *x, int64_t n)
{
	int half = 1 << (q->bits - 1);
	int low = -half - q->zero_point[0], high = half - 1 - q->zero_point[0];

	for (int64_t i = 0; i < n; i += q->channels)
		for (int c = 0; c < q->channels; c++) {
			double scale = q->scale[c];
			double r = (double)x[i + c] / scale + 0.5;
			int code;

			code = !(r > low) ? low : r >= high ? high : (int)r;
			code -= code > low && (double)code > r;
			x[i + c] = (float)(scale * code);
		}
}

/* ---- Samples ---- */

struct filling {
	struct twin *t;
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
		*slot(f->t, f->t->real, i, v) = inputs[k];
		*slot(f->t, f->t->coded, i, v) = malloc(bytes + 1);
		if (!inputs[k] || !twin_coded(f->t, i, v))
			return diag_error(d, "out of memory");
	}
	if (f->samples->fill(
		    f->samples->ctx,
		    (int)((int64_t)i * f->samples->count / f->t->count), inputs,
		    d))
		return -1;
	for (int k = 0; k < g->input_count; k++) {
		const struct value *v = g->inputs[k];
		float *coded = *slot(f->t, f->t->coded, i, v);

		memcpy(coded, inputs[k], bytes_of(v));
		if (v->quant)
			twin_round(v->quant, coded, shape_elements(&v->shape));
	}
	return 0;
}

int twin_init(struct twin *t, const struct graph *g, int jobs,
	      const struct samples *s, int most, size_t most_bytes,
	      struct diag *d)
{
	struct filling f = { t, s };
	size_t peak, fit, slots;

	*t = (struct twin){ .g = g, .jobs = jobs };
	t->left = calloc(g->value_count + 1, sizeof(*t->left));
	if (!t->left)
		return diag_error(d, "out of memory");
	peak = 2 * peak_bytes(t);
	fit = most_bytes / (peak ? peak : 1);
	t->count = s->count < most ? s->count : most;
	if (fit < (size_t)t->count)
		t->count = fit < 1 ? 1 : (int)fit;
	slots = (size_t)t->count * g->value_count + 1;
	t->real = calloc(slots, sizeof(*t->real));
	t->coded = calloc(slots, sizeof(*t->coded));
	if (!t->real || !t->coded)
		return diag_error(d, "out of memory");
	return parallel_run(parallel_threads(jobs, t->count), t->count,
			    fill_sample, &f, NULL, d);
}

void twin_free(struct twin *t)
{
	size_t slots = (size_t)t->count * t->g->value_count;

	for (size_t i = 0; t->real && t->coded && i < slots; i++) {
		free(t->real[i]);
		free(t->coded[i]);
	}
	free(t->real);
	free(t->coded);
	free(t->left);
}

/* ---- Nodes ---- */

struct step {
	struct twin *t;
	const struct node *n;
	struct twin_constants constants[2];
};

static int run_side(const struct step *s, void **side, int sample,
		    const struct twin_constants *c, struct diag *d)
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
	const struct step *s = ctx;

	(void)worker;
	if (run_side(s, s->t->real, i, &s->constants[0], d) ||
	    run_side(s, s->t->coded, i, &s->constants[1], d))
		return -1;
	for (int k = 0; k < s->n->output_count; k++) {
		const struct value *v = s->n->outputs[k];

		if (v && v->quant)
			twin_round(v->quant, *slot(s->t, s->t->coded, i, v),
				   shape_elements(&v->shape));
	}
	return 0;
}

static void let_go(struct twin *t, const struct value *v)
{
	for (int i = 0; i < t->count; i++) {
		free(*slot(t, t->real, i, v));
		free(*slot(t, t->coded, i, v));
		*slot(t, t->real, i, v) = *slot(t, t->coded, i, v) = NULL;
	}
}

int twin_step(struct twin *t, const struct node *n, struct twin_constants real,
	      struct twin_constants coded, struct diag *d)
{
	struct step s = { t, n, { real, coded } };

	if (n->input_count > MOST_OPERANDS || n->output_count > MOST_OPERANDS)
		return node_error(d, n, "more than %d operands", MOST_OPERANDS);
	if (parallel_run(parallel_threads(t->jobs, t->count), t->count,
			 step_sample, &s, NULL, d))
		return -1;
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (v && v->role != VALUE_CONSTANT && --t->left[v->id] == 0)
			let_go(t, v);
	}
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && !t->left[n->outputs[i]->id])
			let_go(t, n->outputs[i]);
	return 0;
}

/* ---- Loss ---- */

static double head_loss(const struct twin *t, const struct value *v)
{
	int64_t n = shape_elements(&v->shape);
	double sum = 0, squares = 0, errors = 0, count = 0, variance;

	for (int s = 0; s < t->count; s++) {
		const float *real = twin_real(t, s, v);
		const float *coded = twin_coded(t, s, v);

		for (int64_t i = 0; i < n; i++) {
			double x = real[i], e = (double)coded[i] - x;

			sum += x;
			squares += x * x;
			errors += e * e;
		}
		count += (double)n;
	}
	variance = count > 0 ? squares / count - sum / count * (sum / count) :
			       0;
	return variance > 1e-30 ? errors / count / variance : 0;
}

double twin_loss(const struct twin *t)
{
	double total = 0;
	int heads = 0;

	for (size_t i = 0; i < t->g->value_count; i++) {
		const struct value *v = t->g->values[i];

		if (v->dtype != DT_F32 || !twin_is_head(v))
			continue;
		total += head_loss(t, v);
		heads++;
	}
	return heads ? total / heads : 0;
}
