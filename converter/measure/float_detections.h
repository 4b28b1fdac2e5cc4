/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_FLOAT_DETECTIONS_H
#define DBC_CONVERTER_MEASURE_FLOAT_DETECTIONS_H

#include <stdbool.h>

#include "converter/data/preprocess.h"
#include "evaluator/evaluator.h"
#include "ir/graph.h"
#include "runtime/dbrt.h"
#include "schemas/dbp.h"

/* The place of a photo in the input after preprocessing. */
struct dbrt_frame detect_frame(const struct preprocess *p, uint32_t width,
			       uint32_t height);

/* The same without a photo, as the device has it: a box counts in pixels of
 * the input. A model that takes no picture has no preprocess->width; its maps
 * are N,H,W,C as the device holds them. */
struct dbrt_frame detect_whole_input(const struct preprocess *p,
				     const struct shape *input);

/* Detections of the float model: decodes the outputs of the evaluator's last
 * run with the device library. Returns their number. */
int detect_float(const struct dbp_head *head, const struct graph *g,
		 const struct evaluator *e, const struct dbrt_frame *frame,
		 float threshold, struct dbrt_detection *out, int max);
/* The same from other numbers in place of the outputs: data[i] for output i. */
int detect_outputs(const struct dbp_head *head, const struct graph *g,
		   float *const *data, const struct dbrt_frame *frame,
		   float threshold, struct dbrt_detection *out, int max);
/* Key points of one of them, as dbrt_detection_points() gives them. */
int detect_float_points(const struct dbp_head *head, const struct graph *g,
			const struct evaluator *e,
			const struct dbrt_frame *frame,
			const struct dbrt_detection *d, float *xy, int max);

#endif
