/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_DETECTION_AP_H
#define DBC_CONVERTER_MEASURE_DETECTION_AP_H

#include <stdbool.h>

#include "runtime/dbrt.h"

/*
 * Average precision of detections as COCO defines it (bbox, all areas;
 * pycocotools cocoeval.py): 101 recalls, IoU .50 to .95 in steps of .05.
 * Detections are matched by decreasing score, each to the free true box of its
 * class with the largest IoU; equal scores keep the order of the photos.
 */
#define AP_OVERLAPS 10

struct ap_truth {
	float x1, y1, x2, y2;
	uint32_t class_id;
	bool ignore;    /* a crowd or difficult: counts neither as found nor as
			   missed */
	bool apart;     /* of ignored ones: an object as others, which is merely
			   not measured; not a crowd, it can be found once */
	uint32_t label; /* its number among the labels of the photo */
};

/* A detection of another model, taken as true. */
struct ap_truth ap_truth_of(const struct dbrt_detection *d);

struct ap;

/* NULL when memory is exhausted. Class ids from class_count on are ignored. */
struct ap *ap_new(uint32_t class_count);
void ap_free(struct ap *a);
/* Adds one photo. The best `most` detections of each class count (0: all). 0,
 * or -1 when memory is exhausted. */
int ap_add(struct ap *a, const struct ap_truth *truth, int truth_count,
	   const struct dbrt_detection *found, int found_count, int most);

/*
 * Matches the detections of one photo as ap_add() does at an IoU of .5, those
 * with a score of at least `threshold`. of_found[k] becomes the number of the
 * true box that detection k finds, or one of the values below. 0, or -1 when
 * memory is exhausted.
 */
enum { AP_NOTHING = -1, AP_BELOW = -2 };
int ap_match(const struct ap_truth *truth, int truth_count,
	     const struct dbrt_detection *found, int found_count, int most,
	     float threshold, int *of_found);

/* IoU of a box and a true one; for an ignored true box that is not apart, the
 * share of the detection inside it. */
double ap_overlap(const struct dbrt_detection *d, const struct ap_truth *t);

/*
 * Precision over recall of one class, from detections that come best first.
 * Set `truths`, over 0, and the rest to 0. Recalls are compared in double, as
 * pycocotools does.
 */
#define AP_RECALLS 101
struct ap_curve {
	int truths;
	int64_t right, wrong;
	/* highest precision at a recall of i / 100 and below the next */
	double best[AP_RECALLS + 1];
};
/* A detection that counts `times` times. */
void ap_curve_add(struct ap_curve *c, bool right, int times);
/* The mean of the precisions at the recalls 0, .01, ... 1, where each is the
 * best precision at that recall or a higher one. */
double ap_curve_mean(const struct ap_curve *c);

struct ap_result {
	int truths;  /* true boxes that count */
	double ap50; /* overlap of .5; NAN without true boxes */
	double ap;   /* mean over the IoU thresholds; NAN without true boxes */
	/* of detections with at least the threshold, at IoU .5; precision is
	 * NAN without detections, recall without true boxes, f1 without
	 * either */
	double precision, recall, f1;
};

/* False if the class has no true box; then only precision has a meaning. */
bool ap_class(const struct ap *a, uint32_t class_id, float threshold,
	      struct ap_result *out);
/* ap50 and ap are means over the classes with true boxes; the other fields are
 * over all boxes. */
void ap_total(const struct ap *a, float threshold, struct ap_result *out);

#endif
