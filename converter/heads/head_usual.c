/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_usual.h"

/* yolov5, utils/dataloaders.py and augmentations.py letterbox(); yolov8 as
 * well */
const struct usual_preprocess head_usual_yolo = {
	.color = COLOR_RGB,
	.std = { 255, 255, 255 },
	.resize = RESIZE_LETTERBOX,
	.pad_value = 114,
};

/* yolox, data/data_augment.py preproc(): 0 to 255 since version 0.1.1 */
const struct usual_preprocess head_usual_yolox = {
	.color = COLOR_BGR,
	.std = { 1, 1, 1 },
	.resize = RESIZE_LETTERBOX_TOPLEFT,
	.pad_value = 114,
};

/* nanodet, config/nanodet-m.yml: normalize, keep_ratio */
const struct usual_preprocess head_usual_nanodet = {
	.color = COLOR_BGR,
	.mean = { 103.53, 116.28, 123.675 },
	.std = { 57.375, 57.12, 58.395 },
	.resize = RESIZE_LETTERBOX,
};

/* FCOS, config/defaults.py: PIXEL_MEAN, PIXEL_STD, TO_BGR255 */
const struct usual_preprocess head_usual_fcos = {
	.color = COLOR_BGR,
	.mean = { 102.9801, 115.9465, 122.7717 },
	.std = { 1, 1, 1 },
	.resize = RESIZE_LETTERBOX_TOPLEFT,
};

/* FastestDet, utils/datasets.py */
const struct usual_preprocess head_usual_fastestdet = {
	.color = COLOR_BGR,
	.std = { 255, 255, 255 },
	.resize = RESIZE_STRETCH,
};

/* libfacedetection.train, configs/yunet_n.py: no normalization */
const struct usual_preprocess head_usual_yunet = {
	.color = COLOR_BGR,
	.std = { 1, 1, 1 },
	.resize = RESIZE_LETTERBOX_TOPLEFT,
};

/* Ultra-Light-Fast-Generic-Face-Detector-1MB, fd_config.py: image_mean_test,
 * image_std */
const struct usual_preprocess head_usual_ultraface = {
	.color = COLOR_RGB,
	.mean = { 127, 127, 127 },
	.std = { 128, 128, 128 },
	.resize = RESIZE_STRETCH,
};

/* Pytorch_Retinaface, test_widerface.py: rgb_mean of a BGR photo */
const struct usual_preprocess head_usual_retinaface = {
	.color = COLOR_BGR,
	.mean = { 104, 117, 123 },
	.std = { 1, 1, 1 },
	.resize = RESIZE_STRETCH,
};
