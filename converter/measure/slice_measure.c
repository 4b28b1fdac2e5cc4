/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/slice_measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One photo as the slice sees it. */
struct seen_photo {
	struct ap_truth *truth;
	int truth_count;
	struct dbrt_detection *found;
	int found_count;
	int *of_found;
	bool is_empty; /* no true box of the classes, counted or not */
};

static bool has_class(const struct slice *s, uint32_t id)
{
	return !s->classes || s->classes[id];
}

/* ---- Detectors ---- */

static void free_seen(struct seen_photo *p)
{
	free(p->truth);
	free(p->found);
	free(p->of_found);
}

/* A detection counts unless it lies on nothing and has another size. */
static void drop_others(const struct slice *s, struct seen_photo *p)
{
	int kept = 0;

	for (int i = 0; i < p->found_count; i++) {
		if (p->of_found[i] < 0 && s->alarm &&
		    !s->alarm(s->ctx, &p->found[i]))
			continue;
		p->found[kept] = p->found[i];
		p->of_found[kept++] = p->of_found[i];
	}
	p->found_count = kept;
}

static int see(const struct photo_results *r, const struct slice *s, int photo,
	       struct seen_photo *p)
{
	const struct photo_result *from = &r->photos[photo];

	*p = (struct seen_photo){ .is_empty = true };
	p->truth = calloc((size_t)from->truth_count + 1, sizeof(*p->truth));
	p->found = calloc((size_t)from->found_count + 1, sizeof(*p->found));
	p->of_found =
		calloc((size_t)from->found_count + 1, sizeof(*p->of_found));
	if (!p->truth || !p->found || !p->of_found)
		return -1;
	for (int i = 0; !s->empty && i < from->truth_count; i++) {
		struct ap_truth *t = &p->truth[p->truth_count];

		if (!has_class(s, from->truth[i].class_id))
			continue;
		*t = from->truth[i];
		if (!t->ignore && s->box && !s->box(s->ctx, from, t))
			t->ignore = t->apart = true;
		p->is_empty = false;
		p->truth_count++;
	}
	for (int i = 0; i < from->found_count; i++)
		if (has_class(s, from->found[i].class_id))
			p->found[p->found_count++] = from->found[i];
	/* at any score: AP counts all detections */
	if (ap_match(p->truth, p->truth_count, p->found, p->found_count,
		     PHOTO_MOST_COUNTED, 0, p->of_found))
		return -1;
	drop_others(s, p);
	return ap_match(p->truth, p->truth_count, p->found, p->found_count,
			PHOTO_MOST_COUNTED, r->threshold, p->of_found);
}

/* Adds a photo to the counts; `missed` and `false_ones` are its own. -1: out of
 * memory. */
static int count_seen(const struct seen_photo *p, struct slice_counts *out,
		      int *missed, int *false_ones)
{
	int alarms = 0;
	/* number of each true box among those that count */
	int *number = calloc((size_t)p->truth_count + 1, sizeof(*number));

	*missed = *false_ones = 0;
	if (!number)
		return -1;
	for (int i = 0; i < p->truth_count; i++) {
		number[i] = p->truth[i].ignore ? -1 : out->truths++;
		*missed += !p->truth[i].ignore;
	}
	for (int i = 0; i < p->found_count; i++) {
		int t = p->of_found[i];

		if (t == AP_BELOW || (t >= 0 && number[t] < 0))
			continue;
		out->found++;
		alarms += t < 0;
		if (t < 0)
			continue;
		out->hits++;
		--*missed;
		if (out->hit_list)
			out->hit_list[number[t]] = true;
	}
	*false_ones = alarms;
	out->empties += p->is_empty;
	out->alarms += p->is_empty && alarms;
	free(number);
	return 0;
}

static int measure_boxes(const struct photo_results *r, const struct slice *s,
			 struct slice_counts *out)
{
	struct ap *ap = ap_new(r->class_count);
	struct ap_result total;
	int err = ap ? 0 : -1, missed, false_ones;

	for (int i = 0; !err && i < s->photo_count; i++) {
		struct seen_photo p;

		if (!r->photos[s->photos[i]].counts)
			continue;
		err = see(r, s, s->photos[i], &p) ||
		      ap_add(ap, p.truth, p.truth_count, p.found, p.found_count,
			     PHOTO_MOST_COUNTED) ||
		      count_seen(&p, out, &missed, &false_ones);
		out->photos++;
		free_seen(&p);
	}
	if (!err) {
		ap_total(ap, r->threshold, &total);
		out->ap50 = total.ap50;
		out->ap = total.ap;
	}
	ap_free(ap);
	return err ? -1 : 0;
}

/* ---- Classifiers ---- */

static uint32_t given_class(const struct photo_results *r,
			    const struct photo_result *p)
{
	return p->score >= r->threshold ? p->class_id : PHOTO_NO_CLASS;
}

static void count_class(const struct photo_results *r, const struct slice *s,
			int photo, struct slice_counts *out, int *missed,
			int *false_ones)
{
	const struct photo_result *p = &r->photos[photo];
	uint32_t label = s->empty ? PHOTO_NO_CLASS : p->label_class;
	uint32_t given = given_class(r, p);
	bool is_there = label != PHOTO_NO_CLASS && has_class(s, label);
	bool is_found = given != PHOTO_NO_CLASS && has_class(s, given);

	out->photos++;
	out->labelled += label != PHOTO_NO_CLASS;
	out->right += label != PHOTO_NO_CLASS && label == given;
	if (is_there) {
		if (out->hit_list)
			out->hit_list[out->truths] = label == given;
		out->truths++;
	}
	out->hits += is_there && label == given;
	out->found += is_found;
	out->empties += !is_there;
	out->alarms += !is_there && is_found;
	*missed = is_there && label != given;
	*false_ones = is_found && label != given;
}

/* ---- Both ---- */

static size_t most_truths(const struct photo_results *r, const struct slice *s)
{
	size_t most = 1;

	for (int i = 0; i < s->photo_count; i++)
		most += (size_t)r->photos[s->photos[i]].truth_count + 1;
	return most;
}

int slice_measure(const struct photo_results *r, const struct slice *s,
		  struct slice_counts *out)
{
	int missed, false_ones;

	*out = (struct slice_counts){ .ap50 = (double)NAN, .ap = (double)NAN };
	out->hit_list = calloc(most_truths(r, s), sizeof(*out->hit_list));
	if (!out->hit_list)
		return -1;
	if (r->is_boxes)
		return measure_boxes(r, s, out);
	for (int i = 0; i < s->photo_count; i++)
		if (r->photos[s->photos[i]].counts)
			count_class(r, s, s->photos[i], out, &missed,
				    &false_ones);
	return 0;
}

int slice_photo_errors(const struct photo_results *r, const struct slice *s,
		       int photo, int *missed, int *false_ones)
{
	struct slice_counts own = { 0 };
	struct seen_photo p;
	int err;

	*missed = *false_ones = 0;
	if (!r->photos[photo].counts)
		return 0;
	if (!r->is_boxes) {
		count_class(r, s, photo, &own, missed, false_ones);
		return 0;
	}
	err = see(r, s, photo, &p) || count_seen(&p, &own, missed, false_ones);
	free_seen(&p);
	return err ? -1 : 0;
}

void slice_counts_free(struct slice_counts *c)
{
	free(c->hit_list);
	*c = (struct slice_counts){ 0 };
}
