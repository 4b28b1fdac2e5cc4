/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/detect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dbrt_frame detect_frame(const struct preprocess *p, uint32_t width,
			       uint32_t height)
{
	return dbrt_frame_of(width, height, (uint32_t)p->width,
			     (uint32_t)p->height, preprocess_fit(p->fit));
}

int detect_float(const struct dbp_head *head, const struct graph *g,
		 const struct evaluator *e, const struct dbrt_frame *frame,
		 float threshold, struct dbrt_detection *out, int max)
{
	struct dbrt_head_output outputs[DBP_MAX_IO];

	for (int i = 0; i < g->output_count; i++) {
		const struct shape *s = &g->outputs[i]->shape;

		outputs[i].data = evaluator_output(e, i);
		outputs[i].last = outputs[i].pitch =
			s->rank ? (uint32_t)s->dim[s->rank - 1] : 1;
	}
	return dbrt_select(head, outputs, frame, threshold, head->nms_iou, out,
			   (uint32_t)max);
}

/* ---- Agreement ---- */

#define MATCH_IOU 0.5f

static int add_match(struct detect_match **list, int *count, int *capacity,
		     struct detect_match m)
{
	if (*count == *capacity) {
		int room = *capacity ? 2 * *capacity : 64;
		void *larger = realloc(*list, (size_t)room * sizeof(**list));

		if (!larger)
			return -1;
		*list = larger;
		*capacity = room;
	}
	(*list)[(*count)++] = m;
	return 0;
}

/* The best free box of the truth that overlaps enough, or -1. */
static int best_match(const struct dbrt_detection *d,
		      const struct dbrt_detection *truth, const bool *taken,
		      int count)
{
	float best = MATCH_IOU;
	int at = -1;

	for (int i = 0; i < count; i++) {
		float iou;

		if (taken[i] || truth[i].class_id != d->class_id)
			continue;
		iou = dbrt_iou(d, &truth[i]);
		if (iou > best || (at < 0 && iou >= best)) {
			best = iou;
			at = i;
		}
	}
	return at;
}

static int add_found(struct detect_score *s, const struct dbrt_detection *d,
		     bool correct, float threshold)
{
	struct detect_match m = { d->score, d->class_id, correct };

	if (d->score >= threshold) {
		s->found += correct;
		s->false_found += !correct;
	}
	return add_match(&s->matches, &s->match_count, &s->match_capacity, m);
}

int detect_score_add(struct detect_score *s, const struct dbrt_detection *truth,
		     int truth_count, const struct dbrt_detection *found,
		     int found_count, float threshold)
{
	bool *taken = calloc((size_t)truth_count + 1, sizeof(*taken));
	int rc = taken ? 0 : -1;

	for (int i = 0; rc == 0 && i < truth_count; i++)
		rc = add_match(&s->truth, &s->truth_count, &s->truth_capacity,
			       (struct detect_match){ truth[i].score,
						      truth[i].class_id,
						      true });
	for (int i = 0; rc == 0 && i < found_count; i++) {
		int at = best_match(&found[i], truth, taken, truth_count);

		if (at >= 0)
			taken[at] = true;
		rc = add_found(s, &found[i], at >= 0, threshold);
	}
	free(taken);
	return rc;
}

double detect_f1(const struct detect_score *s)
{
	int total = s->truth_count + s->found + s->false_found;

	return total ? 2.0 * s->found / total : 1.0;
}

/* By class, best first; equal scores stay in the order of the pictures
 * because the index decides. */
struct ranked {
	struct detect_match match;
	int index;
};

static int by_class_and_score(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->match.class_id != y->match.class_id)
		return x->match.class_id < y->match.class_id ? -1 : 1;
	if (x->match.score != y->match.score)
		return x->match.score > y->match.score ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/*
 * Precision at 101 recalls, each the best at that recall and beyond (COCO).
 * `list` holds one class, best first.
 */
static double class_ap(const struct ranked *list, int count, int truths)
{
	double best_at[101] = { 0 };
	double sum = 0, best = 0;
	int correct = 0;

	for (int i = 0; i < count; i++) {
		double precision;
		int reached;

		correct += list[i].match.correct;
		precision = (double)correct / (i + 1);
		reached = (int)((int64_t)100 * correct / truths);
		if (precision > best_at[reached])
			best_at[reached] = precision;
	}
	for (int r = 100; r >= 0; r--) {
		if (best_at[r] > best)
			best = best_at[r];
		sum += best;
	}
	return sum / 101;
}

static int truths_of(const struct detect_score *s, uint32_t class_id)
{
	int n = 0;

	for (int i = 0; i < s->truth_count; i++)
		n += s->truth[i].class_id == class_id;
	return n;
}

/* Each class that the truth has, once. */
static bool first_of_class(const struct detect_score *s, int i)
{
	for (int j = 0; j < i; j++)
		if (s->truth[j].class_id == s->truth[i].class_id)
			return false;
	return true;
}

static double ap_of(const struct ranked *list, int count, uint32_t class_id,
		    int truths)
{
	int from = 0, to;

	while (from < count && list[from].match.class_id < class_id)
		from++;
	to = from;
	while (to < count && list[to].match.class_id == class_id)
		to++;
	return class_ap(list + from, to - from, truths);
}

double detect_map50(const struct detect_score *s)
{
	struct ranked *list = calloc((size_t)s->match_count + 1, sizeof(*list));
	double sum = 0;
	int classes = 0;

	if (!list)
		return 0;
	for (int i = 0; i < s->match_count; i++)
		list[i] = (struct ranked){ s->matches[i], i };
	qsort(list, (size_t)s->match_count, sizeof(*list), by_class_and_score);
	for (int i = 0; i < s->truth_count; i++) {
		uint32_t id = s->truth[i].class_id;

		if (!first_of_class(s, i))
			continue;
		sum += ap_of(list, s->match_count, id, truths_of(s, id));
		classes++;
	}
	free(list);
	return classes ? sum / classes : 1;
}

void detect_score_free(struct detect_score *s)
{
	free(s->matches);
	free(s->truth);
	*s = (struct detect_score){ 0 };
}
