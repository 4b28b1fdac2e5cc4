/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/detection_ap.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The outcome of a detection, one bit for each IoU threshold. */
struct match {
	float score;
	uint32_t order; /* order of insertion */
	uint16_t hit, ignored;
};

struct class_matches {
	struct match *list;
	uint32_t count, capacity;
	int truths;
};

struct ap {
	uint32_t class_count;
	struct class_matches *classes;
};

struct ap *ap_new(uint32_t class_count)
{
	struct ap *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->class_count = class_count;
	a->classes = calloc((size_t)class_count + 1, sizeof(*a->classes));
	if (a->classes)
		return a;
	free(a);
	return NULL;
}

void ap_free(struct ap *a)
{
	for (uint32_t i = 0; a && i < a->class_count; i++)
		free(a->classes[i].list);
	if (a)
		free(a->classes);
	free(a);
}

/* ---- One photo, one class ---- */

struct ap_truth ap_truth_of(const struct dbrt_detection *d)
{
	return (struct ap_truth){ .x1 = d->x1,
				  .y1 = d->y1,
				  .x2 = d->x2,
				  .y2 = d->y2,
				  .class_id = d->class_id };
}

double ap_overlap(const struct dbrt_detection *d, const struct ap_truth *t)
{
	double w = (double)(d->x2 < t->x2 ? d->x2 : t->x2) -
		   (double)(d->x1 > t->x1 ? d->x1 : t->x1);
	double h = (double)(d->y2 < t->y2 ? d->y2 : t->y2) -
		   (double)(d->y1 > t->y1 ? d->y1 : t->y1);
	double both = w > 0 && h > 0 ? w * h : 0;
	double own = ((double)d->x2 - (double)d->x1) *
		     ((double)d->y2 - (double)d->y1);
	double other = ((double)t->x2 - (double)t->x1) *
		       ((double)t->y2 - (double)t->y1);
	double all = t->ignore && !t->apart ? own : own + other - both;

	return all > 0 ? both / all : 0;
}

struct photo {
	const struct dbrt_detection **found; /* best first */
	const struct ap_truth **truth;       /* ignored ones last */
	bool *taken;
	int found_count, truth_count;
};

static int best_truth(const struct photo *p, const struct dbrt_detection *d,
		      double least)
{
	int best = -1;

	for (int i = 0; i < p->truth_count; i++) {
		const struct ap_truth *t = p->truth[i];
		double o;

		if (p->taken[i] && (!t->ignore || t->apart))
			continue;
		/* a counted true box is preferred to an ignored one */
		if (best >= 0 && !p->truth[best]->ignore && t->ignore)
			break;
		o = ap_overlap(d, t);
		if (o < least)
			continue;
		least = o;
		best = i;
	}
	return best;
}

static void match_at(struct photo *p, int step, struct match *out)
{
	double least = .5 + .05 * step;

	memset(p->taken, 0, (size_t)p->truth_count * sizeof(*p->taken));
	for (int i = 0; i < p->found_count; i++) {
		int t = best_truth(p, p->found[i], least);

		if (t < 0)
			continue;
		p->taken[t] = true;
		if (p->truth[t]->ignore)
			out[i].ignored |= (uint16_t)(1 << step);
		else
			out[i].hit |= (uint16_t)(1 << step);
	}
}

static int reserve(struct class_matches *c, int more)
{
	uint32_t room = c->capacity ? c->capacity : 64;
	struct match *larger;

	while (room < c->count + (uint32_t)more)
		room *= 2;
	if (room == c->capacity)
		return 0;
	larger = realloc(c->list, room * sizeof(*larger));
	if (!larger)
		return -1;
	c->list = larger;
	c->capacity = room;
	return 0;
}

static int add_class(struct class_matches *c, struct photo *p)
{
	struct match *out;

	if (reserve(c, p->found_count))
		return -1;
	out = c->list + c->count;
	for (int i = 0; i < p->found_count; i++)
		out[i] = (struct match){ .score = p->found[i]->score,
					 .order = c->count + (uint32_t)i };
	for (int step = 0; step < AP_OVERLAPS; step++)
		match_at(p, step, out);
	for (int i = 0; i < p->truth_count; i++)
		c->truths += !p->truth[i]->ignore;
	c->count += (uint32_t)p->found_count;
	return 0;
}

/* ---- One photo ---- */

static int by_class_and_score(const void *a, const void *b)
{
	const struct dbrt_detection *x = *(struct dbrt_detection *const *)a;
	const struct dbrt_detection *y = *(struct dbrt_detection *const *)b;

	if (x->class_id != y->class_id)
		return x->class_id < y->class_id ? -1 : 1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x > y) - (x < y);
}

static int by_class_and_ignore(const void *a, const void *b)
{
	const struct ap_truth *x = *(struct ap_truth *const *)a;
	const struct ap_truth *y = *(struct ap_truth *const *)b;

	if (x->class_id != y->class_id)
		return x->class_id < y->class_id ? -1 : 1;
	if (x->ignore != y->ignore)
		return x->ignore ? 1 : -1;
	return (x > y) - (x < y);
}

typedef int class_job(void *ctx, uint32_t class_id, struct photo *p);

/* Runs the job on both lists, class by class. */
static int each_class(struct photo all, int most, class_job *job, void *ctx)
{
	int f = 0, t = 0, err = 0;

	while (!err && (f < all.found_count || t < all.truth_count)) {
		uint32_t id = f < all.found_count ? all.found[f]->class_id :
						    UINT32_MAX;
		struct photo p = { .taken = all.taken };

		if (t < all.truth_count && all.truth[t]->class_id < id)
			id = all.truth[t]->class_id;
		p.found = all.found + f;
		p.truth = all.truth + t;
		for (; f < all.found_count && all.found[f]->class_id == id; f++)
			p.found_count++;
		for (; t < all.truth_count && all.truth[t]->class_id == id; t++)
			p.truth_count++;
		if (most && p.found_count > most)
			p.found_count = most;
		err = job(ctx, id, &p);
	}
	return err;
}

/* Sorts what is in the two lists and runs the job on each class. */
static int each_class_of(const struct ap_truth *truth, int truth_count,
			 const struct dbrt_detection *found, int found_count,
			 int most, class_job *job, void *ctx)
{
	struct photo p = { .found_count = found_count,
			   .truth_count = truth_count };
	int err = -1;

	p.found = calloc((size_t)found_count + 1, sizeof(*p.found));
	p.truth = calloc((size_t)truth_count + 1, sizeof(*p.truth));
	p.taken = calloc((size_t)truth_count + 1, sizeof(*p.taken));
	if (p.found && p.truth && p.taken) {
		for (int i = 0; i < found_count; i++)
			p.found[i] = &found[i];
		for (int i = 0; i < truth_count; i++)
			p.truth[i] = &truth[i];
		qsort(p.found, (size_t)found_count, sizeof(*p.found),
		      by_class_and_score);
		qsort(p.truth, (size_t)truth_count, sizeof(*p.truth),
		      by_class_and_ignore);
		err = each_class(p, most, job, ctx);
	}
	free(p.found);
	free(p.truth);
	free(p.taken);
	return err;
}

static int add_to(void *ctx, uint32_t id, struct photo *p)
{
	struct ap *a = ctx;

	return id < a->class_count ? add_class(&a->classes[id], p) : 0;
}

int ap_add(struct ap *a, const struct ap_truth *truth, int truth_count,
	   const struct dbrt_detection *found, int found_count, int most)
{
	return each_class_of(truth, truth_count, found, found_count, most,
			     add_to, a);
}

/* ---- The matches themselves ---- */

struct match_list {
	const struct ap_truth *truth;
	const struct dbrt_detection *found;
	float threshold;
	int *of_found;
};

static int match_class(void *ctx, uint32_t id, struct photo *p)
{
	const struct match_list *m = ctx;

	(void)id;
	for (int i = 0; i < p->found_count; i++) {
		int t;

		if (p->found[i]->score < m->threshold)
			break;
		t = best_truth(p, p->found[i], .5);
		m->of_found[p->found[i] - m->found] =
			t < 0 ? AP_NOTHING : (int)(p->truth[t] - m->truth);
		if (t >= 0)
			p->taken[t] = true;
	}
	/* the next class has other true boxes */
	memset(p->taken, 0, (size_t)p->truth_count * sizeof(*p->taken));
	return 0;
}

int ap_match(const struct ap_truth *truth, int truth_count,
	     const struct dbrt_detection *found, int found_count, int most,
	     float threshold, int *of_found)
{
	struct match_list m = { truth, found, threshold, of_found };

	for (int i = 0; i < found_count; i++)
		of_found[i] = AP_BELOW;
	return each_class_of(truth, truth_count, found, found_count, most,
			     match_class, &m);
}

/* ---- Results ---- */

static int by_score(const void *a, const void *b)
{
	const struct match *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

void ap_curve_add(struct ap_curve *c, bool right, int times)
{
	double recall, precision;
	int reached;

	if (right)
		c->right += times;
	else
		c->wrong += times;
	recall = (double)c->right / c->truths;
	precision = (double)c->right /
		    ((double)c->right + (double)c->wrong + DBL_EPSILON);
	reached = (int)(100 * recall) + 1;
	while (reached > 0 && reached * .01 > recall)
		reached--;
	if (recall >= 1)
		reached = AP_RECALLS - 1;
	if (precision > c->best[reached])
		c->best[reached] = precision;
}

double ap_curve_mean(const struct ap_curve *c)
{
	double sum = 0, highest = 0;

	for (int r = AP_RECALLS - 1; r >= 0; r--) {
		highest = c->best[r] > highest ? c->best[r] : highest;
		sum += highest;
	}
	return sum / AP_RECALLS;
}

static double precision_mean(const struct class_matches *c, int step)
{
	struct ap_curve curve = { .truths = c->truths };

	for (uint32_t i = 0; i < c->count; i++)
		if (!(c->list[i].ignored >> step & 1))
			ap_curve_add(&curve, c->list[i].hit >> step & 1, 1);
	return ap_curve_mean(&curve);
}

struct counts {
	int hits, found, truths;
};

static struct counts count_at(const struct class_matches *c, float threshold)
{
	struct counts n = { .truths = c->truths };

	for (uint32_t i = 0; i < c->count; i++) {
		const struct match *m = &c->list[i];

		if (m->score < threshold || (m->ignored & 1))
			continue;
		n.found++;
		n.hits += m->hit & 1;
	}
	return n;
}

static void put_counts(struct ap_result *out, const struct counts *n)
{
	out->truths = n->truths;
	out->precision = n->found ? (double)n->hits / n->found : (double)NAN;
	out->recall = n->truths ? (double)n->hits / n->truths : (double)NAN;
	out->f1 = n->found + n->truths ?
			  2.0 * n->hits / (n->found + n->truths) :
			  (double)NAN;
}

bool ap_class(const struct ap *a, uint32_t class_id, float threshold,
	      struct ap_result *out)
{
	struct class_matches *c;
	struct counts n;

	*out = (struct ap_result){ 0 };
	if (class_id >= a->class_count)
		return false;
	c = &a->classes[class_id];
	if (c->count)
		qsort(c->list, c->count, sizeof(*c->list), by_score);
	n = count_at(c, threshold);
	put_counts(out, &n);
	if (!c->truths) {
		out->ap = out->ap50 = (double)NAN;
		return false;
	}
	for (int step = 0; step < AP_OVERLAPS; step++) {
		double x = precision_mean(c, step);

		out->ap += x / AP_OVERLAPS;
		if (step == 0)
			out->ap50 = x;
	}
	return true;
}

void ap_total(const struct ap *a, float threshold, struct ap_result *out)
{
	struct counts all = { 0 };
	struct ap_result sum = { 0 };
	int classes = 0;

	for (uint32_t i = 0; i < a->class_count; i++) {
		struct counts n = count_at(&a->classes[i], threshold);
		struct ap_result r;

		all.hits += n.hits;
		all.found += n.found;
		all.truths += n.truths;
		if (!ap_class(a, i, threshold, &r))
			continue;
		sum.ap50 += r.ap50;
		sum.ap += r.ap;
		classes++;
	}
	put_counts(out, &all);
	out->ap50 = classes ? sum.ap50 / classes : (double)NAN;
	out->ap = classes ? sum.ap / classes : (double)NAN;
}
