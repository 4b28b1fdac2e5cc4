/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that need no decoding: classes, and boxes that the model decodes
 * itself. */
#include "converter/heads/head_families.h"

#include "converter/heads/head_backbone.h"
#include "converter/heads/head_box_form.h"
#include "converter/heads/head_origin.h"
#include "converter/heads/head_usual.h"

/* ---- A classifier: one output [1, classes] ---- */

static bool matches_classes(const struct head_finder *f)
{
	const struct value *v = f->g->outputs[0];

	return f->g->output_count == 1 && v->dtype == DT_F32 &&
	       v->shape.rank == 2 && v->shape.dim[0] == 1 &&
	       v->shape.dim[1] >= 2;
}

static bool fill_classes(struct head_finder *f)
{
	f->head.kind = DBP_HEAD_CLASSIFIER;
	f->head.class_count = (uint32_t)f->g->outputs[0]->shape.dim[1];
	return head_new(f->out, &f->head, f->arena) == 0 ||
	       head_unknown(f, "memory is exhausted");
}

const struct head_family head_family_classes = {
	.name = "classes",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_classes,
	.fill = fill_classes,
};

/* ---- Boxes that the model decodes, by the training code ---- */

static bool build(struct head_finder *f, const struct head_decoded *d)
{
	struct dbp_head_level l = { .columns = d->candidates,
				    .rows = 1,
				    .anchors = 1,
				    .first_anchor = DBP_NONE,
				    .box = d->box,
				    .object = d->object,
				    .score = d->score };

	if (d->candidates > DBP_HEAD_MAX_CANDIDATES)
		return head_unknown(f, "the model has too many boxes");
	f->head.level_count = 1;
	f->head.class_count = d->classes;
	f->head.background = d->background;
	if (d->point_count) {
		f->head.flags |= DBP_HEAD_MORE_PARTS;
		f->head.point_count = (uint8_t)d->point_count;
		f->head.point_fields = (uint8_t)d->point_fields;
		f->head.point_form = DBP_POINT_DIRECT;
		f->head.point_scale = 1;
	}
	if (head_new(f->out, &f->head, f->arena))
		return head_unknown(f, "memory is exhausted");
	*head_levels(f->out->data) = l;
	if (d->point_count)
		head_more(f->out->data)->points = d->points;
	return head_probe_boxes(f->g, &f->trace, f->out) ||
	       head_unknown(f, "the boxes are neither corners nor centers");
}

static bool fill_decoded(struct head_finder *f)
{
	struct head_decoded d;

	return head_find_decoded(f, &d) && build(f, &d);
}

static bool fill_as(struct head_finder *f, const char *kind)
{
	f->out->kind = kind;
	return fill_decoded(f);
}

/* Scores behind a softmax, perhaps without the background. */
static bool is_softmax(const struct head_decoded *d)
{
	return (d->box_flags & TRACE_EXP) && !d->listed &&
	       (d->score_flags & TRACE_SOFTMAX);
}

static bool is_softmax_face(const struct head_decoded *d)
{
	return is_softmax(d) && d->classes - d->background == 1;
}

static const char *const face[] = { "face" };

/* ---- UltraFace and RetinaFace with their priors in the graph ---- */

static bool matches_ultraface(const struct head_finder *f)
{
	struct head_decoded d;

	/* one with masked faces has two classes */
	return head_find_decoded(f, &d) && is_softmax(&d) && !d.point_count &&
	       d.levels == 4;
}

const struct head_family head_family_ultraface_boxes = {
	.name = "UltraFace",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_ultraface,
	.fill = fill_decoded,
	.preprocess = &head_usual_ultraface,
	.nms_iou = .4f,
	.class_count = 1,
	.class_names = face,
};

static bool matches_retinaface(const struct head_finder *f)
{
	struct head_decoded d;

	return head_find_decoded(f, &d) && is_softmax_face(&d) &&
	       d.point_count && d.levels == 3;
}

const struct head_family head_family_retinaface_boxes = {
	.name = "RetinaFace",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_retinaface,
	.fill = fill_decoded,
	.preprocess = &head_usual_retinaface,
	.nms_iou = .4f,
	.class_count = 1,
	.class_names = face,
};

/* ---- Other SSD: softmax with a background (pytorch-ssd) ---- */

static bool matches_ssd(const struct head_finder *f)
{
	struct head_decoded d;

	return head_find_decoded(f, &d) && is_softmax(&d) &&
	       d.classes - d.background > 1 && d.levels > 4;
}

const struct head_family head_family_ssd_boxes = {
	.name = "SSD",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_ssd,
	.fill = fill_decoded,
	.preprocess = &head_usual_ultraface,
	.nms_iou = .45f,
};

/* ---- YOLO with anchors: box and scores come from one map ---- */

static bool matches_yolov5(const struct head_finder *f)
{
	struct head_decoded d;

	/* before a suppression the objectness is part of the scores */
	return head_find_decoded(f, &d) && d.shared_map &&
	       (d.has_object || (d.score_flags & TRACE_SIGMOID)) &&
	       !(d.box_flags & TRACE_EXP);
}

static bool fill_yolov5(struct head_finder *f)
{
	struct head_backbone b = head_backbone_of(f->g);
	struct head_decoded d;

	head_find_decoded(f, &d);
	return fill_as(f, d.point_count        ? "YOLOv5-face" :
			  b.strided_pools >= 2 ? "YOLOv7" :
						 "YOLOv5");
}

const struct head_family head_family_yolov5_boxes = {
	.name = "YOLOv5",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_yolov5,
	.fill = fill_yolov5,
	.preprocess = &head_usual_yolo,
	.nms_iou = .45f,
};

static bool matches_darknet(const struct head_finder *f)
{
	struct head_decoded d;

	return head_find_decoded(f, &d) && d.shared_map &&
	       (d.box_flags & TRACE_EXP);
}

const struct head_family head_family_darknet_boxes = {
	.name = "YOLOv3",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_darknet,
	.fill = fill_decoded,
	.preprocess = &head_usual_darknet,
	.nms_iou = .45f,
};

/* ---- YOLOX: an objectness in a map of its own ---- */

static bool matches_yolox(const struct head_finder *f)
{
	struct head_decoded d;

	return head_find_decoded(f, &d) && d.listed && !d.shared_map &&
	       d.has_object && !d.constant_object && d.levels > 1 &&
	       (d.box_flags & TRACE_EXP);
}

const struct head_family head_family_yolox_boxes = {
	.name = "YOLOX",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_yolox,
	.fill = fill_decoded,
	.preprocess = &head_usual_yolox,
	.nms_iou = .45f,
};

/* ---- Distributions over distances: DAMO-YOLO (arXiv 2211.15444) has 17 bins
 * and two outputs, PicoDet 8, YOLOv8 and later 16 ---- */

static bool matches_damo(const struct head_finder *f)
{
	struct head_decoded d;

	return head_find_decoded(f, &d) && d.bins == 17 && !d.listed;
}

const struct head_family head_family_damo_boxes = {
	.name = "DAMO-YOLO",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_damo,
	.fill = fill_decoded,
	.preprocess = &head_usual_damo,
	.nms_iou = .7f,
};

static bool matches_picodet(const struct head_finder *f)
{
	struct head_decoded d;

	return head_find_decoded(f, &d) && d.bins == 8 && d.levels == 4;
}

const struct head_family head_family_picodet_boxes = {
	.name = "PicoDet",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_picodet,
	.fill = fill_decoded,
	.preprocess = &head_usual_picodet,
	.nms_iou = .6f,
};

/* One-to-one heads, YOLOv10 (arXiv 2405.14458) and YOLO26, end in a TopK;
 * YOLOv6 (arXiv 2209.02976) has ones as objectness. */
static bool matches_yolov8(const struct head_finder *f)
{
	struct head_decoded d;

	return head_find_decoded(f, &d) && !d.shared_map && d.levels > 1 &&
	       (!d.has_object || d.constant_object) && !d.background &&
	       !(d.box_flags & TRACE_EXP) && d.bins != 8;
}

static bool fill_yolov8(struct head_finder *f)
{
	bool one_to_one = f->g->cut.op_type && f->g->cut.iou >= 1;
	struct head_decoded d;

	head_find_decoded(f, &d);
	return fill_as(f, d.constant_object         ? "YOLOv6" :
			  one_to_one && d.bins == 1 ? "YOLO26" :
			  one_to_one                ? "YOLOv10" :
			  d.bins == 1               ? "boxes and scores" :
						      "YOLOv8");
}

const struct head_family head_family_yolov8_boxes = {
	.name = "YOLOv8",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_yolov8,
	.fill = fill_yolov8,
	.preprocess = &head_usual_yolo,
	.nms_iou = .45f,
};

/* ---- Any other ---- */

static bool matches_boxes(const struct head_finder *f)
{
	struct head_decoded d;

	return head_find_decoded(f, &d);
}

const struct head_family head_family_boxes_and_scores = {
	.name = "boxes and scores",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_boxes,
	.fill = fill_decoded,
};
