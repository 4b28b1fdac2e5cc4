/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/measure/agreement_boxes.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "converter/measure/detection_ap.h"
#include "evaluator/detmath.h"

/* A detection of score s is right with probability s ^ power, and its edges
 * have an error of this standard deviation, in sizes of the box. Neither is
 * known without labels, so each draw takes other ones out of these ranges. */
#define POWER 2.0
#define POWER_TIMES 2.0 /* at most, as often less as more */
#define EDGE_ERROR 0.125
#define EDGE_ERROR_RANGE 0.065 /* less or more */
#define OVERLAP 0.5            /* that counts as found */
/* A true box of a detection that overlaps less with another one is never found
 * by that one. */
#define NEAR 0.25

/* A detection, and the float detections whose true boxes it may find. */
struct ranked {
	const struct dbrt_detection *box;
	int photo, order;
	int near, near_count; /* in agreement_boxes->near */
};

struct true_box {
	const struct dbrt_detection *of;
	int photo;
	struct ap_truth box;
	bool drawn, taken;
};

struct agreement_boxes {
	struct ranked *lists[2]; /* float, packed: by class, best first */
	int counts[2];
	struct true_box *truth; /* of each float detection */
	int truth_count;
	int *near;
	size_t near_count, near_room;
	int *class_truths; /* drawn, with their photos' times */
	uint32_t class_count;
};

/* ---- Pairs of detections ---- */

static bool is_near(const struct dbrt_detection *a,
		    const struct dbrt_detection *b)
{
	const struct ap_truth t = ap_truth_of(b);

	return a->class_id == b->class_id && ap_overlap(a, &t) >= NEAR;
}

static int add_near(struct agreement_boxes *b, int truth)
{
	if (b->near_count == b->near_room) {
		size_t room = b->near_room ? 2 * b->near_room : 1024;
		int *larger = realloc(b->near, room * sizeof(*larger));

		if (!larger)
			return -1;
		b->near = larger;
		b->near_room = room;
	}
	b->near[b->near_count++] = truth;
	return 0;
}

/* Adds the detections of a photo to a list; the photo's own true boxes are
 * those from `first` on. */
static int add_ranked(struct agreement_boxes *b, int list, int photo, int first,
		      const struct dbrt_detection *boxes, int count)
{
	for (int i = 0; i < count; i++) {
		struct ranked *r = &b->lists[list][b->counts[list]];

		if (boxes[i].class_id >= b->class_count)
			continue;
		*r = (struct ranked){ .box = &boxes[i],
				      .photo = photo,
				      .order = b->counts[list],
				      .near = (int)b->near_count };
		for (int t = first; t < b->truth_count; t++)
			if (is_near(&boxes[i], b->truth[t].of) &&
			    add_near(b, t))
				return -1;
		r->near_count = (int)b->near_count - r->near;
		b->counts[list]++;
	}
	return 0;
}

static int by_class_and_score(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->box->class_id != y->box->class_id)
		return x->box->class_id < y->box->class_id ? -1 : 1;
	if (x->box->score != y->box->score)
		return x->box->score > y->box->score ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int add_photo(struct agreement_boxes *b, int i,
		     const struct agreement_photo *p)
{
	int first = b->truth_count;

	for (int k = 0; k < p->expected_count; k++)
		if (p->expected[k].class_id < b->class_count)
			b->truth[b->truth_count++] =
				(struct true_box){ .of = &p->expected[k],
						   .photo = i };
	return add_ranked(b, 0, i, first, p->expected, p->expected_count) ||
			       add_ranked(b, 1, i, first, p->found,
					  p->found_count) ?
		       -1 :
		       0;
}

struct agreement_boxes *agreement_boxes_new(
	const struct agreement_photo *photos, int count, uint32_t class_count)
{
	struct agreement_boxes *b = calloc(1, sizeof(*b));
	size_t all[2] = { 1, 1 };
	int err;

	if (!b)
		return NULL;
	for (int i = 0; i < count; i++) {
		all[0] += (size_t)photos[i].expected_count;
		all[1] += (size_t)photos[i].found_count;
	}
	b->class_count = class_count;
	b->class_truths = calloc(class_count + 1u, sizeof(int));
	b->truth = calloc(all[0], sizeof(*b->truth));
	b->lists[0] = calloc(all[0], sizeof(struct ranked));
	b->lists[1] = calloc(all[1], sizeof(struct ranked));
	err = !b->class_truths || !b->truth || !b->lists[0] || !b->lists[1];
	for (int i = 0; !err && i < count; i++)
		err = add_photo(b, i, &photos[i]);
	if (err) {
		agreement_boxes_free(b);
		return NULL;
	}
	for (int k = 0; k < 2; k++)
		qsort(b->lists[k], (size_t)b->counts[k], sizeof(struct ranked),
		      by_class_and_score);
	return b;
}

void agreement_boxes_free(struct agreement_boxes *b)
{
	if (!b)
		return;
	free(b->class_truths);
	free(b->truth);
	free(b->lists[0]);
	free(b->lists[1]);
	free(b->near);
	free(b);
}

/* ---- True boxes ---- */

/* What is not known of the float model's detections. */
struct calibration {
	double power, edge_error;
};

static struct calibration draw_calibration(uint64_t *random)
{
	return (struct calibration){
		POWER * det_pow(POWER_TIMES, 2 * random_double(random) - 1),
		EDGE_ERROR + EDGE_ERROR_RANGE * (2 * random_double(random) - 1)
	};
}

static double probability(const struct dbrt_detection *d, double power)
{
	double s = (double)d->score;

	s = s > 0 ? s : 0; /* of NaN too */
	return s < 1 ? det_pow(s, power) : 1;
}

double agreement_boxes_expected(const struct agreement_boxes *b)
{
	double sum = 0;

	for (int i = 0; i < b->truth_count; i++)
		sum += probability(b->truth[i].of, POWER);
	return sum;
}

/* Of mean 0 and standard deviation 1: the sum of four uniform numbers. */
static double draw_error(uint64_t *random)
{
	double sum = -2;

	for (int i = 0; i < 4; i++)
		sum += random_double(random);
	return sum * 1.7320508075688772;
}

static void draw_truth(struct agreement_boxes *b, const int *times,
		       uint64_t *random)
{
	const struct calibration unknown = draw_calibration(random);

	for (uint32_t c = 0; c < b->class_count; c++)
		b->class_truths[c] = 0;
	for (int i = 0; i < b->truth_count; i++) {
		struct true_box *t = &b->truth[i];
		const struct dbrt_detection *d = t->of;
		double width =
			unknown.edge_error * ((double)d->x2 - (double)d->x1);
		double height =
			unknown.edge_error * ((double)d->y2 - (double)d->y1);

		t->drawn = random_double(random) <
				   probability(d, unknown.power) &&
			   times[t->photo];
		t->taken = false;
		if (!t->drawn)
			continue;
		t->box.x1 = (float)((double)d->x1 + width * draw_error(random));
		t->box.y1 =
			(float)((double)d->y1 + height * draw_error(random));
		t->box.x2 = (float)((double)d->x2 + width * draw_error(random));
		t->box.y2 =
			(float)((double)d->y2 + height * draw_error(random));
		b->class_truths[d->class_id] += times[t->photo];
	}
}

/* Takes the free true box that overlaps most, as ap_add() does. */
static bool take_truth(struct agreement_boxes *b, const struct ranked *r)
{
	struct true_box *best = NULL;
	double least = OVERLAP;

	for (int i = 0; i < r->near_count; i++) {
		struct true_box *t = &b->truth[b->near[r->near + i]];
		double o;

		if (!t->drawn || t->taken)
			continue;
		o = ap_overlap(r->box, &t->box);
		if (o < least)
			continue;
		least = o;
		best = t;
	}
	if (best)
		best->taken = true;
	return best;
}

static double mean_precision(struct agreement_boxes *b, int list,
			     const int *times)
{
	const struct ranked *rows = b->lists[list];
	double sum = 0;
	int classes = 0, i = 0;

	for (int t = 0; t < b->truth_count; t++)
		b->truth[t].taken = false;
	for (uint32_t c = 0; c < b->class_count; c++)
		classes += b->class_truths[c] > 0;
	while (i < b->counts[list]) {
		uint32_t id = rows[i].box->class_id;
		struct ap_curve curve = { .truths = b->class_truths[id] };

		for (; i < b->counts[list] && rows[i].box->class_id == id; i++)
			if (curve.truths && times[rows[i].photo])
				ap_curve_add(&curve, take_truth(b, &rows[i]),
					     times[rows[i].photo]);
		sum += curve.truths ? ap_curve_mean(&curve) : 0;
	}
	return classes ? sum / classes : 0;
}

void agreement_boxes_draw(struct agreement_boxes *b, const int *times,
			  uint64_t *random, double ap[2])
{
	draw_truth(b, times, random);
	for (int k = 0; k < 2; k++)
		ap[k] = mean_precision(b, k, times);
}
