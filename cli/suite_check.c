/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_check.h"

#include <math.h>

static double share(int part, int whole)
{
	return whole ? (double)part / whole : (double)NAN;
}

struct suite_figure suite_figure_of(const struct slice_counts *c, bool is_boxes,
				    enum suite_metric metric)
{
	const char *boxes = is_boxes ? "boxes" : "photos";

	switch (metric) {
	case SUITE_RECALL:
		return (struct suite_figure){ share(c->hits, c->truths),
					      c->truths, boxes };
	case SUITE_PRECISION:
		return (struct suite_figure){ share(c->hits, c->found),
					      c->found,
					      is_boxes ? "detections" :
							 "photos" };
	case SUITE_F1:
		return (struct suite_figure){
			share(2 * c->hits, c->found + c->truths),
			(c->found + c->truths) / 2, boxes
		};
	case SUITE_AP50:
		return (struct suite_figure){ c->ap50, c->truths, boxes };
	case SUITE_AP:
		return (struct suite_figure){ c->ap, c->truths, boxes };
	case SUITE_ACCURACY:
		return (struct suite_figure){ share(c->right, c->labelled),
					      c->labelled, "photos" };
	default:
		return (struct suite_figure){ share(c->alarms, c->empties),
					      c->empties, "empty photos" };
	}
}

/* The true boxes that both models find, or one of them, or none. */
static bool pair_up(const struct slice_counts *new,
		    const struct slice_counts *old, struct share_pairs *pairs)
{
	*pairs = (struct share_pairs){ 0 };
	if (new->truths != old->truths)
		return false;
	for (int i = 0; i < new->truths; i++) {
		bool n = new->hit_list[i], o = old->hit_list[i];

		pairs->both += n && o;
		pairs->only_new += n && !o;
		pairs->only_old += !n && o;
		pairs->neither += !n && !o;
	}
	return true;
}

static bool is_of_truths(enum suite_metric m)
{
	return m == SUITE_RECALL || m == SUITE_AP50 || m == SUITE_AP ||
	       m == SUITE_ACCURACY;
}

/* Fewer false alarms are better: they are compared as shares without one. */
static void check_drop(struct suite_check *c, const struct suite_expectation *e,
		       const struct slice_counts *new,
		       const struct slice_counts *old, bool is_boxes,
		       double margin)
{
	struct suite_figure n = suite_figure_of(new, is_boxes, e->metric);
	struct suite_figure o = suite_figure_of(old, is_boxes, e->metric);
	bool alarms = e->metric == SUITE_FALSE_ALARMS;
	struct share_pairs pairs;
	bool paired = is_of_truths(e->metric) && pair_up(new, old, &pairs);

	c->baseline = o.value;
	c->share = share_drop(alarms ? 1 - n.value : n.value, n.count,
			      alarms ? 1 - o.value : o.value, o.count,
			      paired ? &pairs : NULL, e->limit, margin);
}

struct suite_check suite_check_of(const struct suite_expectation *e,
				  const struct slice_counts *counts,
				  const struct slice_counts *baseline,
				  bool is_boxes, double margin)
{
	struct suite_figure f = suite_figure_of(counts, is_boxes, e->metric);
	struct suite_check c = { .metric = suite_metric_name(e->metric),
				 .bound = e->bound,
				 .limit = e->limit,
				 .value = f.value,
				 .baseline = (double)NAN,
				 .cases = f.cases };

	if (e->bound == SUITE_MIN)
		c.share = share_at_least(f.value, f.count, e->limit, margin);
	else if (e->bound == SUITE_MAX)
		c.share = share_at_most(f.value, f.count, e->limit, margin);
	else
		check_drop(&c, e, counts, baseline, is_boxes, margin);
	c.verdict = c.share.verdict;
	return c;
}

bool suite_metric_is_of(enum suite_metric m, bool is_boxes)
{
	if (m == SUITE_AP50 || m == SUITE_AP)
		return is_boxes;
	return m != SUITE_ACCURACY || !is_boxes;
}
