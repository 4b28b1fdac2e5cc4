/* SPDX-License-Identifier: Apache-2.0 */
/* One box for each cell, with an objectness. */
#include "converter/heads/head_families.h"
#include "converter/heads/head_usual.h"

static bool has_one_box(const struct head_finder *f)
{
	const struct head_level *l = &f->levels[0];

	return l->object && f->bins == 1 &&
	       !(l->box->flags & (TRACE_POSITIVE | TRACE_EXP));
}

static void set_activations(struct head_finder *f)
{
	f->head.object_act = head_score_activation(f->levels[0].object);
	f->head.class_act = head_score_activation(f->levels[0].score);
}

/* ---- FastestDet: github.com/dog-qiuqiu/FastestDet, utils/tool.py
 * handle_preds(): tanh offsets, score objectness^0.6 * class^0.4 ---- */

static bool matches_fastestdet(const struct head_finder *f)
{
	return has_one_box(f) && f->level_count == 1 &&
	       (f->levels[0].score->flags & TRACE_SOFTMAX);
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
	return has_one_box(f) && f->levels[0].count > 3;
}

static bool fill_yunet(struct head_finder *f)
{
	set_activations(f);
	f->head.box_form = DBP_BOX_PRIOR;
	f->head.object_power = f->head.class_power = .5f;
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
