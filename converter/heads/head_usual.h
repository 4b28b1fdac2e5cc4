/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_USUAL_H
#define DBC_CONVERTER_HEADS_HEAD_USUAL_H

#include "ir/config.h"

/* The preprocessing in the training code of each family, for the row
 * .preprocess. */
extern const struct usual_preprocess head_usual_yolo, head_usual_yolox,
	head_usual_nanodet, head_usual_fcos, head_usual_fastestdet,
	head_usual_yunet, head_usual_ultraface, head_usual_retinaface,
	head_usual_scrfd, head_usual_blazeface, head_usual_palm,
	head_usual_mnet, head_usual_faceboxes, head_usual_darknet,
	head_usual_nanodet_plus, head_usual_picodet, head_usual_rtmdet,
	head_usual_unit, head_usual_ssd300, head_usual_efficientdet,
	head_usual_centernet, head_usual_centerface, head_usual_damo;

#endif
