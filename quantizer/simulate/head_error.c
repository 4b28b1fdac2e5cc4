/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/simulate/head_error.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/finite.h"
#include "base/ranks.h"
#include "evaluator/evaluator.h"
#include "quantizer/graph/head_values.h"

/* Samples, and how many where these would take too many multiply-accumulates:
 * the order of layers by sensitivity is about the same. */
#define SAMPLES 8
#define SAMPLES_FEW 4
#define MOST_MACS 2e12
#define MOST_OPERANDS 64
#define VARIANCE_MIN 1e-30 /* a head that varies less does not count */
/* Values of all threads together; where one needs more, it runs alone. */
#define MOST_BYTES ((size_t)800 << 20)

/* The values of one thread's sample. */
struct sample_values {
	void **given;   /* by value id: without a change */
	void **changed; /* by value id: with it; NULL: it is as given */
	int *left;      /* readers of a changed value that are still to run */
};

struct head_errors {
	const struct graph *g;
	const struct samples *samples;
	const struct head_change *changes;
	const struct value **heads;
	struct sample_values *values; /* by worker */
	float **kept;                 /* [sample]: all heads, concatenated */
	double *error;    /* [sample][change][head]: summed squares */
	double *variance; /* by head */
	size_t head_floats;
	int head_count, change_count, count; /* count: samples */
	const struct progress *progress;
	atomic_int done;
};

static size_t bytes_of(const struct value *v)
{
	return (size_t)shape_elements(&v->shape) * dtype_size(v->dtype);
}

static void *new_data(const struct value *v)
{
	return aligned_alloc(64, (bytes_of(v) + 127) / 64 * 64);
}

/* ---- The network as it is ---- */

/* Data of a node's inputs: those that were changed, and the others. */
static void list_inputs(const struct sample_values *s, const struct node *n,
			const void **in)
{
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		in[i] = !v                        ? NULL :
			v->role == VALUE_CONSTANT ? v->data :
			s->changed[v->id]         ? s->changed[v->id] :
						    s->given[v->id];
	}
}

static int run_node(const struct sample_values *s, const struct node *n,
		    struct diag *d)
{
	const void *in[MOST_OPERANDS];
	void *out[MOST_OPERANDS];

	list_inputs(s, n, in);
	for (int i = 0; i < n->output_count; i++)
		out[i] = n->outputs[i] ? s->given[n->outputs[i]->id] : NULL;
	return eval_node(n, in, out, d);
}

static int run_sample(struct head_errors *p, const struct sample_values *s,
		      int sample, struct diag *d)
{
	float *inputs[MOST_OPERANDS], *to = p->kept[sample];

	for (int i = 0; i < p->g->input_count; i++)
		inputs[i] = s->given[p->g->inputs[i]->id];
	if (p->samples->fill(
		    p->samples->ctx,
		    (int)((int64_t)sample * p->samples->count / p->count),
		    inputs, d))
		return -1;
	for (const struct node *n = p->g->first; n; n = n->next)
		if (!n->tail && run_node(s, n, d))
			return -1;
	for (int h = 0; h < p->head_count; h++) {
		const float *x = s->given[p->heads[h]->id];
		int64_t n = shape_elements(&p->heads[h]->shape);

		for (int64_t i = 0; i < n; i++)
			*to++ = float_is_finite(x[i]) ? x[i] : 0;
	}
	return 0;
}

/* ---- What a change leaves ---- */

static bool touches(const struct head_change *c, const struct value *v)
{
	return v && c->touches && c->touches(c->ctx, v);
}

/* The node computes other values with the change. */
static bool is_behind(const struct sample_values *s,
		      const struct head_change *c, const struct node *n)
{
	for (int i = 0; i < n->input_count; i++)
		if (n->inputs[i] && s->changed[n->inputs[i]->id])
			return true;
	for (int i = 0; i < n->output_count; i++)
		if (touches(c, n->outputs[i]))
			return true;
	return n == c->node;
}

/* Readers outside the tail, and one more for a head, which stays. */
static int readers_of(const struct value *v)
{
	int count = value_is_head(v);

	for (int i = 0; i < v->use_count; i++)
		count += !v->uses[i]->tail;
	return count;
}

static void free_changed(const struct sample_values *s, const struct value *v)
{
	free(s->changed[v->id]);
	s->changed[v->id] = NULL;
}

static int new_changed(const struct sample_values *s, const struct value *v,
		       struct diag *d)
{
	s->left[v->id] = readers_of(v);
	s->changed[v->id] = new_data(v);
	return s->changed[v->id] ? 0 : diag_error(d, "out of memory");
}

static void count_readers(const struct sample_values *s, const struct node *n)
{
	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (v && v->role != VALUE_CONSTANT && s->changed[v->id] &&
		    --s->left[v->id] == 0)
			free_changed(s, v);
	}
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && s->changed[n->outputs[i]->id] &&
		    !s->left[n->outputs[i]->id])
			free_changed(s, n->outputs[i]);
}

static int run_behind(const struct sample_values *s,
		      const struct head_change *c, const struct node *n,
		      struct diag *d)
{
	const void *in[MOST_OPERANDS];
	void *out[MOST_OPERANDS];

	list_inputs(s, n, in);
	if (n == c->node && c->weights)
		in[1] = c->weights;
	if (n == c->node && c->bias)
		in[2] = c->bias;
	for (int i = 0; i < n->output_count; i++) {
		const struct value *v = n->outputs[i];

		if (v && new_changed(s, v, d))
			return -1;
		out[i] = v ? s->changed[v->id] : NULL;
	}
	if (eval_node(n, in, out, d))
		return -1;
	for (int i = 0; i < n->output_count; i++)
		if (touches(c, n->outputs[i]))
			c->change(c->ctx, n->outputs[i], out[i]);
	return 0;
}

/* Inputs of the graph that the change is about. */
static int change_inputs(const struct head_errors *p,
			 const struct sample_values *s,
			 const struct head_change *c, struct diag *d)
{
	for (int i = 0; i < p->g->input_count; i++) {
		const struct value *v = p->g->inputs[i];

		if (!touches(c, v))
			continue;
		if (new_changed(s, v, d))
			return -1;
		memcpy(s->changed[v->id], s->given[v->id], bytes_of(v));
		c->change(c->ctx, v, s->changed[v->id]);
	}
	return 0;
}

static double squared_error(const float *x, const float *kept, int64_t n)
{
	double error = 0;

	for (int64_t i = 0; i < n; i++)
		if (float_is_finite(x[i]))
			error += ((double)x[i] - (double)kept[i]) *
				 ((double)x[i] - (double)kept[i]);
	return error;
}

static void measure_heads(const struct head_errors *p,
			  const struct sample_values *s, const float *kept,
			  double *error)
{
	for (int h = 0; h < p->head_count; h++) {
		const struct value *v = p->heads[h];
		int64_t n = shape_elements(&v->shape);
		const float *x = s->changed[v->id] ? s->changed[v->id] :
						     s->given[v->id];

		error[h] = squared_error(x, kept, n);
		kept += n;
	}
}

static void free_all_changed(const struct head_errors *p,
			     const struct sample_values *s)
{
	for (size_t i = 0; i < p->g->value_count; i++) {
		free(s->changed[i]);
		s->changed[i] = NULL;
	}
}

static int measure_change(struct head_errors *p, const struct sample_values *s,
			  int sample, int change, struct diag *d)
{
	const struct head_change *c = &p->changes[change];
	size_t at = (size_t)sample * (size_t)p->change_count + (size_t)change;
	int err = change_inputs(p, s, c, d);

	for (const struct node *n = p->g->first; !err && n; n = n->next) {
		if (n->tail || !is_behind(s, c, n))
			continue;
		err = run_behind(s, c, n, d);
		count_readers(s, n);
	}
	measure_heads(p, s, p->kept[sample],
		      p->error + at * (size_t)p->head_count);
	free_all_changed(p, s);
	return err;
}

static int sample_job(void *ctx, int i, int worker, struct diag *d)
{
	struct head_errors *p = ctx;
	const struct sample_values *s = &p->values[worker];

	if (run_sample(p, s, i, d))
		return -1;
	for (int c = 0; c < p->change_count; c++) {
		int done;

		if (measure_change(p, s, i, c, d))
			return -1;
		done = atomic_fetch_add(&p->done, 1) + 1;
		if (worker == 0 && p->progress && p->progress->report)
			p->progress->report(p->progress->ctx,
					    p->progress->stage, done / p->count,
					    p->change_count);
	}
	return 0;
}

/* ---- Sums ---- */

static double head_variance(const struct head_errors *p, size_t from,
			    size_t size)
{
	double sum = 0, squares = 0, count = (double)size * p->count;

	for (int s = 0; s < p->count; s++)
		for (size_t e = from; e < from + size; e++) {
			double x = (double)p->kept[s][e];

			sum += x;
			squares += x * x;
		}
	return count > 0 ? squares / count - sum / count * (sum / count) : 0;
}

/* Variance of each head, over all samples. */
static void measure_variances(struct head_errors *p)
{
	size_t at = 0;

	for (int h = 0; h < p->head_count; h++) {
		size_t size = (size_t)shape_elements(&p->heads[h]->shape);

		p->variance[h] = head_variance(p, at, size);
		at += size;
	}
}

static double sample_loss(const struct head_errors *p, const double *error)
{
	double loss = 0;

	for (int h = 0; h < p->head_count; h++)
		if (p->variance[h] > VARIANCE_MIN)
			loss += error[h] /
				(double)shape_elements(&p->heads[h]->shape) /
				p->variance[h];
	return loss;
}

static void add_losses(const struct head_errors *p, double *loss)
{
	size_t heads = (size_t)p->head_count, all = (size_t)p->change_count;

	for (size_t c = 0; c < all; c++) {
		loss[c] = 0;
		for (size_t s = 0; s < (size_t)p->count; s++)
			loss[c] += sample_loss(p, p->error + (s * all + c) *
								     heads) /
				   p->count;
	}
}

/* ---- Memory ---- */

static bool is_head(const struct value *v)
{
	return v && v->dtype == DT_F32 && value_is_head(v);
}

/* The heads, in the order of their nodes. */
static int list_heads(struct head_errors *p, struct arena *a)
{
	p->heads = arena_array(a, p->g->value_count, sizeof(*p->heads));
	if (!p->heads)
		return -1;
	for (const struct node *n = p->g->first; n; n = n->next)
		for (int i = 0; i < n->output_count; i++) {
			if (!is_head(n->outputs[i]))
				continue;
			p->heads[p->head_count++] = n->outputs[i];
			p->head_floats +=
				(size_t)shape_elements(&n->outputs[i]->shape);
		}
	return 0;
}

/* Bytes of all values that are computed outside the tail. */
static size_t bytes_of_all(const struct graph *g)
{
	size_t total = 0;

	for (const struct node *n = g->first; n; n = n->next)
		for (int i = 0; !n->tail && i < n->output_count; i++)
			if (n->outputs[i])
				total += bytes_of(n->outputs[i]);
	return total;
}

static int allocate_values(const struct graph *g, struct sample_values *s,
			   struct arena *a)
{
	s->given = arena_array(a, g->value_count, sizeof(*s->given));
	s->changed = arena_array(a, g->value_count, sizeof(*s->changed));
	s->left = arena_array(a, g->value_count, sizeof(*s->left));
	if (!s->given || !s->changed || !s->left)
		return -1;
	for (int i = 0; i < g->input_count; i++)
		if (!(s->given[g->inputs[i]->id] = new_data(g->inputs[i])))
			return -1;
	for (const struct node *n = g->first; n; n = n->next)
		for (int i = 0; !n->tail && i < n->output_count; i++) {
			const struct value *v = n->outputs[i];

			if (v && !(s->given[v->id] = new_data(v)))
				return -1;
		}
	return 0;
}

static int send_sample(void *ctx, int i, struct rank_parcel *p)
{
	const struct head_errors *e = ctx;
	size_t errors = (size_t)e->change_count * (size_t)e->head_count;

	rank_parcel_add(p, e->kept[i], e->head_floats * sizeof(float));
	rank_parcel_add(p, e->error + (size_t)i * errors,
			errors * sizeof(double));
	return 0;
}

static int allocate_all(struct head_errors *p, int threads, struct arena *a)
{
	size_t count = (size_t)p->count;

	if (list_heads(p, a))
		return -1;
	p->values = arena_array(a, (size_t)threads, sizeof(*p->values));
	p->kept = arena_array(a, count, sizeof(*p->kept));
	p->variance =
		arena_array(a, (size_t)p->head_count, sizeof(*p->variance));
	p->error = arena_array(
		a, count * (size_t)p->change_count * (size_t)p->head_count,
		sizeof(*p->error));
	if (!p->values || !p->kept || !p->variance || !p->error)
		return -1;
	for (size_t i = 0; i < count; i++) {
		p->kept[i] = arena_array(a, p->head_floats, sizeof(float));
		if (!p->kept[i])
			return -1;
	}
	for (int i = 0; i < threads; i++)
		if (allocate_values(p->g, &p->values[i], a))
			return -1;
	return 0;
}

static void free_values(struct head_errors *p, int threads)
{
	for (int t = 0; p->values && t < threads; t++)
		for (size_t i = 0; p->values[t].given && i < p->g->value_count;
		     i++)
			free(p->values[t].given[i]);
}

static int check_operands(const struct graph *g, struct diag *d)
{
	if (g->input_count > MOST_OPERANDS)
		return diag_error(d, "more than %d inputs", MOST_OPERANDS);
	for (const struct node *n = g->first; n; n = n->next)
		if (!n->tail && (n->input_count > MOST_OPERANDS ||
				 n->output_count > MOST_OPERANDS))
			return node_error(d, n, "more than %d operands",
					  MOST_OPERANDS);
	return 0;
}

static int count_samples(const struct graph *g, const struct samples *samples,
			 int changes)
{
	double macs = (double)graph_macs(g) * changes * SAMPLES;
	int most = macs > MOST_MACS ? SAMPLES_FEW : SAMPLES;

	return samples->count < most ? samples->count : most;
}

int head_error_measure(const struct graph *g, const struct samples *samples,
		       int jobs, const struct head_change *changes, int count,
		       double *loss, const struct progress *progress,
		       struct diag *d)
{
	struct head_errors p = {
		.g = g,
		.samples = samples,
		.changes = changes,
		.change_count = count,
		.count = count_samples(g, samples, count),
		.progress = progress,
	};
	size_t fit = MOST_BYTES / (bytes_of_all(g) + 1);
	int threads = parallel_threads(jobs, p.count), err;
	struct arena a;

	if (check_operands(g, d))
		return -1;
	if (fit < (size_t)threads)
		threads = fit < 1 ? 1 : (int)fit;
	arena_init(&a, 0);
	err = allocate_all(&p, threads, &a) ?
		      diag_error(d, "out of memory") :
		      ranks_run(threads, p.count, sample_job, send_sample, &p,
				NULL, d);
	if (!err) {
		measure_variances(&p);
		add_losses(&p, loss);
	}
	free_values(&p, threads);
	arena_free(&a);
	return err ? -1 : 0;
}
