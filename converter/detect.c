/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/detect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Which outputs are what ---- */

static bool is_candidates(const struct value *v)
{
	return v->dtype == DT_F32 && v->shape.rank == 3 &&
	       v->shape.dim[0] == 1 && v->shape.dim[1] > 0 &&
	       v->shape.dim[2] > 0;
}

/*
 * Something is computed between the network and these boxes. Offsets that
 * still need their priors come straight out of it, moved about at most.
 */
static bool is_decoded(const struct value *v, int depth)
{
	const struct node *n = v->producer;

	if (!n || !n->tail || depth > 64)
		return false;
	if (!(op_info(n->op)->flags & OPF_S))
		return true;
	return n->inputs[0] && is_decoded(n->inputs[0], depth + 1);
}

static bool is_boxes(const struct value *v)
{
	return is_candidates(v) && v->shape.dim[2] == 4 && is_decoded(v, 0);
}

static bool is_scores_for(const struct value *v, const struct value *boxes)
{
	return v != boxes && is_candidates(v) &&
	       v->shape.dim[1] == boxes->shape.dim[1];
}

/* With four classes, scores look like boxes: then the name tells. */
static bool named_boxes(const struct value *v)
{
	return strcasestr(v->name, "box") || strcasestr(v->name, "loc");
}

static bool find_pair(const struct graph *g, struct dbp_head *head)
{
	int boxes = -1, scores = -1;

	for (int i = 0; i < g->output_count; i++)
		if (is_boxes(g->outputs[i]) &&
		    (boxes < 0 || (named_boxes(g->outputs[i]) &&
				   !named_boxes(g->outputs[boxes]))))
			boxes = i;
	for (int i = 0; boxes >= 0 && i < g->output_count; i++)
		if (is_scores_for(g->outputs[i], g->outputs[boxes])) {
			if (scores >= 0)
				return false;
			scores = i;
		}
	if (scores < 0)
		return false;
	head->boxes_output = (uint32_t)boxes;
	head->scores_output = (uint32_t)scores;
	return true;
}

/* Scores that sum to one over the classes have a class for "nothing". */
static bool has_background(const struct value *scores)
{
	const struct node *n = scores->producer;

	while (n && n->input_count > 0 && n->inputs[0] &&
	       (op_info(n->op)->flags & OPF_S) && n->op != OP_CONCAT)
		n = n->inputs[0]->producer;
	if (n && n->op == OP_CONCAT && n->inputs[0])
		n = n->inputs[0]->producer;
	return n && n->op == OP_SOFTMAX && scores->shape.dim[2] > 1;
}

static bool is_classifier(const struct graph *g)
{
	const struct value *v = g->outputs[0];

	return g->output_count == 1 && v->dtype == DT_F32 &&
	       v->shape.rank == 2 && v->shape.dim[0] == 1 &&
	       v->shape.dim[1] > 1;
}

bool head_find(const struct graph *g, const struct config *c,
	       struct dbp_head *head)
{
	*head = (struct dbp_head){ .score_threshold = c->score_threshold,
				   .nms_iou = c->nms_iou };
	if (g->output_count == 0)
		return false;
	if (find_pair(g, head)) {
		const struct value *scores = g->outputs[head->scores_output];

		head->kind = DBP_HEAD_BOXES;
		head->box_form = DBP_BOX_CORNERS;
		head->normalized = 1;
		head->background = has_background(scores);
		return true;
	}
	head->kind = DBP_HEAD_CLASSIFIER;
	return is_classifier(g);
}

struct dbrt_frame detect_frame(const struct preprocess *p, uint32_t width,
			       uint32_t height)
{
	return dbrt_frame_of(width, height, (uint32_t)p->width,
			     (uint32_t)p->height, preprocess_fit(p->fit));
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
