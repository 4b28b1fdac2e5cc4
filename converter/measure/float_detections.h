/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_MEASURE_FLOAT_DETECTIONS_H
#define DBC_CONVERTER_MEASURE_FLOAT_DETECTIONS_H

#include <stdbool.h>

#include "converter/data/preprocess.h"
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

#endif
