/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_USUAL_H
#define DBC_CONVERTER_HEADS_HEAD_USUAL_H

#include "ir/config.h"

/* The preprocessing in the training code of each family, for the row
 * .preprocess. */
extern const struct usual_preprocess head_usual_yolo, head_usual_yolox,
	head_usual_nanodet, head_usual_fcos, head_usual_fastestdet,
	head_usual_yunet, head_usual_ultraface, head_usual_retinaface;

#endif
