/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_SEARCH_STATE_H
#define DBC_CONVERTER_SEARCH_STATE_H

#include <math.h>

#include "converter/search.h"

/* A model that was built. */
struct search_model {
	struct packed packed;
	struct quantizer_layer *layers;
	int point;   /* of the result */
	bool raised; /* it has more bytes than were asked for */
};

/* What the files search*.c share: one search under way. */
struct search {
	const struct search_input *in;
	const struct config *c;
	struct cost_target *target;
	struct quantizer *q;
	struct search_result *result;
	struct search_model model; /* the last that was built */
	struct diag *d;
	double weights; /* of all weighted layers */
	/* Of the last built model, beside the weighted layers. */
	double other_bytes, other_us, other_ram;
	bool rest_known; /* these are */
	bool symmetric;  /* built without asymmetric targets: it was better */
	/* What the knapsack expects of the chosen widths. */
	struct quantizer_totals chosen;
};

/* A limit of the configuration; 0 is no limit. */
static inline double search_limit(int64_t limit)
{
	return limit > 0 ? (double)limit : INFINITY;
}

/* The point of the last built model. */
static inline struct search_point *search_last(const struct search *s)
{
	return &s->result->points[s->result->chosen];
}

static inline struct search_model search_keep(const struct search *s)
{
	return s->model;
}

/* Takes a model that was kept as the last one. */
static inline void search_return_to(struct search *s,
				    const struct search_model *m)
{
	s->model = *m;
	s->result->chosen = m->point;
}

/* Whether a model is within the limits of the configuration. */
static inline bool search_within(const struct config *c,
				 const struct search_point *p)
{
	return !((double)p->dbp_bytes > search_limit(c->max_size_bytes)) &&
	       !(p->latency_us > search_limit(c->max_latency_us)) &&
	       !((double)p->ram_bytes > search_limit(c->max_ram_bytes));
}

#endif
