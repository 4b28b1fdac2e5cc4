/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_DETECTOR_H
#define DBRT_DETECTOR_H

#include "runtime/dbrt_internal.h"

/* Detectors' parts of dbrt_head_check() and dbrt_select(): the functions of
 * dbrt_detector. */
int dbrt_detector_fits(const struct dbp_head *h, const uint32_t *elements,
		       uint32_t outputs);
int dbrt_detector_select(const struct dbp_head *head,
			 const struct dbrt_head_output *outputs,
			 const struct dbrt_frame *frame, float score_threshold,
			 float nms_iou, struct dbrt_detection *out,
			 uint32_t max);

#endif
