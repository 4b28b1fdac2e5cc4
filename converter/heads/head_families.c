/* SPDX-License-Identifier: Apache-2.0 */
/* What the numbers of boxes mean, by the families of detectors that there
 * are. */
#include <string.h>

#include "converter/heads/head_finder.h"

/* Priors that are part of a well-known family, as no graph holds them. */
struct priors {
	const char *name;
	int levels;
	struct {
		int stride, anchors;
		float size[3]; /* squares, pixels */
	} level[4];
};

static const struct priors known_priors[] = {
	{ "UltraFace",
	  4,
	  { { 8, 3, { 10, 16, 24 } },
	    { 16, 2, { 32, 48 } },
	    { 32, 2, { 64, 96 } },
	    { 64, 3, { 128, 192, 256 } } } },
};

static const struct priors *find_priors(const struct finder *f,
					const int *anchors)
{
	const struct priors *p = known_priors;
	size_t n = sizeof(known_priors) / sizeof(*known_priors);

	for (size_t i = 0; i < n; i++) {
		bool same = p[i].levels == f->level_count;

		for (int k = 0; same && k < f->level_count; k++)
			same = p[i].level[k].anchors == anchors[k] &&
			       head_stride(f->width, f->levels[k].width) ==
				       (float)p[i].level[k].stride;
		if (same)
			return &p[i];
	}
	return NULL;
}

static uint8_t activation_left(const struct part *p)
{
	return head_is_activated(p) ? DBP_ACT_NONE : DBP_ACT_SIGMOID;
}

static void use_priors(struct finder *f, const struct priors *p)
{
	float *size = head_anchors(f->out->data);
	struct dbp_head_level *levels = head_levels(f->out->data);
	uint32_t at = 0;

	f->out->kind = p->name;
	for (int i = 0; i < p->levels; i++) {
		levels[i].first_anchor = at;
		levels[i].offset = .5f;
		for (int k = 0; k < p->level[i].anchors; k++, at++) {
			float s = p->level[i].size[k];

			/* a prior is no larger than the picture */
			size[2 * at] = s < (float)f->width ? s :
							     (float)f->width;
			size[2 * at + 1] =
				s < (float)f->height ? s : (float)f->height;
		}
	}
}

static bool build_levels(struct finder *f, const int *anchors)
{
	struct dbp_head_level *out;

	f->head.level_count = (uint32_t)f->level_count;
	if (head_new(f->out, &f->head, f->arena))
		return head_unknown(f, "memory is exhausted");
	out = head_levels(f->out->data);
	for (int i = 0; i < f->level_count; i++) {
		const struct level *l = &f->levels[i];

		out[i] = (struct dbp_head_level){
			.columns = (uint32_t)l->width,
			.rows = (uint32_t)l->height,
			.anchors = (uint32_t)anchors[i],
			.first_anchor = DBP_NONE,
			.stride_x = head_stride(f->width, l->width),
			.stride_y = head_stride(f->height, l->height),
			.object.output = DBP_NONE,
		};
		/* a size that no stride divides has one for both sides */
		if (f->width % l->width || f->height % l->height)
			out[i].stride_x = out[i].stride_y =
				head_stride(f->width, l->width);
		if (!head_place_part(l->box, anchors[i], &out[i].box) ||
		    !head_place_part(l->score, anchors[i], &out[i].score) ||
		    (l->object &&
		     !head_place_part(l->object, anchors[i], &out[i].object)))
			return head_unknown(f,
					    "boxes and scores are not in one "
					    "order");
	}
	return true;
}

static void set_offsets(struct finder *f, float cells, float pixels)
{
	struct dbp_head_level *l = head_levels(f->out->data);

	for (int i = 0; i < f->level_count; i++)
		l[i].offset = cells + pixels / l[i].stride_x;
}

/* Four distances from a cell's middle, each a number or a distribution. */
static bool find_distances(struct finder *f, const int *anchors, int bins)
{
	bool apart = f->level_count > 1 &&
		     f->levels[0].box->output != f->levels[1].box->output;

	if (bins > 1 && bins != 8 && bins != 16 && bins != 17)
		return head_unknown(f,
				    "which are boxes and which are scores is "
				    "not clear");
	if (f->levels[0].box->flags & TRACE_EXP)
		return head_unknown(f,
				    "distances whose unit is not in the model");
	f->head.box_form = DBP_BOX_DISTANCE;
	f->head.bins = bins > 1 ? (uint8_t)bins : 0;
	f->head.class_act = activation_left(f->levels[0].score);
	if (f->levels[0].object) {
		f->head.object_act = activation_left(f->levels[0].object);
		f->head.object_power = f->head.class_power = .5f;
	}
	if (!build_levels(f, anchors))
		return false;
	f->out->kind = bins >= 16 ? "YOLOv8" : bins > 1 ? "NanoDet" : "FCOS";
	if (bins == 8 && apart)
		set_offsets(f, .5f, -.5f); /* the middle of the pixels */
	else if (bins == 8)
		set_offsets(f, 0, 0); /* NanoDet-Plus */
	else
		set_offsets(f, .5f, 0);
	return true;
}

static bool find_prior_offsets(struct finder *f, const int *anchors)
{
	const struct priors *p = find_priors(f, anchors);

	if (!p)
		return head_unknown(f,
				    "offsets to priors whose sizes are not in "
				    "the model");
	for (int i = 0; i < f->level_count; i++)
		f->head.anchor_count += (uint32_t)anchors[i];
	f->head.box_form = DBP_BOX_PRIOR;
	f->head.center_variance = .1f;
	f->head.size_variance = .2f;
	f->head.background = f->head.class_count > 1;
	f->head.class_act = head_is_activated(f->levels[0].score) ?
				    DBP_ACT_NONE :
				    DBP_ACT_SOFTMAX;
	if (!build_levels(f, anchors))
		return false;
	use_priors(f, p);
	return true;
}

/* One box a cell, and whether there is anything. */
static bool find_one_a_cell(struct finder *f, const int *anchors)
{
	const struct level *l = &f->levels[0];

	f->head.object_act = activation_left(l->object);
	f->head.class_act = activation_left(l->score);
	if (f->level_count == 1 && (l->score->flags & TRACE_SOFTMAX)) {
		f->head.box_form = DBP_BOX_TANH;
		f->head.object_power = .6f;
		f->head.class_power = .4f;
		f->out->kind = "FastestDet";
	} else {
		f->head.box_form = DBP_BOX_PRIOR;
		f->out->kind = "YOLOX";
		if (l->count > 3) { /* landmarks beside it */
			f->head.object_power = f->head.class_power = .5f;
			f->out->kind = "YuNet";
		}
	}
	return build_levels(f, anchors);
}

static bool find_maps(struct finder *f)
{
	const struct level *l = &f->levels[0];
	int anchors[DBP_HEAD_MAX_LEVELS] = { 0 };
	int bins;

	for (int i = 0; i < f->level_count; i++) {
		int score;

		anchors[i] = head_rows_a_cell(f, f->levels[i].box);
		score = head_rows_a_cell(f, f->levels[i].score);
		if (anchors[i] != score ||
		    f->levels[i].box->count % (4 * anchors[i]))
			return head_unknown(f, "boxes and scores do not match");
	}
	f->head.class_count = (uint32_t)(l->score->count / anchors[0]);
	bins = l->box->count / 4 / anchors[0];
	for (int i = 0; i < f->level_count; i++) {
		const struct level *k = &f->levels[i];

		if (k->box->count != 4 * bins * anchors[i] ||
		    k->score->count != (int)f->head.class_count * anchors[i])
			return head_unknown(f, "boxes and scores do not match");
	}
	if (f->places_only)
		return build_levels(f, anchors);
	if (bins > 1 || (l->box->flags & (TRACE_POSITIVE | TRACE_EXP)))
		return find_distances(f, anchors, bins);
	if (l->object)
		return find_one_a_cell(f, anchors);
	if (f->level_count > 1 || anchors[0] > 1)
		return find_prior_offsets(f, anchors);
	return head_unknown(f, "one box a cell, but not how it is meant");
}

/* YOLOv5's own maps: [1, anchors, rows, columns, 5 + classes]. */
static const float yolo_anchors[3][6] = {
	{ 10, 13, 16, 30, 33, 23 },
	{ 30, 61, 62, 45, 59, 119 },
	{ 116, 90, 156, 198, 373, 326 },
};

static bool is_square_level(const struct finder *f, const struct level *l,
			    int i)
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

static bool find_squares(struct finder *f)
{
	struct dbp_head_level *out;
	int fields;

	for (int i = 0; i < f->level_count; i++)
		if (f->level_count != 3 ||
		    !is_square_level(f, &f->levels[i], i))
			return head_unknown(
				f, "one map a level, but not how it is "
				   "meant");
	fields = f->levels[0].parts[0].count / 3;
	f->head.box_form = DBP_BOX_SQUARE;
	f->head.class_count = (uint32_t)(fields - 5);
	f->head.box_act = f->head.object_act = f->head.class_act =
		activation_left(&f->levels[0].parts[0]);
	f->head.level_count = 3;
	f->head.anchor_count = 9;
	f->out->kind = "YOLOv5";
	if (head_new(f->out, &f->head, f->arena))
		return head_unknown(f, "memory is exhausted");
	memcpy(head_anchors(f->out->data), yolo_anchors, sizeof(yolo_anchors));
	out = head_levels(f->out->data);
	for (int i = 0; i < 3; i++) {
		const struct level *l = &f->levels[i];

		out[i] = (struct dbp_head_level){
			.columns = (uint32_t)l->width,
			.rows = (uint32_t)l->height,
			.anchors = 3,
			.first_anchor = 3 * (uint32_t)i,
			.stride_x = (float)(8 << i),
			.stride_y = (float)(8 << i),
		};
		if (!head_place_part(&l->parts[0], 3, &out[i].box))
			return head_unknown(f, "boxes are in no known order");
		out[i].object = out[i].score = out[i].box;
		out[i].object.first += 4 * out[i].box.field;
		out[i].score.first += 5 * out[i].box.field;
		if (l->parts[0].count != 3 * fields)
			return head_unknown(f,
					    "levels differ in their classes");
	}
	return true;
}

bool head_find_raw(struct finder *f)
{
	if (!head_input_size(f->g, &f->height, &f->width) ||
	    !head_gather_levels(f))
		return head_unknown(f, "they are neither boxes nor classes");
	if (f->half_decoded && !f->places_only)
		return head_unknown(f,
				    "they are computed from the network's maps "
				    "in a way that is not known");
	if (f->levels[0].count == 1)
		return find_squares(f);
	if (!head_find_roles(f))
		return head_unknown(f,
				    "which are boxes and which are scores is "
				    "not clear");
	return find_maps(f);
}
