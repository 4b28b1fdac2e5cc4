/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_AGREEMENT_BOXES_H
#define DBC_CONVERTER_MEASURE_AGREEMENT_BOXES_H

#include "converter/measure/agreement.h"

#define AGREEMENT_REPLICATES 200

/*
 * Detections of the float and the packed model, and true boxes that could
 * have been: there are no labels, but a score says how likely a detection is
 * true. A float detection of score s has a true box with probability s^2, at
 * its place but for an error of a normal-like distribution: an eighth of its
 * size for each edge. So a box that both models find counts as much as it is
 * likely to count in the accuracy, at every score, and a box that moves can
 * gain as well as lose.
 *
 * Both numbers are for all models. They were chosen by the mAP50 of the float
 * model that they let expect, on labelled photos of four detectors: with errors
 * of 0.1 and 0.15 of the size it was 0.66 and 0.53 (measured: 0.61, RFB-320),
 * 0.72 and 0.58 (0.67, YuNet), 0.40 and 0.35 (0.37, FastestDet), 0.39 and 0.35
 * (0.50, NanoDet-m).
 */
struct agreement_boxes;

/* NULL: out of memory. The photos must stay. */
struct agreement_boxes *agreement_boxes_new(
	const struct agreement_photo *photos, int count, uint32_t class_count);
void agreement_boxes_free(struct agreement_boxes *b);

/* The number of true boxes to expect on all photos. */
double agreement_boxes_expected(const struct agreement_boxes *b);

/*
 * Draws true boxes. ap[0] and ap[1] become the mAP50 of the float and the
 * packed model against them, on photos of which photo i counts times[i] times.
 * 0 where there is no true box.
 */
void agreement_boxes_draw(struct agreement_boxes *b, const int *times,
			  uint64_t *random, double ap[2]);

#endif
