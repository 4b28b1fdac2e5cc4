/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes relative to anchors (priors) that the graph does not hold. */
#include <string.h>

#include "converter/heads/head_families.h"
#include "converter/heads/head_levels.h"
#include "converter/heads/head_usual.h"

/* ---- YOLOv5: github.com/ultralytics/yolov5, models/yolo.py class Detect, the
 * anchors of models/yolov5s.yaml; one map for each level, [1, anchors, rows,
 * columns, 5 + classes] ---- */

/* Width and height in pixels, three for each level. */
static const float yolov5_anchors[3][6] = {
	{ 10, 13, 16, 30, 33, 23 },
	{ 30, 61, 62, 45, 59, 119 },
	{ 116, 90, 156, 198, 373, 326 },
};

static bool is_yolov5_level(const struct head_finder *f,
			    const struct head_level *l, int i)
{
	const struct value *v;

	if (l->count != 1)
		return false;
	v = f->g->outputs[l->parts[0].output];
	return v->shape.rank == 5 && v->shape.dim[1] == 3 &&
	       v->shape.dim[4] > 5 &&
	       3 * v->shape.dim[4] == l->parts[0].count &&
	       head_stride(f->width, l->width) == (float)(8 << i);
}

static bool matches_yolov5(const struct head_finder *f)
{
	for (int i = 0; i < f->level_count; i++)
		if (!is_yolov5_level(f, &f->levels[i], i))
			return false;
	return f->level_count == 3;
}

static bool fill_yolov5(struct head_finder *f)
{
	struct dbp_head_level *out;
	int fields = f->levels[0].parts[0].count / 3;

	f->head.box_form = DBP_BOX_SQUARE;
	f->head.class_count = (uint32_t)(fields - 5);
	f->head.box_act = f->head.object_act = f->head.class_act =
		head_score_activation(&f->levels[0].parts[0]);
	f->head.level_count = 3;
	f->head.anchor_count = 9;
	if (head_new(f->out, &f->head, f->arena))
		return head_unknown(f, "memory is exhausted");
	memcpy(head_anchors(f->out->data), yolov5_anchors,
	       sizeof(yolov5_anchors));
	out = head_levels(f->out->data);
	for (int i = 0; i < 3; i++) {
		const struct head_level *l = &f->levels[i];

		out[i] = (struct dbp_head_level){
			.columns = (uint32_t)l->width,
			.rows = (uint32_t)l->height,
			.anchors = 3,
			.first_anchor = 3 * (uint32_t)i,
			.stride_x = (float)(8 << i),
			.stride_y = (float)(8 << i),
		};
		if (!head_place_part(&l->parts[0], 3, &out[i].box))
			return head_unknown(f, "the boxes are in no known "
					       "order");
		out[i].object = out[i].score = out[i].box;
		out[i].object.first += 4 * out[i].box.field;
		out[i].score.first += 5 * out[i].box.field;
		if (l->parts[0].count != 3 * fields)
			return head_unknown(f, "the levels differ in their "
					       "classes");
	}
	return true;
}

const struct head_family head_family_yolov5 = {
	.name = "YOLOv5",
	.stage = HEAD_STAGE_LEVELS,
	.matches = matches_yolov5,
	.fill = fill_yolov5,
	.preprocess = &head_usual_yolo,
};

/* ---- Offsets to priors, as SSD has them: arXiv 1512.02325, equation 2 ---- */

/* Square priors of a level; sizes in pixels. */
struct prior_level {
	int stride, anchors;
	float size[3];
};

static bool has_priors(const struct head_finder *f,
		       const struct prior_level *priors, int count)
{
	const struct head_level *l = f->levels;

	if (l->object || f->bins > 1 || f->level_count != count ||
	    (l->box->flags & (TRACE_POSITIVE | TRACE_EXP)))
		return false;
	for (int i = 0; i < count; i++)
		if (l[i].anchors != priors[i].anchors ||
		    head_stride(f->width, l[i].width) !=
			    (float)priors[i].stride)
			return false;
	return true;
}

static float at_most(float size, int limit)
{
	return size < (float)limit ? size : (float)limit;
}

static void set_priors(struct head_finder *f, const struct prior_level *priors)
{
	float *size = head_anchors(f->out->data);
	struct dbp_head_level *levels = head_levels(f->out->data);
	uint32_t at = 0;

	for (int i = 0; i < f->level_count; i++) {
		levels[i].first_anchor = at;
		levels[i].offset = .5f;
		for (int k = 0; k < priors[i].anchors; k++, at++) {
			/* a prior is not larger than the image */
			size[2 * at] = at_most(priors[i].size[k], f->width);
			size[2 * at + 1] =
				at_most(priors[i].size[k], f->height);
		}
	}
}

static bool fill_priors(struct head_finder *f, const struct prior_level *priors)
{
	for (int i = 0; i < f->level_count; i++)
		f->head.anchor_count += (uint32_t)f->levels[i].anchors;
	f->head.box_form = DBP_BOX_PRIOR;
	f->head.center_variance = .1f;
	f->head.size_variance = .2f;
	f->head.background = f->head.class_count > 1;
	f->head.class_act = head_is_activated(f->levels[0].score) ?
				    DBP_ACT_NONE :
				    DBP_ACT_SOFTMAX;
	if (!head_build_levels(f))
		return false;
	set_priors(f, priors);
	return true;
}

static const char *const face[] = { "face" };

/* UltraFace: github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB,
 * vision/ssd/config/fd_config.py. */
static const struct prior_level ultraface[] = {
	{ 8, 3, { 10, 16, 24 } },
	{ 16, 2, { 32, 48 } },
	{ 32, 2, { 64, 96 } },
	{ 64, 3, { 128, 192, 256 } },
};

static bool matches_ultraface(const struct head_finder *f)
{
	return has_priors(f, ultraface, 4);
}

static bool fill_ultraface(struct head_finder *f)
{
	return fill_priors(f, ultraface);
}

const struct head_family head_family_ultraface = {
	.name = "UltraFace",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_ultraface,
	.fill = fill_ultraface,
	.preprocess = &head_usual_ultraface,
	.nms_iou = .4f,
	.class_count = 1,
	.class_names = face,
};

/* RetinaFace: github.com/biubug6/Pytorch_Retinaface, data/config.py. */
static const struct prior_level retinaface[] = {
	{ 8, 2, { 16, 32 } },
	{ 16, 2, { 64, 128 } },
	{ 32, 2, { 256, 512 } },
};

static bool matches_retinaface(const struct head_finder *f)
{
	return has_priors(f, retinaface, 3);
}

static bool fill_retinaface(struct head_finder *f)
{
	return fill_priors(f, retinaface);
}

const struct head_family head_family_retinaface = {
	.name = "RetinaFace",
	.stage = HEAD_STAGE_ROLES,
	.matches = matches_retinaface,
	.fill = fill_retinaface,
	.preprocess = &head_usual_retinaface,
	.nms_iou = .4f,
	.class_count = 1,
	.class_names = face,
};
