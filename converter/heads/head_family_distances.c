/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes as four distances (left, top, right, bottom) from a point of the cell,
 * each a number or, with distribution focal loss (DFL, arXiv 2006.04388), the
 * mean of a distribution over bins.
 */
#include "converter/heads/head_families.h"
#include "converter/heads/head_usual.h"

static bool fill_distances(struct head_finder *f)
{
	const struct head_level *l = &f->levels[0];

	f->head.box_form = DBP_BOX_DISTANCE;
	f->head.bins = f->bins > 1 ? (uint8_t)f->bins : 0;
	f->head.class_act = head_score_activation(l->score);
	if (l->object) {
		f->head.object_act = head_score_activation(l->object);
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
	return (f->bins == 16 || f->bins == 17) &&
	       !(f->levels[0].box->flags & TRACE_EXP);
}

const struct head_family head_family_yolov8 = {
	.name = "YOLOv8",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_yolov8,
	.fill = fill_cell_middle,
	.preprocess = &head_usual_yolo,
};

/* ---- NanoDet: github.com/RangiLyu/nanodet, model/head/nanodet_head.py and
 * nanodet_plus_head.py; reg_max is 7, so there are 8 bins ---- */

static bool matches_nanodet(const struct head_finder *f)
{
	return f->bins == 8 && !(f->levels[0].box->flags & TRACE_EXP);
}

static bool fill_nanodet(struct head_finder *f)
{
	bool has_two_outputs = f->level_count > 1 &&
			       f->levels[0].box->output !=
				       f->levels[1].box->output;

	if (!fill_distances(f))
		return false;
	if (has_two_outputs) /* the middle of the cell's pixels */
		head_set_offsets(f, .5f, -.5f);
	else /* NanoDet-Plus: the cell's corner */
		head_set_offsets(f, 0, 0);
	return true;
}

const struct head_family head_family_nanodet = {
	.name = "NanoDet",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_nanodet,
	.fill = fill_nanodet,
	.preprocess = &head_usual_nanodet,
};

/* ---- FCOS: arXiv 1904.01355; the score is sqrt(class * centerness) ---- */

static bool matches_fcos(const struct head_finder *f)
{
	unsigned flags = f->levels[0].box->flags;

	/* exp() has a unit, pixels or strides, that the graph does not show */
	return f->bins == 1 && (flags & TRACE_POSITIVE) && !(flags & TRACE_EXP);
}

const struct head_family head_family_fcos = {
	.name = "FCOS",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_fcos,
	.fill = fill_cell_middle,
	.preprocess = &head_usual_fcos,
};
