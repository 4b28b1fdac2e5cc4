/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_DETECTION_AP_H
#define DBC_CONVERTER_MEASURE_DETECTION_AP_H

#include <stdbool.h>

#include "runtime/dbrt.h"

/*
 * Average precision of detections as COCO defines it (bbox, all areas): 101
 * recalls, overlaps .50 to .95 by .05. Detections are matched best first, each
 * to the free box of its class that overlaps most; equal scores stay in the
 * order of the photos.
 */
#define AP_OVERLAPS 10

struct ap_truth {
	float x1, y1, x2, y2;
	uint32_t class_id;
	bool ignore; /* a crowd, or too hard: neither found nor missed */
};

struct ap;

/* NULL when memory is exhausted. Class ids from class_count on are left out. */
struct ap *ap_new(uint32_t class_count);
void ap_free(struct ap *a);
/*
 * One photo. The best `most` detections of each class count (0: all). 0, or -1
 * when memory is exhausted.
 */
int ap_add(struct ap *a, const struct ap_truth *truth, int truth_count,
	   const struct dbrt_detection *found, int found_count, int most);

struct ap_result {
	int truths;  /* boxes that were to be found */
	double ap50; /* overlap of .5 */
	double ap;   /* mean over the overlaps */
	/* of detections at the threshold and over, overlap of .5; precision is
	 * 1 where there are none, recall 1 where there is no truth */
	double precision, recall, f1;
};

/* False where the class has no truth; then only precision tells. */
bool ap_class(const struct ap *a, uint32_t class_id, float threshold,
	      struct ap_result *out);
/* Means of ap50 and ap over the classes that have truth (1 where none has),
 * the others over all boxes. */
void ap_total(const struct ap *a, float threshold, struct ap_result *out);

#endif
