/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_SEARCH_STATE_H
#define DBC_CONVERTER_SEARCH_STATE_H

#include <math.h>

#include "converter/search.h"

/* What the files search*.c share: one search under way. */
struct search {
	const struct search_input *in;
	const struct config *c;
	struct cost_target *target;
	struct quantizer *q;
	struct search_result *result;
	struct packed packed; /* the last that was built */
	struct diag *d;
	double weights; /* of all weighted layers */
	/* Of the last built model, beside the weighted layers. */
	double other_bytes, other_us, other_ram;
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

/* Whether a model is within the limits of the configuration. */
static inline bool search_within(const struct config *c,
				 const struct search_point *p)
{
	return !((double)p->dbp_bytes > search_limit(c->max_size_bytes)) &&
	       !(p->latency_us > search_limit(c->max_latency_us)) &&
	       !((double)p->ram_bytes > search_limit(c->max_ram_bytes));
}

#endif
