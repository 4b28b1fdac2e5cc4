/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_SLICE_MEASURE_H
#define DBC_CONVERTER_MEASURE_SLICE_MEASURE_H

#include "converter/measure/photo_results.h"

/* A choice of photos, of classes and of the true boxes on them. */
struct slice {
	const int *photos; /* in the results, ascending */
	int photo_count;
	bool empty;          /* the photos show nothing, whatever labels say */
	const bool *classes; /* of the model, that count; NULL: all */
	/* Whether a true box counts: others are neither found nor missed. NULL:
	 * all. */
	bool (*box)(void *ctx, const struct photo_result *p,
		    const struct ap_truth *t);
	/* Whether a detection that finds no true box is a false one: one of
	 * another size is none. NULL: all. */
	bool (*alarm)(void *ctx, const struct dbrt_detection *d);
	void *ctx;
};

/*
 * What the model gives on a slice at its own threshold; of a detector true
 * boxes and detections at an IoU of .5, of a classifier photos and the class
 * that it gives.
 */
struct slice_counts {
	int photos;       /* that were run */
	int truths, hits; /* what there is, and what of it is found */
	int found;        /* what the model says there is */
	int empties;      /* photos without anything of the classes */
	int alarms;       /* of them, where the model finds something */
	int labelled;     /* classifier: photos with a class */
	int right;        /* of them, where it gives that class */
	double ap50, ap;  /* of a detector, else NAN: as eval has them */
	/* Each of the truths, in a fixed order: whether it is a hit
	 * (malloc'ed). Those of two models can be compared where their number
	 * is the same. */
	bool *hit_list;
};

/* -1: out of memory. Free it in any case. */
int slice_measure(const struct photo_results *r, const struct slice *s,
		  struct slice_counts *out);
void slice_counts_free(struct slice_counts *c);

/* Errors of one photo: what is missed, and what is found that is not there.
 * -1: out of memory. */
int slice_photo_errors(const struct photo_results *r, const struct slice *s,
		       int photo, int *missed, int *false_ones);

#endif
