/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses bit widths, builds models and measures them: see search.h. */
#include "converter/search.h"

#include "converter/search_fit.h"
#include "converter/search_presets.h"

/* Share of the --bits budget for weight codes in a coded file; scales, biases
 * and tables take the rest. */
#define CODED_SHARE 0.8
#define RAISE_TRIES 6
#define RAISE 1.3 /* more bytes a try, while the model is not good enough */
#define GOOD_ENOUGH 0.9 /* agreement, where the user asks for none */
#define RAISE_BITS 10   /* the most, in bits a weight, for an agreement asked */
#define USED 0.8        /* less of the bytes is used: more would not help */

/* Bytes of codes that --bits asks for. */
static double bytes_for(const struct search *s, double bits)
{
	return s->weights * bits / 8 * (s->target->coded ? CODED_SHARE : 1);
}

/* Measures the last built model: on the held-out samples, or on all where an
 * agreement is asked for, as the result is. */
static int measure_last(struct search *s)
{
	const struct search_input *in = s->in;
	struct search_point *p = search_last(s);
	struct search_score score;

	if (in->samples <= in->calibrated)
		return 0;
	if (in->steps.measure(in->steps.ctx, &s->model.packed,
			      s->c->min_fidelity > 0, &score, s->d))
		return -1;
	p->agreement = score.agreement;
	p->agreement_low = score.low;
	p->sqnr_db = score.sqnr_db;
	return 0;
}

/* A model that is used where it is stored needs no memory but its arena. That
 * is better where nothing else fits, and where the arena fits and the expanded
 * model does not. */
static bool fits_only_in_place(const struct search *s)
{
	const struct config *c = s->c;
	const struct search_point *p = search_last(s);
	bool ram_alone =
		!((double)p->dbp_bytes > search_limit(c->max_size_bytes)) &&
		!(p->latency_us > search_limit(c->max_latency_us));

	return s->target->coded &&
	       (double)p->ram_bytes > search_limit(c->max_ram_bytes) &&
	       (ram_alone || s->model.packed.arena_bytes <= c->max_ram_bytes);
}

/* Whether p is better than q on the held-out samples. */
static bool measures_better(const struct search_point *p,
			    const struct search_point *q)
{
	if (fabs(p->agreement - q->agreement) > SEARCH_TIE)
		return p->agreement > q->agreement;
	return p->sqnr_db > q->sqnr_db;
}

/* The lower end of the interval is what an agreement asked for is about. What
 * cannot be measured is good enough. */
static bool is_enough(const struct search *s)
{
	const struct search_point *p = search_last(s);
	float asked = s->c->min_fidelity;

	return asked > 0 ? !(p->agreement_low < (double)asked) :
			   !(p->agreement < GOOD_ENOUGH);
}

/*
 * Asymmetric targets make up for the errors of earlier layers. Where these are
 * large and samples few, the estimate may do more harm than good. Builds the
 * last model without them as well, at the same bytes, and keeps the better one.
 */
static int compare_targets(struct search *s,
			   int (*build)(struct search *s, double bytes),
			   double bytes)
{
	struct search_model first = search_keep(s);
	int status;

	quantizer_set_asymmetric(s->q, false);
	status = build(s, bytes);
	if (status < 0 || (!status && measure_last(s)))
		return -1;
	s->symmetric = !status &&
		       measures_better(search_last(s),
				       &s->result->points[first.point]);
	if (s->symmetric)
		return 0;
	quantizer_set_asymmetric(s->q, true);
	search_return_to(s, &first);
	return 0;
}

/* Whether models can be built with such targets and without, and compared. */
static bool may_compare_targets(const struct search *s)
{
	return s->in->samples > s->in->calibrated && !s->symmetric &&
	       s->c->methods & METHOD_ASYMMETRIC;
}

/*
 * Raises the bytes of the codes from `bytes` to at most `most`, until the model
 * is good enough. The best model stays: more bytes may be worse by chance. 0;
 * 1: the first try fits no limit.
 */
static int raise_bytes(struct search *s, double bytes, double most)
{
	struct search_model best = { .point = -1 };

	for (int i = 0; i < RAISE_TRIES; i++) {
		int status = search_fit(s, bytes);
		bool enough;

		if (status < 0 || (status && best.point < 0))
			return status;
		if (status)
			break;
		if (measure_last(s) ||
		    (!i && !is_enough(s) && may_compare_targets(s) &&
		     compare_targets(s, search_fit, bytes)))
			return -1;
		enough = is_enough(s);
		if (best.point < 0 || enough ||
		    measures_better(search_last(s),
				    &s->result->points[best.point])) {
			best = search_keep(s);
			best.raised = i > 0;
		}
		if (enough || bytes >= most || s->chosen.bytes < bytes * USED)
			break;
		bytes = fmin(bytes * RAISE, most);
	}
	search_return_to(s, &best);
	return 0;
}

/* Gives each layer bits from its candidates, and more bytes to all as long as
 * that helps. */
static int search_widths(struct search *s)
{
	const struct config *c = s->c;
	double bytes = bytes_for(s, c->bits);
	double most = c->min_fidelity > 0 ? bytes_for(s, RAISE_BITS) :
					    2 * bytes;
	int status;

	if (c->bits == 8)
		bytes = most = INFINITY;
	if (quantizer_list_candidates(s->q, search_preset_count(c), s->d))
		return -1;
	status = raise_bytes(s, bytes, most);
	if (status <= 0)
		return status;
	if (search_fit_least(s))
		return -1;
	if (!fits_only_in_place(s))
		return 0;
	s->target->coded = false;
	s->other_bytes = s->other_us = s->other_ram = 0;
	s->rest_known = false;
	return search_widths(s);
}

static int build_same(struct search *s, double bytes)
{
	(void)bytes;
	return search_build(s);
}

/* Each layer with the bits that are asked for. At 8 bits the estimate of
 * asymmetric targets is mostly sampling noise: the model without them is built
 * as well, with little effort only where it is needed. */
static int build_as_asked(struct search *s)
{
	const struct config *c = s->c;

	if (search_build(s))
		return -1;
	if (!s->in->samples || c->bits != 8 || c->act_bits != 8 ||
	    !may_compare_targets(s))
		return 0;
	if (measure_last(s))
		return -1;
	if (c->effort == EFFORT_FAST && is_enough(s))
		return 0;
	return compare_targets(s, build_same, 0);
}

static bool worth_searching(const struct search_input *in)
{
	const struct config *c = in->c;

	return in->samples && !c->uniform && c->methods & METHOD_SEARCH &&
	       (c->bits < 8 || c->act_bits == ACT_BITS_AUTO ||
		c->max_size_bytes || c->max_latency_us || c->max_ram_bytes);
}

int search_run(const struct search_input *in, struct packed *packed,
	       struct search_result *result, struct diag *d)
{
	struct search s = { .in = in,
			    .c = in->c,
			    .target = in->target,
			    .q = in->q,
			    .result = result,
			    .d = d };
	int err;

	*result = (struct search_result){ .searched = worth_searching(in) };
	result->points =
		arena_array(in->arena, SEARCH_POINTS, sizeof(*result->points));
	if (!result->points)
		return diag_error(d, "out of memory");
	for (int i = 0; i < quantizer_layer_count(s.q); i++)
		s.weights += (double)quantizer_layer_weights(s.q, i);
	if (result->searched)
		err = search_presets(&s, search_widths) ||
		      search_note_front(&s);
	else
		err = build_as_asked(&s);
	*packed = s.model.packed;
	result->raised = s.model.raised;
	result->layers = s.model.layers;
	result->layer_count = quantizer_layer_count(s.q);
	return err ? -1 : 0;
}
