/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/simulate/head_error.h"

#include "base/finite.h"
#include "base/parallel.h"
#include "quantizer/graph/head_values.h"

#define SAMPLES 8
#define VARIANCE_MIN 1e-30 /* a head that varies less does not count */

struct head_watch {
	struct head_error *p;
	int sample;
	size_t at;
	int head;
};

static bool is_head(const struct value *v)
{
	return v && v->dtype == DT_F32 && value_is_head(v);
}

static int watch_head(void *ctx, const struct value *v, void *data)
{
	struct head_watch *w = ctx;
	struct head_error *p = w->p;
	size_t n = (size_t)shape_elements(&v->shape);
	float *kept = p->heads[w->sample] + w->at;
	const float *x = data;
	double error = 0;

	if (p->change && p->change(p->change_ctx, v, data))
		return -1;
	if (!is_head(v))
		return 0;
	w->at += n;
	for (size_t i = 0; p->record && i < n; i++)
		kept[i] = float_is_finite(x[i]) ? x[i] : 0;
	if (p->record)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (float_is_finite(x[i]))
			error += ((double)x[i] - (double)kept[i]) *
				 ((double)x[i] - (double)kept[i]);
	if (p->variance[w->head] > VARIANCE_MIN)
		p->loss[w->sample] += error / (double)n / p->variance[w->head];
	w->head++;
	return 0;
}

static int sample_job(void *ctx, int i, int worker, struct diag *d)
{
	struct head_error *p = ctx;
	struct head_watch w = { p, i, 0, 0 };

	p->loss[i] = 0;
	return runner_sample(&p->runners[worker], p->samples,
			     (int)((int64_t)i * p->samples->count / p->count),
			     watch_head, &w, d);
}

int head_error_measure(struct head_error *p, eval_observer *change, void *ctx,
		       double *loss, struct diag *d)
{
	*loss = 0;
	p->change = change;
	p->change_ctx = ctx;
	if (parallel_run(p->threads, p->count, sample_job, p, NULL, d))
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
			if (!is_head(n->outputs[i]))
				continue;
			total += (size_t)shape_elements(&n->outputs[i]->shape);
			++*heads;
		}
	return total;
}

static double head_variance(const struct head_error *p, size_t from,
			    size_t size)
{
	double sum = 0, squares = 0, count = (double)size * p->count;

	for (int s = 0; s < p->count; s++)
		for (size_t e = from; e < from + size; e++) {
			double x = (double)p->heads[s][e];

			sum += x;
			squares += x * x;
		}
	return count > 0 ? squares / count - sum / count * (sum / count) : 0;
}

/* Variance of each recorded head, over all samples. */
static void measure_variances(struct head_error *p)
{
	size_t at = 0;
	int head = 0;

	for (const struct node *n = p->g->first; n; n = n->next)
		for (int i = 0; i < n->output_count; i++) {
			size_t size;

			if (!is_head(n->outputs[i]))
				continue;
			size = (size_t)shape_elements(&n->outputs[i]->shape);
			p->variance[head++] = head_variance(p, at, size);
			at += size;
		}
}

static int allocate_records(struct head_error *p)
{
	int heads;

	p->head_floats = count_heads(p->g, &heads);
	p->runners =
		arena_array(&p->arena, (size_t)p->threads, sizeof(*p->runners));
	p->heads = arena_array(&p->arena, (size_t)p->count, sizeof(float *));
	p->loss = arena_array(&p->arena, (size_t)p->count, sizeof(double));
	p->variance = arena_array(&p->arena, (size_t)heads + 1, sizeof(double));
	for (int i = 0; p->heads && i < p->count; i++) {
		p->heads[i] =
			arena_array(&p->arena, p->head_floats, sizeof(float));
		if (!p->heads[i])
			return -1;
	}
	return p->runners && p->heads && p->loss && p->variance ? 0 : -1;
}

int head_error_init(struct head_error *p, const struct graph *g,
		    const struct samples *samples, int jobs, struct diag *d)
{
	int threads;
	double loss;

	*p = (struct head_error){ .g = g, .samples = samples };
	arena_init(&p->arena, 0);
	p->count = samples->count < SAMPLES ? samples->count : SAMPLES;
	p->threads = threads = parallel_threads(jobs, p->count);
	if (allocate_records(p)) {
		p->threads = 0;
		return diag_error(d, "out of memory");
	}
	for (p->threads = 0; p->threads < threads;)
		if (runner_init(&p->runners[p->threads++], g, d))
			return -1;
	p->record = true;
	if (head_error_measure(p, NULL, NULL, &loss, d))
		return -1;
	p->record = false;
	measure_variances(p);
	return 0;
}

void head_error_free(struct head_error *p)
{
	for (int i = 0; i < p->threads; i++)
		runner_free(&p->runners[i]);
	arena_free(&p->arena);
}
