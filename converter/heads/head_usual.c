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

/* Pytorch_Retinaface, test_widerface.py: rgb_mean of a BGR photo; ports to
 * boards train with the same mean in RGB */
const struct usual_preprocess head_usual_retinaface = {
	.color = COLOR_BGR,
	.mean = { 104, 117, 123 },
	.std = { 1, 1, 1 },
	.resize = RESIZE_STRETCH,
	.either_color = true,
};

/* insightface, detection/scrfd/tools/scrfd.py: swapRB, 127.5, 128 */
const struct usual_preprocess head_usual_scrfd = {
	.color = COLOR_RGB,
	.mean = { 127.5, 127.5, 127.5 },
	.std = { 128, 128, 128 },
	.resize = RESIZE_LETTERBOX_TOPLEFT,
};

/* mediapipe, face_detection_short_range and pose_detection: -1 to 1, aspect
 * kept */
const struct usual_preprocess head_usual_blazeface = {
	.color = COLOR_RGB,
	.mean = { 127.5, 127.5, 127.5 },
	.std = { 127.5, 127.5, 127.5 },
	.resize = RESIZE_LETTERBOX,
};

/* mediapipe, palm_detection_cpu.pbtxt: 0 to 1, aspect kept */
const struct usual_preprocess head_usual_palm = {
	.color = COLOR_RGB,
	.std = { 255, 255, 255 },
	.resize = RESIZE_LETTERBOX,
};

/* insightface, detection/retinaface/retinaface.py: RGB from 0 to 255 */
const struct usual_preprocess head_usual_mnet = {
	.color = COLOR_RGB,
	.std = { 1, 1, 1 },
	.resize = RESIZE_LETTERBOX_TOPLEFT,
};

/* FaceBoxes.PyTorch, test.py: rgb_mean of a BGR photo */
const struct usual_preprocess head_usual_faceboxes = {
	.color = COLOR_BGR,
	.mean = { 104, 117, 123 },
	.std = { 1, 1, 1 },
	.resize = RESIZE_STRETCH,
};

/* darknet, src/detector.c of AlexeyAB: letter_box is 0 */
const struct usual_preprocess head_usual_darknet = {
	.color = COLOR_RGB,
	.std = { 255, 255, 255 },
	.resize = RESIZE_STRETCH,
};

/* nanodet, config/nanodet-plus-m_416.yml: keep_ratio is false */
const struct usual_preprocess head_usual_nanodet_plus = {
	.color = COLOR_BGR,
	.mean = { 103.53, 116.28, 123.675 },
	.std = { 57.375, 57.12, 58.395 },
	.resize = RESIZE_STRETCH,
};

/* PaddleDetection, configs/picodet/_base_/picodet_320_reader.yml */
const struct usual_preprocess head_usual_picodet = {
	.color = COLOR_RGB,
	.mean = { 123.675, 116.28, 103.53 },
	.std = { 58.395, 57.12, 57.375 },
	.resize = RESIZE_STRETCH,
};

/* mmdetection, configs/rtmdet/rtmdet_l_8xb32-300e_coco.py */
const struct usual_preprocess head_usual_rtmdet = {
	.color = COLOR_BGR,
	.mean = { 103.53, 116.28, 123.675 },
	.std = { 57.375, 57.12, 58.395 },
	.resize = RESIZE_LETTERBOX_TOPLEFT,
	.pad_value = 114,
};

/* TensorFlow's ssd_mobilenet and torchvision's ssdlite: -1 to 1 */
const struct usual_preprocess head_usual_unit = {
	.color = COLOR_RGB,
	.mean = { 127.5, 127.5, 127.5 },
	.std = { 127.5, 127.5, 127.5 },
	.resize = RESIZE_STRETCH,
};

/* torchvision, models/detection/ssd.py: image_mean, image_std 1/255 */
const struct usual_preprocess head_usual_ssd300 = {
	.color = COLOR_RGB,
	.mean = { 122.99925, 116.9991, 103.9992 },
	.std = { 1, 1, 1 },
	.resize = RESIZE_STRETCH,
};

/* automl/efficientdet, hparams_config.py of the Lite models: 127, 128 */
const struct usual_preprocess head_usual_efficientdet = {
	.color = COLOR_RGB,
	.mean = { 127, 127, 127 },
	.std = { 128, 128, 128 },
	.resize = RESIZE_LETTERBOX_TOPLEFT,
};

/* CenterNet, src/lib/datasets/dataset/coco.py: mean, std */
const struct usual_preprocess head_usual_centernet = {
	.color = COLOR_BGR,
	.mean = { 104.04, 113.985, 119.85 },
	.std = { 73.695, 69.87, 70.89 },
	.resize = RESIZE_LETTERBOX,
};

/* CenterFace, prj-python/centerface.py: swapRB, nothing subtracted */
const struct usual_preprocess head_usual_centerface = {
	.color = COLOR_RGB,
	.std = { 1, 1, 1 },
	.resize = RESIZE_STRETCH,
};

/* DAMO-YOLO, damo/config/augmentations.py: RGB from 0 to 255, stretched */
const struct usual_preprocess head_usual_damo = {
	.color = COLOR_RGB,
	.std = { 1, 1, 1 },
	.resize = RESIZE_STRETCH,
};
