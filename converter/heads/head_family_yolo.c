/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YOLO with anchors: one map for each level holds a box, an objectness, key
 * points perhaps, and classes for each of three anchors. The anchors are not in
 * the graph; the training code is told by its network.
 */
#include <string.h>

#include "converter/heads/head_backbone.h"
#include "converter/heads/head_families.h"
#include "converter/heads/head_levels.h"
#include "converter/heads/head_usual.h"

#define ANCHORS 3
#define MOST_LEVELS 4

/* Width and height in pixels, of three anchors in each level. */
struct anchor_set {
	const char *name;
	int levels, first_stride;
	float sizes[MOST_LEVELS][2 * ANCHORS];
};

/* ultralytics/yolov5, models/yolov5s.yaml and models/hub/yolov5s6.yaml */
static const struct anchor_set yolov5_anchors = {
	.name = "YOLOv5",
	.levels = 3,
	.first_stride = 8,
	.sizes = { { 10, 13, 16, 30, 33, 23 },
		   { 30, 61, 62, 45, 59, 119 },
		   { 116, 90, 156, 198, 373, 326 } },
};
static const struct anchor_set yolov5_p6 = {
	.name = "YOLOv5",
	.levels = 4,
	.first_stride = 8,
	.sizes = { { 19, 27, 44, 40, 38, 94 },
		   { 96, 68, 86, 152, 180, 137 },
		   { 140, 301, 303, 264, 238, 542 },
		   { 436, 615, 739, 380, 925, 792 } },
};
/* WongKinYiu/yolov7, cfg/deploy/yolov7.yaml; yolov7-tiny has those of YOLOv5
 */
static const struct anchor_set yolov7_anchors = {
	.name = "YOLOv7",
	.levels = 3,
	.first_stride = 8,
	.sizes = { { 12, 16, 19, 36, 40, 28 },
		   { 36, 75, 76, 55, 72, 146 },
		   { 142, 110, 192, 243, 459, 401 } },
};
/* AlexeyAB's cfg/yolov4.cfg */
static const struct anchor_set yolov4_anchors = {
	.name = "YOLOv4",
	.levels = 3,
	.first_stride = 8,
	.sizes = { { 12, 16, 19, 36, 40, 28 },
		   { 36, 75, 76, 55, 72, 146 },
		   { 142, 110, 192, 243, 459, 401 } },
};
/* deepcam-cn/yolov5-face, models/yolov5n.yaml and yolov5s6.yaml */
static const struct anchor_set face_anchors = {
	.name = "YOLOv5-face",
	.levels = 3,
	.first_stride = 8,
	.sizes = { { 4, 5, 8, 10, 13, 16 },
		   { 23, 29, 43, 55, 73, 105 },
		   { 146, 217, 231, 300, 335, 433 } },
};
static const struct anchor_set face_p6 = {
	.name = "YOLOv5-face",
	.levels = 4,
	.first_stride = 8,
	.sizes = { { 6, 7, 9, 11, 13, 16 },
		   { 18, 23, 26, 33, 37, 47 },
		   { 54, 67, 77, 104, 112, 154 },
		   { 174, 238, 258, 355, 445, 568 } },
};
/* darknet, cfg/yolov3-tiny.cfg; AlexeyAB's cfg/yolov4-tiny.cfg, whose fine
 * level takes the second to fourth anchor; dog-qiuqiu/Yolo-Fastest,
 * ModelZoo/yolo-fastest-1.1_coco */
static const struct anchor_set yolov3_tiny = {
	.name = "YOLOv3-tiny",
	.levels = 2,
	.first_stride = 16,
	.sizes = { { 10, 14, 23, 27, 37, 58 }, { 81, 82, 135, 169, 344, 319 } },
};
static const struct anchor_set yolov4_tiny = {
	.name = "YOLOv4-tiny",
	.levels = 2,
	.first_stride = 16,
	.sizes = { { 23, 27, 37, 58, 81, 82 }, { 81, 82, 135, 169, 344, 319 } },
};
static const struct anchor_set yolo_fastest = {
	.name = "Yolo-Fastest",
	.levels = 2,
	.first_stride = 16,
	.sizes = { { 12, 18, 37, 49, 52, 132 },
		   { 115, 73, 119, 199, 242, 238 } },
};
/* dog-qiuqiu/Yolo-FastestV2, data/coco.data, for 352 pixels */
static const struct anchor_set yolo_fastest2 = {
	.name = "Yolo-FastestV2",
	.levels = 2,
	.first_stride = 16,
	.sizes = { { 12.64f, 19.39f, 37.88f, 51.48f, 55.71f, 138.31f },
		   { 126.91f, 78.23f, 131.57f, 214.55f, 279.92f, 258.87f } },
};

/* ---- Levels of one part ---- */

static int fields(const struct head_finder *f)
{
	return f->levels[0].parts[0].count / ANCHORS;
}

static bool is_level(const struct head_finder *f, int i, int first_stride)
{
	const struct head_level *l = &f->levels[i];
	const struct head_part *p = &l->parts[0];

	return l->count == 1 && p->count == ANCHORS * fields(f) &&
	       fields(f) > 5 && (p->per_cell == 1 || p->per_cell == ANCHORS) &&
	       p->flags == f->levels[0].parts[0].flags &&
	       head_stride(f->width, l->width) == (float)(first_stride << i);
}

static bool are_levels(const struct head_finder *f, const struct anchor_set *s)
{
	if (f->level_count != s->levels)
		return false;
	for (int i = 0; i < s->levels; i++)
		if (!is_level(f, i, s->first_stride))
			return false;
	return true;
}

/* [1, 3, rows, columns, numbers], or rows of numbers, which a Python reshape
 * makes. The map as it is, in TensorFlow [1, rows, columns, 3 * numbers] or
 * [1, rows, columns, 3, numbers], is Darknet's. */
static bool is_reshaped(const struct head_finder *f)
{
	const struct head_part *p = &f->levels[0].parts[0];
	const struct shape *s = &f->g->outputs[p->output]->shape;
	const struct trace_channel *c = &p->map->channel[p->from];

	if (s->rank == 5)
		return s->dim[1] == ANCHORS;
	return p->per_cell == ANCHORS ||
	       (s->rank == 3 && c[1].first == c[0].first + 1);
}

static bool is_darknet(const struct head_finder *f)
{
	const struct head_part *p = &f->levels[0].parts[0];
	struct head_backbone b = head_backbone_of(f->g);

	return !is_reshaped(f) && !head_is_activated(p) && !b.swish;
}

static void set_roles(struct head_finder *f, int points)
{
	int classes = fields(f) - 5 - 2 * points;

	for (int i = 0; i < f->level_count; i++) {
		struct head_level *l = &f->levels[i];
		const struct head_part *p = &l->parts[0];

		l->anchors = ANCHORS;
		l->box = head_role_of(p, ANCHORS, 0, 4);
		l->object = head_role_of(p, ANCHORS, 4, 1);
		if (points)
			l->points = head_role_of(p, ANCHORS, 5, 2 * points);
		l->score = head_role_of(p, ANCHORS, 5 + 2 * points, classes);
	}
	f->head.class_count = (uint32_t)classes;
	f->head.box_act = f->head.object_act = f->head.class_act =
		head_score_activation(&f->levels[0].score);
}

static bool build(struct head_finder *f, const struct anchor_set *s)
{
	f->head.anchor_count = (uint32_t)(ANCHORS * s->levels);
	if (!head_build_levels(f))
		return false;
	f->out->kind = s->name;
	for (int i = 0; i < s->levels; i++) {
		struct dbp_head_level *l = &head_levels(f->out->data)[i];
		float *to = head_anchors(f->out->data) + 2 * ANCHORS * i;

		memcpy(to, s->sizes[i], sizeof(s->sizes[i]));
		l->first_anchor = (uint32_t)(ANCHORS * i);
	}
	return true;
}

/* ---- Faces and plates: YOLOv5 of deepcam-cn/yolov5-face (arXiv 2105.12931),
 * told by the pool in its stem and its small pools; points are raw numbers,
 * offsets in anchors from the corner of the cell ---- */

/* Five points and a face, or four corners of a plate and one class or two. */
static int points_of(int numbers)
{
	return numbers == 16 ? 5 : numbers == 14 || numbers == 15 ? 4 : 0;
}

static bool matches_face(const struct head_finder *f)
{
	struct head_backbone b = head_backbone_of(f->g);

	return (are_levels(f, &face_anchors) || are_levels(f, &face_p6)) &&
	       points_of(fields(f)) &&
	       !head_is_activated(&f->levels[0].parts[0]) &&
	       (b.odd_pools || b.strided_pools == 1);
}

static bool fill_face(struct head_finder *f)
{
	f->head.box_form = DBP_BOX_SQUARE;
	set_roles(f, points_of(fields(f)));
	head_use_points(f, 2, DBP_POINT_ANCHOR, 1);
	return build(f, f->level_count == 4 ? &face_p6 : &face_anchors);
}

static const char *const face[] = { "face" };

const struct head_family head_family_yolov5_face = {
	.name = "YOLOv5-face",
	.stage = HEAD_STAGE_LEVELS,
	.matches = matches_face,
	.fill = fill_face,
	.preprocess = &head_usual_yolo,
	.class_count = 1,
	.class_names = face,
};

/* ---- YOLOv5 (ultralytics/yolov5, models/yolo.py class Detect), YOLOv5-Lite,
 * YOLOv7, YOLOv3-tiny of ultralytics ---- */

static const struct anchor_set *square_anchors(const struct head_finder *f)
{
	struct head_backbone b;

	if (are_levels(f, &yolov5_p6))
		return &yolov5_p6;
	if (are_levels(f, &yolov3_tiny))
		return &yolov3_tiny;
	if (!are_levels(f, &yolov5_anchors))
		return NULL;
	/* YOLOv7 has pools between its stages; the tiny one no swish */
	b = head_backbone_of(f->g);
	return b.strided_pools >= 2 && b.swish ? &yolov7_anchors :
						 &yolov5_anchors;
}

static bool matches_yolov5(const struct head_finder *f)
{
	return square_anchors(f) && !is_darknet(f);
}

static bool fill_yolov5(struct head_finder *f)
{
	const struct anchor_set *s = square_anchors(f);

	f->head.box_form = DBP_BOX_SQUARE;
	set_roles(f, 0);
	return build(f, s);
}

const struct head_family head_family_yolov5 = {
	.name = "YOLOv5",
	.stage = HEAD_STAGE_LEVELS,
	.matches = matches_yolov5,
	.fill = fill_yolov5,
	.preprocess = &head_usual_yolo,
};

/* ---- Darknet: YOLOv3 (arXiv 1804.02767, section 2.1), YOLOv3-tiny,
 * YOLOv4-tiny, Yolo-Fastest ---- */

static const struct anchor_set *darknet_anchors(const struct head_finder *f)
{
	struct head_backbone b = head_backbone_of(f->g);

	if (are_levels(f, &yolov5_anchors))
		/* YOLOv3 has those of YOLOv5 */
		return b.mish ? &yolov4_anchors : &yolov5_anchors;
	if (!are_levels(f, &yolov3_tiny))
		return NULL;
	if (b.depthwise > b.convolutions)
		return &yolo_fastest;
	/* its layers shrink by pools, those of YOLOv4-tiny by strides too */
	return b.strided_pools >= 4 ? &yolov3_tiny : &yolov4_tiny;
}

static bool matches_darknet(const struct head_finder *f)
{
	return is_darknet(f) && darknet_anchors(f);
}

static bool fill_darknet(struct head_finder *f)
{
	const struct anchor_set *s = darknet_anchors(f);

	f->head.box_form = DBP_BOX_EXPONENTIAL;
	/* scale_x_y; of YOLOv4's 1.2, 1.1 and 1.05 the middle one, which moves
	 * no centre by more than a fortieth of its stride */
	if (s == &yolov4_tiny)
		f->head.center_variance = 1.05f;
	if (s == &yolov4_anchors)
		f->head.center_variance = 1.1f;
	set_roles(f, 0);
	if (!build(f, s))
		return false;
	if (s == &yolov5_anchors)
		f->out->kind = "YOLOv3";
	return true;
}

const struct head_family head_family_darknet = {
	.name = "YOLOv3",
	.stage = HEAD_STAGE_LEVELS,
	.matches = matches_darknet,
	.fill = fill_darknet,
	.preprocess = &head_usual_darknet,
	.nms_iou = .45f,
};

/* ---- Yolo-FastestV2: github.com/dog-qiuqiu/Yolo-FastestV2, model/detector.py
 * and utils/utils.py handle_preds(): the three anchors of a cell share their
 * classes ---- */

/* The part of a level with so many channels, through these operators. */
static const struct head_part *part_of(const struct head_level *l, int count,
				       unsigned flags)
{
	for (int i = 0; i < l->count; i++)
		if ((!count || l->parts[i].count == count) &&
		    (l->parts[i].flags & flags))
			return &l->parts[i];
	return NULL;
}

static bool is_fastest2_level(const struct head_finder *f, int i)
{
	const struct head_level *l = &f->levels[i];

	return l->count == 3 && part_of(l, 4 * ANCHORS, TRACE_SIGMOID) &&
	       part_of(l, ANCHORS, TRACE_SIGMOID) &&
	       part_of(l, 0, TRACE_SOFTMAX) &&
	       head_stride(f->width, l->width) == (float)(16 << i);
}

static bool matches_fastest2(const struct head_finder *f)
{
	return f->level_count == 2 && is_fastest2_level(f, 0) &&
	       is_fastest2_level(f, 1);
}

static bool fill_fastest2(struct head_finder *f)
{
	for (int i = 0; i < 2; i++) {
		struct head_level *l = &f->levels[i];
		const struct head_part *score = part_of(l, 0, TRACE_SOFTMAX);

		l->anchors = ANCHORS;
		l->box = head_role_of(part_of(l, 4 * ANCHORS, TRACE_SIGMOID),
				      ANCHORS, 0, 4);
		l->object = head_role_of(part_of(l, ANCHORS, TRACE_SIGMOID),
					 ANCHORS, 0, 1);
		l->score = head_role_of(score, 1, 0, score->count);
		l->score.anchor = 0;
	}
	f->head.box_form = DBP_BOX_SQUARE;
	f->head.class_count = (uint32_t)f->levels[0].score.count;
	return build(f, &yolo_fastest2);
}

const struct head_family head_family_yolo_fastest2 = {
	.name = "Yolo-FastestV2",
	.stage = HEAD_STAGE_LEVELS,
	.matches = matches_fastest2,
	.fill = fill_fastest2,
	.preprocess = &head_usual_fastestdet,
	.nms_iou = .4f,
};
