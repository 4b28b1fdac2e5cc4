/* SPDX-License-Identifier: Apache-2.0 */
/* One box for each cell, with an objectness; boxes in pixels; heat maps. */
#include "converter/heads/head_families.h"
#include "converter/heads/head_usual.h"

static bool has_one_box(const struct head_finder *f)
{
	const struct head_level *l = &f->levels[0];

	return l->object.part && f->bins == 1 && l->anchors == 1 &&
	       !(l->box.part->flags & (TRACE_POSITIVE | TRACE_EXP));
}

static void set_activations(struct head_finder *f)
{
	f->head.object_act = head_score_activation(&f->levels[0].object);
	f->head.class_act = head_score_activation(&f->levels[0].score);
}

/* ---- FastestDet: github.com/dog-qiuqiu/FastestDet, utils/tool.py
 * handle_preds(): tanh offsets, score objectness^0.6 * class^0.4 ---- */

static bool matches_fastestdet(const struct head_finder *f)
{
	return has_one_box(f) && f->level_count == 1 &&
	       (f->levels[0].score.part->flags & TRACE_SOFTMAX);
}

static bool fill_fastestdet(struct head_finder *f)
{
	set_activations(f);
	f->head.box_form = DBP_BOX_TANH;
	f->head.object_power = .6f;
	f->head.class_power = .4f;
	return head_build_levels(f);
}

const struct head_family head_family_fastestdet = {
	.name = "FastestDet",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_fastestdet,
	.fill = fill_fastestdet,
	.preprocess = &head_usual_fastestdet,
};

/* ---- YuNet: Wu et al., Machine Intelligence Research 20 (2023),
 * github.com/ShiqiYu/libfacedetection.train: boxes as YOLOX has them, score
 * sqrt(objectness * class), landmarks in a fourth map ---- */

static bool matches_yunet(const struct head_finder *f)
{
	return has_one_box(f) && f->levels[0].points.part;
}

static bool fill_yunet(struct head_finder *f)
{
	set_activations(f);
	f->head.box_form = DBP_BOX_PRIOR;
	f->head.object_power = f->head.class_power = .5f;
	head_use_points(f, 2, DBP_POINT_ANCHOR, 1);
	return head_build_levels(f);
}

static const char *const face[] = { "face" };

const struct head_family head_family_yunet = {
	.name = "YuNet",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_yunet,
	.fill = fill_yunet,
	.preprocess = &head_usual_yunet,
	.nms_iou = .4f,
	.class_count = 1,
	.class_names = face,
};

/* ---- YOLOX: arXiv 2107.08430, section 2.1: center (x + column) * stride,
 * size exp(w) * stride ---- */

static bool fill_yolox(struct head_finder *f)
{
	set_activations(f);
	f->head.box_form = DBP_BOX_PRIOR;
	return head_build_levels(f);
}

const struct head_family head_family_yolox = {
	.name = "YOLOX",
	.stage = HEAD_STAGE_ROLES,
	.matches = has_one_box,
	.fill = fill_yolox,
	.preprocess = &head_usual_yolox,
};

/* ---- BlazeFace (arXiv 1907.05047) and the palm and pose detectors of
 * MediaPipe, calculators/tflite/ssd_anchors_calculator.cc: offsets from the
 * middle of the cell, sizes and points in pixels of the input ---- */

static bool has_pixels(const struct head_finder *f, int points)
{
	const struct head_level *l = &f->levels[0];

	return l->points.part == l->box.part && l->box.part &&
	       l->points.count == 2 * points && f->head.class_count == 1 &&
	       !l->object.part;
}

static bool fill_pixels(struct head_finder *f)
{
	uint32_t at = 0;

	for (int i = 0; i < f->level_count; i++)
		f->head.anchor_count += (uint32_t)f->levels[i].anchors;
	f->head.box_form = DBP_BOX_OFFSET;
	f->head.class_act = head_score_activation(&f->levels[0].score);
	head_use_points(f, 2, DBP_POINT_ANCHOR, 1);
	if (!head_build_levels(f))
		return false;
	head_set_offsets(f, .5f, 0);
	for (uint32_t i = 0; i < 2 * f->head.anchor_count; i++)
		head_anchors(f->out->data)[i] = 1;
	for (int i = 0; i < f->level_count; i++) {
		head_levels(f->out->data)[i].first_anchor = at;
		at += (uint32_t)f->levels[i].anchors;
	}
	return true;
}

static bool matches_blazeface(const struct head_finder *f)
{
	return has_pixels(f, 6);
}

const struct head_family head_family_blazeface = {
	.name = "BlazeFace",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_blazeface,
	.fill = fill_pixels,
	.preprocess = &head_usual_blazeface,
	.nms_iou = .3f,
	.class_count = 1,
	.class_names = face,
};

static bool matches_palm(const struct head_finder *f)
{
	return has_pixels(f, 7);
}

static const char *const palm[] = { "palm" };

const struct head_family head_family_palm = {
	.name = "palm detection",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_palm,
	.fill = fill_pixels,
	.preprocess = &head_usual_palm,
	.nms_iou = .3f,
	.class_count = 1,
	.class_names = palm,
};

static bool matches_pose(const struct head_finder *f)
{
	return has_pixels(f, 4);
}

static const char *const person[] = { "person" };

const struct head_family head_family_pose = {
	.name = "pose detection",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_pose,
	.fill = fill_pixels,
	.preprocess = &head_usual_blazeface,
	.nms_iou = .3f,
	.class_count = 1,
	.class_names = person,
};

/* ---- Heat maps: CenterNet (arXiv 1904.07850, section 4) and CenterFace
 * (arXiv 1911.03599; github.com/Star-Clouds/CenterFace): y before x, the
 * logarithm of the size, points as shares of the box ---- */

static bool is_heat_map(const struct head_finder *f)
{
	return f->level_count == 1 && f->levels[0].size.part;
}

static bool matches_centerface(const struct head_finder *f)
{
	return is_heat_map(f) && f->levels[0].points.part &&
	       f->head.class_count == 1;
}

static bool fill_heat_map(struct head_finder *f)
{
	f->head.flags |= DBP_HEAD_PEAKS;
	f->head.class_act = head_score_activation(&f->levels[0].score);
	return head_build_levels(f);
}

static bool fill_centerface(struct head_finder *f)
{
	f->head.box_form = DBP_BOX_PRIOR;
	f->head.flags |= DBP_HEAD_Y_FIRST;
	head_use_points(f, 2, DBP_POINT_BOX, 1);
	if (!fill_heat_map(f))
		return false;
	head_set_offsets(f, .5f, 0);
	return true;
}

const struct head_family head_family_centerface = {
	.name = "CenterFace",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_centerface,
	.fill = fill_centerface,
	.preprocess = &head_usual_centerface,
	.nms_iou = .3f,
	.class_count = 1,
	.class_names = face,
};

static bool fill_centernet(struct head_finder *f)
{
	f->head.box_form = DBP_BOX_OFFSET;
	return fill_heat_map(f);
}

const struct head_family head_family_centernet = {
	.name = "CenterNet",
	.stage = HEAD_STAGE_ROLES,
	.matches = is_heat_map,
	.fill = fill_centernet,
	.preprocess = &head_usual_centernet,
	.nms_iou = .5f,
};
