/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_AGREEMENT_H
#define DBC_CONVERTER_MEASURE_AGREEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/dbrt.h"

/* What the float and the packed model give for one photo. */
struct agreement_photo {
	/* of a detector, from a low score on */
	const struct dbrt_detection *expected, *found;
	int expected_count, found_count;
	bool same_class;      /* of a classifier */
	double signal, noise; /* power of all outputs, and of their errors */
};

enum agreement_kind { AGREEMENT_SIGNAL, AGREEMENT_CLASSES, AGREEMENT_BOXES };

#define AGREEMENT_CONFIDENCE 0.95
/* An interval that reaches further below the value tells too little. */
#define AGREEMENT_TELLS 0.1

/*
 * How well a packed model agrees with the float model, estimated from photos
 * without labels:
 * - AGREEMENT_BOXES: the share of the float model's mAP50 that the packed
 *   model keeps, for a measurement on as many other photos with labels.
 *   Over 1 where it finds more;
 * - AGREEMENT_CLASSES: the share of photos with the same class;
 * - AGREEMENT_SIGNAL: 1 - error power / signal power of the outputs.
 * low and high are the ends of its interval of AGREEMENT_CONFIDENCE. All are
 * NAN where there is nothing to agree on.
 */
struct agreement {
	double value, low, high;
	int photos;
	/* true boxes that the float model's scores let expect, or photos */
	double evidence;
	double sampled_low; /* the end from the choice of photos alone */
};

/* class_count: of a detector. -1: out of memory. */
int agreement_estimate(enum agreement_kind kind,
		       const struct agreement_photo *photos, int count,
		       uint32_t class_count, struct agreement *out);

/* Photos like these with which the interval would end at `limit` or above it;
 * 0: no number of photos, or more than a million. */
int agreement_photos_needed(const struct agreement *a, double limit);

/* Wilson's score interval (1927) of a share that is seen in `count` cases. */
void agreement_share_interval(double share, double count, double *low,
			      double *high);

#endif
