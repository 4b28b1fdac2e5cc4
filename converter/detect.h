/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DETECT_H
#define DBC_CONVERTER_DETECT_H

#include <stdbool.h>

#include "converter/preprocess.h"
#include "evaluator/evaluator.h"
#include "ir/graph.h"
#include "runtime/dbrt.h"
#include "schemas/dbp.h"

/* How the preprocessing lays a photo into the input. */
struct dbrt_frame detect_frame(const struct preprocess *p, uint32_t width,
			       uint32_t height);

/* What the float model has found: the outputs of the evaluator's last run by
 * the device library's own rule. Their number. */
int detect_float(const struct dbp_head *head, const struct graph *g,
		 const struct evaluator *e, const struct dbrt_frame *frame,
		 float threshold, struct dbrt_detection *out, int max);

/*
 * Agreement of detections with a truth, over any number of pictures; boxes
 * match at an IoU of 0.5 and more.
 */
struct detect_match {
	float score;
	uint32_t class_id;
	bool correct;
};

struct detect_score {
	int found, false_found; /* over the threshold: matched, not matched */
	struct detect_match *truth; /* every box of the truth */
	int truth_count, truth_capacity;
	struct detect_match *matches; /* every detection, for the average */
	int match_count, match_capacity;
};

/* One picture. `found` is sorted, best first, and goes below the threshold,
 * from which on detections count for F1. -1 when memory is exhausted. */
int detect_score_add(struct detect_score *s, const struct dbrt_detection *truth,
		     int truth_count, const struct dbrt_detection *found,
		     int found_count, float threshold);
/* 1 where there is neither truth nor a detection. */
double detect_f1(const struct detect_score *s);
/* Average precision at IoU 0.5 over 101 recalls, the mean over the classes
 * that the truth has; 1 where it has none. */
double detect_map50(const struct detect_score *s);
void detect_score_free(struct detect_score *s);

#endif
