/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_ACCURACY_H
#define DBC_CONVERTER_MEASURE_ACCURACY_H

#include "converter/measure/photo_results.h"

#define ACCURACY_LEAST_SCORE PHOTO_LEAST_SCORE

struct accuracy_class {
	const char *name; /* from the model or the labels, or the number */
	struct ap_result result;
	int right; /* classifier: photos of the class that were classified as
		      such */
};

/* The accuracy of a model on labelled photos. */
struct accuracy {
	int photos;  /* that count */
	int skipped; /* photos without labels, which do not count */
	int empty;   /* photos that count without labels: they show nothing */
	/* Labels of these photos: true boxes, or photos with a known class. 0:
	 * nothing is measured, and the figures are NAN. */
	int truths;
	bool is_boxes;
	float threshold; /* score threshold for precision and recall: that of
			    the head */
	struct ap_result total;
	double top1;                    /* classifier: share of right photos */
	struct accuracy_class *classes; /* classes that occur in the labels */
	int class_count;
};

/* "map50" or "top1", and its value; NAN: nothing is measured. */
const char *accuracy_metric(const struct accuracy *a);
double accuracy_value(const struct accuracy *a);
/* Why nothing is measured; NULL: something is. */
const char *accuracy_missing(const struct accuracy *a);

/*
 * Runs the model on the photos and compares its results with the labels.
 * Classes of the labels and the model are matched by name where both have
 * names, else by number; for a detector of one class all labels count.
 * `progress` may be NULL; its stage is not used. Results live in the arena and
 * do not depend on the number of threads. -1 with a diagnostic.
 */
int accuracy_measure(const struct measure_set *photos,
		     const struct accuracy_model *m,
		     const struct annotations *labels, struct arena *a,
		     struct accuracy *out, const struct progress *progress,
		     struct diag *d);

#endif
