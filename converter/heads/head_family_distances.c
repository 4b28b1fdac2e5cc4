/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes as four distances (left, top, right, bottom) from a point of the cell,
 * each a number or, with distribution focal loss (DFL, arXiv 2006.04388), the
 * mean of a distribution over bins.
 */
#include <string.h>

#include "converter/heads/head_backbone.h"
#include "converter/heads/head_families.h"
#include "converter/heads/head_levels.h"
#include "converter/heads/head_usual.h"

static bool fill_distances(struct head_finder *f)
{
	const struct head_level *l = &f->levels[0];

	f->head.box_form = DBP_BOX_DISTANCE;
	f->head.bins = f->bins > 1 ? (uint8_t)f->bins : 0;
	f->head.class_act = head_score_activation(&l->score);
	if (l->object.part) {
		f->head.object_act = head_score_activation(&l->object);
		f->head.object_power = f->head.class_power = .5f;
	}
	return head_build_levels(f);
}

static bool fill_cell_middle(struct head_finder *f)
{
	if (!fill_distances(f))
		return false;
	head_set_offsets(f, .5f, 0);
	return true;
}

/* ---- YOLOv8 and later: github.com/ultralytics/ultralytics,
 * nn/modules/head.py, class Detect; reg_max is 16 ---- */

static bool matches_yolov8(const struct head_finder *f)
{
	return f->bins == 16 && !(f->levels[0].box.part->flags & TRACE_EXP);
}

/* Points (class Pose) are x, y and a visibility. */
static bool fill_yolov8(struct head_finder *f)
{
	if (f->levels[0].points.part)
		head_use_points(f, 3, DBP_POINT_CELL, 1);
	return fill_cell_middle(f);
}

const struct head_family head_family_yolov8 = {
	.name = "YOLOv8",
	.stage = HEAD_STAGE_ROLES,
	.takes_scaled = true,
	.matches = matches_yolov8,
	.fill = fill_yolov8,
	.preprocess = &head_usual_yolo,
	.nms_iou = .45f,
};

/* ---- DAMO-YOLO without its decoding (arXiv 2211.15444;
 * github.com/tinyvision/DAMO-YOLO, heads/zero_head.py): 17 bins, from the
 * corner of the cell ---- */

static bool matches_damo(const struct head_finder *f)
{
	return f->bins == 17 && !(f->levels[0].box.part->flags & TRACE_EXP);
}

const struct head_family head_family_damo = {
	.name = "DAMO-YOLO",
	.stage = HEAD_STAGE_ROLES,
	.takes_scaled = true,
	.matches = matches_damo,
	.fill = fill_distances,
	.preprocess = &head_usual_damo,
	.nms_iou = .7f,
};

/* ---- Heads of 8 bins: reg_max is 7. NanoDet (github.com/RangiLyu/nanodet,
 * model/head/nanodet_head.py) has outputs for each of three levels,
 * NanoDet-Plus (nanodet_plus_head.py) one for all four, PicoDet
 * (PaddleDetection, modeling/heads/pico_head.py) two for each of four ---- */

static bool has_8_bins(const struct head_finder *f)
{
	return f->bins == 8 && !(f->levels[0].box.part->flags & TRACE_EXP);
}

static bool is_joined(const struct head_finder *f)
{
	return f->level_count == 1 ||
	       f->levels[0].box.part->output == f->levels[1].box.part->output;
}

/* Whether box and classes of a level are in two outputs. */
static bool is_apart(const struct head_finder *f)
{
	return f->levels[0].box.part->output != f->levels[0].score.part->output;
}

static bool matches_nanodet(const struct head_finder *f)
{
	return has_8_bins(f) && !is_joined(f) && f->level_count < 4;
}

static bool fill_nanodet(struct head_finder *f)
{
	if (!fill_distances(f))
		return false;
	/* the middle of the cell's pixels */
	head_set_offsets(f, .5f, -.5f);
	return true;
}

const struct head_family head_family_nanodet = {
	.name = "NanoDet",
	.stage = HEAD_STAGE_ROLES,
	.takes_scaled = true,
	.matches = matches_nanodet,
	.fill = fill_nanodet,
	.preprocess = &head_usual_nanodet,
	.nms_iou = .6f,
};

static bool matches_nanodet_plus(const struct head_finder *f)
{
	return has_8_bins(f) && is_joined(f) && !is_apart(f);
}

const struct head_family head_family_nanodet_plus = {
	.name = "NanoDet-Plus",
	.stage = HEAD_STAGE_ROLES,
	.takes_scaled = true,
	.matches = matches_nanodet_plus,
	.fill = fill_distances,
	.preprocess = &head_usual_nanodet_plus,
	.nms_iou = .6f,
};

static bool matches_picodet(const struct head_finder *f)
{
	return has_8_bins(f) && f->level_count == 4;
}

const struct head_family head_family_picodet = {
	.name = "PicoDet",
	.stage = HEAD_STAGE_ROLES,
	.takes_scaled = true,
	.matches = matches_picodet,
	.fill = fill_cell_middle,
	.preprocess = &head_usual_picodet,
	.nms_iou = .6f,
};

/* ---- Distances of one number; a factor for each level is part of the map,
 * but the stride is a unit ---- */

/* The constant that the map is multiplied by on its way; 0: none. */
static float factor_behind(const struct value *v)
{
	float factor;

	for (int depth = 0; depth < 8 && v->use_count == 1; depth++) {
		const struct node *n = v->uses[0];

		if (n->op == OP_MUL &&
		    (value_const_scalar(n->inputs[0], &factor) ||
		     value_const_scalar(n->inputs[1], &factor)))
			return factor;
		v = n->outputs[0];
	}
	return 0;
}

static bool are_scaled_by_stride(const struct head_finder *f)
{
	for (int i = 0; i < f->level_count; i++) {
		const struct head_level *l = &f->levels[i];

		if (factor_behind(l->box.part->map->value) !=
		    head_stride(f->width, l->width))
			return false;
	}
	return true;
}

/* ---- SCRFD: arXiv 2105.04714, github.com/deepinsight/insightface,
 * detection/scrfd: distances and key points in strides from the corner of the
 * cell, two boxes a cell for three levels, one for five ---- */

static bool matches_scrfd(const struct head_finder *f)
{
	const struct head_level *l = &f->levels[0];
	int boxes = f->level_count == 3 ? 2 : f->level_count == 5 ? 1 : 0;
	unsigned flags = l->box.part->flags;

	return boxes && !are_scaled_by_stride(f) && l->anchors == boxes &&
	       f->bins == 1 && f->head.class_count == 1 && !l->object.part &&
	       !l->size.part && !(l->score.part->flags & TRACE_SOFTMAX) &&
	       !(flags & (TRACE_EXP | TRACE_SIGMOID | TRACE_POSITIVE)) &&
	       (l->points.part || boxes == 2) &&
	       head_stride(f->width, l->width) == 8;
}

static bool fill_scrfd(struct head_finder *f)
{
	head_use_points(f, 2, DBP_POINT_ANCHOR, 1);
	return fill_distances(f);
}

static const char *const face[] = { "face" };

const struct head_family head_family_scrfd = {
	.name = "SCRFD",
	.stage = HEAD_STAGE_ROLES,
	.takes_scaled = true,
	.matches = matches_scrfd,
	.fill = fill_scrfd,
	.preprocess = &head_usual_scrfd,
	.nms_iou = .4f,
	.class_count = 1,
	.class_names = face,
};

/* ---- RTMDet: arXiv 2212.07784, open-mmlab/mmdetection,
 * dense_heads/rtmdet_head.py: distances in pixels, which the graph multiplies
 * by the stride, from the corner of the cell ---- */

static bool matches_rtmdet(const struct head_finder *f)
{
	unsigned flags = f->levels[0].box.part->flags;

	return f->scaled && f->bins == 1 && f->levels[0].anchors == 1 &&
	       !f->levels[0].object.part && !f->levels[0].size.part &&
	       (flags & TRACE_SCALED) && !(flags & TRACE_POSITIVE) &&
	       are_scaled_by_stride(f);
}

static bool fill_rtmdet(struct head_finder *f)
{
	f->head.anchor_count = (uint32_t)f->level_count;
	if (!fill_distances(f))
		return false;
	/* a pixel is the unit */
	for (int i = 0; i < f->level_count; i++) {
		float *anchor = head_anchors(f->out->data) + 2 * i;

		anchor[0] = anchor[1] = 1;
		head_levels(f->out->data)[i].first_anchor = (uint32_t)i;
	}
	return true;
}

const struct head_family head_family_rtmdet = {
	.name = "RTMDet",
	.stage = HEAD_STAGE_ROLES,
	.takes_scaled = true,
	.matches = matches_rtmdet,
	.fill = fill_rtmdet,
	.preprocess = &head_usual_rtmdet,
	.nms_iou = .65f,
};

/* ---- FCOS: arXiv 1904.01355; the score is sqrt(class * centerness) ---- */

static bool matches_fcos(const struct head_finder *f)
{
	unsigned flags = f->levels[0].box.part->flags;

	/* exp() has a unit, pixels or strides, that the graph does not show */
	return f->bins == 1 && !f->levels[0].size.part &&
	       (flags & TRACE_POSITIVE) && !(flags & TRACE_EXP);
}

const struct head_family head_family_fcos = {
	.name = "FCOS",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_fcos,
	.fill = fill_cell_middle,
	.preprocess = &head_usual_fcos,
};

/* ---- YOLOv6 (arXiv 2209.02976; github.com/meituan/YOLOv6,
 * models/effidehead.py with `export`) and YOLO26 without their decoding: in
 * strides from the middle of the cell ---- */

static bool matches_yolov6(const struct head_finder *f)
{
	const struct head_level *l = &f->levels[0];
	unsigned flags = l->box.part->flags | l->score.part->flags;

	return f->bins == 1 && l->box.count == 4 && l->anchors == 1 &&
	       (f->level_count == 3 || f->level_count == 4) &&
	       !l->object.part && !l->size.part && !l->points.part &&
	       !(flags & (TRACE_POSITIVE | TRACE_EXP | TRACE_SOFTMAX)) &&
	       !head_is_activated(l->box.part) && !are_scaled_by_stride(f) &&
	       head_stride(f->width, l->width) == 8;
}

static bool fill_yolov6(struct head_finder *f)
{
	struct head_backbone b = head_backbone_of(f->g);

	f->out->kind = b.swish ? "YOLO26" : "YOLOv6";
	return fill_cell_middle(f);
}

const struct head_family head_family_yolov6 = {
	.name = "YOLOv6",
	.stage = HEAD_STAGE_ROLES,
	.takes_scaled = true,
	.matches = matches_yolov6,
	.fill = fill_yolov6,
	.preprocess = &head_usual_yolo,
	.nms_iou = .45f,
};
