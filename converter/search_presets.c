/* SPDX-License-Identifier: Apache-2.0 */
/* The search with each rounding preset: the best model is kept. */
#include "converter/search_presets.h"

/* The model of one preset. */
struct preset_outcome {
	struct search_model model;
	struct search_score score; /* on more photos than those held out;
				    * NAN: not measured */
};

struct preset_outcomes {
	struct preset_outcome *list;
	int count;
	double agreement; /* the highest within limits; NAN: not measured */
};

/*
 * What keeps the limits is better; then, where an agreement is asked for and
 * both have it, the smaller file; then the higher agreement; and within a tie
 * the higher output SQNR.
 */
static bool is_better(const struct search *s, const struct preset_outcomes *all,
		      const struct preset_outcome *a,
		      const struct preset_outcome *b)
{
	const struct search_point *p = &s->result->points[a->model.point];
	const struct search_point *q = &s->result->points[b->model.point];
	double tie = all->agreement - SEARCH_TIE;
	double enough = (double)s->c->min_fidelity;

	if (search_within(s->c, p) != search_within(s->c, q))
		return search_within(s->c, p);
	if (isnan(a->score.sqnr_db) || isnan(b->score.sqnr_db))
		return p->loss < q->loss;
	if (enough > 0 && p->agreement_low >= enough &&
	    q->agreement_low >= enough)
		return p->dbp_bytes < q->dbp_bytes;
	if ((a->score.agreement >= tie) != (b->score.agreement >= tie))
		return a->score.agreement >= tie;
	return a->score.sqnr_db > b->score.sqnr_db;
}

int search_preset_count(const struct config *c)
{
	switch (c->effort) {
	case EFFORT_FAST:
		return 1;
	case EFFORT_NORMAL:
		return 2;
	default:
		return quantizer_preset_count();
	}
}

/* Held-out photos are too few to compare presets: some that calibrated, which
 * all presets have seen, count as well. */
static int score_preset(struct search *s, struct preset_outcome *o)
{
	o->score = (struct search_score){ NAN, NAN, NAN };
	if (s->in->samples <= s->in->calibrated)
		return 0;
	return s->in->steps.measure(s->in->steps.ctx, &s->model.packed, true,
				    &o->score, s->d);
}

static int try_preset(struct search *s, int preset,
		      int (*try_once)(struct search *s),
		      struct preset_outcomes *all)
{
	struct preset_outcome *now = &all->list[all->count];

	if (quantizer_set_preset(s->q, preset, s->d) || try_once(s))
		return -1;
	now->model = search_keep(s);
	if (search_preset_count(s->c) > 1 && score_preset(s, now))
		return -1;
	all->count++;
	if (search_within(s->c, search_last(s)) &&
	    !(all->agreement >= now->score.agreement))
		all->agreement = now->score.agreement;
	return 0;
}

int search_presets(struct search *s, int (*try_once)(struct search *s))
{
	int count = search_preset_count(s->c);
	struct preset_outcomes all = {
		.list = arena_array(s->in->arena, (size_t)count,
				    sizeof(*all.list)),
		.agreement = NAN,
	};
	const struct preset_outcome *best = all.list;

	if (!all.list)
		return diag_error(s->d, "out of memory");
	for (int i = 0; i < count; i++)
		if (try_preset(s, i, try_once, &all))
			return -1;
	for (int i = 1; i < count; i++)
		if (is_better(s, &all, &all.list[i], best))
			best = &all.list[i];
	search_return_to(s, &best->model);
	return 0;
}
