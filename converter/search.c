/* SPDX-License-Identifier: Apache-2.0 */
/* Which widths: see search.h. */
#include "converter/search.h"

#include <math.h>

#include "converter/coded_file.h"
#include "converter/fidelity.h"
#include "converter/packed_file.h"

/* Of N bits a weight, what --bits N asks for, so much goes into codes where
 * they are coded; the rest is for scales, biases and tables. */
#define CODED_SHARE 0.8
#define FIT_TRIES 6
#define RAISE_TRIES 6
#define RAISE 1.3 /* more bytes a try, while the model is not good enough */
#define GOOD_ENOUGH 0.9 /* fidelity, where the user asks for none */
#define SLACK 0.004     /* of a limit, left after a miss */

struct search {
	const struct config *c;
	const struct cost_target *target;
	struct conversion *v;
	struct quantizer *q;
	progress_fn *progress;
	void *ctx;
	struct diag *d;
	double weights;     /* of all layers */
	double other_bytes; /* of the file beside codes, as last seen */
	double other_us;    /* time beside weighted layers */
	int widest;
	double chosen_bytes, chosen_us; /* by the table */
};

double search_latency_us(const struct cost_target *target,
			 const struct packed *p)
{
	double total = 0;

	for (int i = 0; i < p->layer_count; i++) {
		const struct packed_layer *l = &p->layers[i];
		const struct cost_work work = { l->kernel, l->macs,
						l->weight_bytes,
						l->memory_bytes };

		total += cost_latency_us(target, &work);
	}
	return total;
}

/* ---- One model ---- */

static void note_point(struct search *s, double loss)
{
	struct search_result *r = &s->v->search;
	struct search_point p = {
		.weight_bits = s->chosen_bytes * 8 / s->weights,
		.dbp_bytes = s->v->packed.file_size,
		.latency_us = search_latency_us(s->target, &s->v->packed),
		.ram_bytes = s->v->packed.ram_bytes,
		.predicted_loss = r->predicted_loss,
		.loss = loss,
		.fidelity = NAN,
	};

	if (r->point_count < SEARCH_POINTS)
		r->points[r->point_count++] = p;
}

/* Rounds as chosen, packs, and looks at what it has come to. */
static int build(struct search *s)
{
	struct conversion *v = s->v;
	struct packed *p = &v->packed;
	double loss;

	diag_set_file(s->d, s->c->model_path);
	if (quantizer_round(s->q, &loss, s->d) ||
	    pack_graph(v->graph, &v->preprocess, &v->head, s->c, &v->arena, p,
		       s->d))
		return -1;
	diag_set_file(s->d, NULL);
	p->file = p->bytes;
	p->file_size = p->size;
	p->ram_bytes = p->arena_bytes;
	if (s->target->coded) {
		if (coded_file_make(p->bytes, p->size, &v->arena, &p->file,
				    &p->file_size, s->d))
			return -1;
		p->ram_bytes += p->size;
	}
	note_point(s, loss);
	return 0;
}

/* Agreement with the float model on photos held out: 0 to 1. */
static int measure(struct search *s, double *fidelity)
{
	struct conversion *v = s->v;
	int held = v->dataset.count - v->calib_count;
	struct packed_file file;
	struct fidelity f;
	struct arena scratch;
	int err;

	*fidelity = NAN;
	if (held <= 0)
		return 0;
	arena_init(&scratch, 0);
	err = packed_file_open(&file, v->packed.bytes, v->packed.size, "",
			       s->d) ||
	      fidelity_measure(s->c, &file, &v->dataset, v->calib_count, held,
			       &scratch, &f, s->progress, s->ctx, s->d);
	if (!err)
		*fidelity = fidelity_value(&f);
	packed_file_close(&file);
	arena_free(&scratch);
	if (!err && v->search.point_count)
		v->search.points[v->search.point_count - 1].fidelity =
			*fidelity;
	return err ? -1 : 0;
}

/* ---- Within limits ---- */

static double limit_of(int64_t limit)
{
	return limit > 0 ? (double)limit : INFINITY;
}

static int over(double value, double limit)
{
	return value > limit;
}

/*
 * Chooses and builds until the file, the time and the memory are within the
 * limits of the configuration, with at most `bytes` of codes. 0; 1 where
 * there is no way.
 */
static int fit(struct search *s, double bytes)
{
	const struct config *c = s->c;
	double size_limit = limit_of(c->max_size_bytes);
	double time_limit = limit_of(c->max_latency_us);
	double ram_limit = limit_of(c->max_ram_bytes);
	double shrink = 1;

	for (int i = 0; i < FIT_TRIES; i++) {
		struct search_result *r = &s->v->search;
		double room = (size_limit - s->other_bytes) * shrink;
		struct quantizer_limits limits = { .bytes = fmin(bytes, room),
						   .time_us = time_limit -
							      s->other_us,
						   .widest = s->widest };
		struct quantizer_sum sum;
		const struct packed *p = &s->v->packed;
		double us;
		int status =
			limits.bytes > 0 && limits.time_us > 0 ?
				quantizer_choose(s->q, &limits, &sum, s->d) :
				1;

		if (status)
			return status;
		s->chosen_bytes = sum.bytes;
		s->chosen_us = sum.time_us;
		r->predicted_loss = sum.loss;
		if (build(s))
			return -1;
		us = search_latency_us(s->target, p);
		s->other_bytes = p->file_size - sum.bytes;
		s->other_us = us - sum.time_us;
		if (over(p->ram_bytes, ram_limit) && s->widest > 2) {
			s->widest /= 2;
			continue;
		}
		if (!over(p->file_size, size_limit) && !over(us, time_limit))
			return over(p->ram_bytes, ram_limit);
		shrink *= 1 - SLACK;
	}
	return 1;
}

/* The least that can be had, so that what is missing can be said. */
static int fit_least(struct search *s)
{
	struct quantizer_limits all = { INFINITY, INFINITY, 2 };
	struct quantizer_sum sum;
	int status;

	all.bytes = all.time_us = 0;
	status = quantizer_choose(s->q, &all, &sum, s->d);
	if (status < 0)
		return -1;
	all.bytes = s->c->max_size_bytes > 0 ? sum.bytes * 1.0001 : INFINITY;
	all.time_us = s->c->max_latency_us > 0 && !s->c->max_size_bytes ?
			      sum.time_us * 1.0001 :
			      INFINITY;
	if (quantizer_choose(s->q, &all, &sum, s->d))
		return -1;
	s->chosen_bytes = sum.bytes;
	s->v->search.predicted_loss = sum.loss;
	return build(s);
}

/* ---- The search ---- */

/* Bytes of codes that --bits asks for. */
static double bytes_for(const struct search *s, double bits)
{
	return s->weights * bits / 8 * (s->target->coded ? CODED_SHARE : 1);
}

/* Every layer takes bits of its own as long as that helps. */
static int search(struct search *s)
{
	const struct config *c = s->c;
	bool asked = c->min_fidelity > 0;
	double enough = asked ? (double)c->min_fidelity : GOOD_ENOUGH;
	double bytes = bytes_for(s, c->bits), fidelity;
	double most = asked ? bytes_for(s, 10) : 2 * bytes;

	if (c->bits == 8)
		bytes = most = INFINITY;
	if (quantizer_tabulate(s->q, s->d))
		return -1;
	for (int i = 0; i < RAISE_TRIES; i++) {
		int status = fit(s, bytes);

		if (status < 0)
			return -1;
		if (status)
			return i ? 0 : fit_least(s);
		if (measure(s, &fidelity))
			return -1;
		if (!(fidelity < enough) || bytes >= most ||
		    s->chosen_bytes < bytes * 0.8)
			break;
		bytes = fmin(bytes * RAISE, most);
	}
	return 0;
}

static bool worth_searching(const struct config *c,
			    const struct samples *samples)
{
	return samples && samples->count && !c->uniform &&
	       (c->bits < 8 || c->max_size_bytes || c->max_latency_us ||
		c->max_ram_bytes);
}

int search_pack(const struct config *c, const struct cost_target *target,
		struct conversion *v, const struct samples *samples,
		const struct input_range *range, progress_fn *progress,
		void *progress_ctx, struct diag *d)
{
	struct search s = { .c = c,
			    .target = target,
			    .v = v,
			    .progress = progress,
			    .ctx = progress_ctx,
			    .d = d,
			    .widest = 8 };
	int err;

	diag_set_file(d, c->model_path);
	s.q = quantizer_new(v->graph, c, target, samples, range, progress,
			    progress_ctx, d);
	if (!s.q)
		return -1;
	for (int i = 0; i < quantizer_layer_count(s.q); i++)
		s.weights += (double)quantizer_layer_weights(s.q, i);
	err = worth_searching(c, samples) ? search(&s) : build(&s);
	diag_set_file(d, NULL);
	quantizer_free(s.q);
	return err;
}
