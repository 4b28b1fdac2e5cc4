/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_yaml_build.h"

#include <string.h>

#include "converter/heads/head_families.h"
#include "converter/heads/head_names.h"
#include "converter/heads/head_recognise.h"
#include "converter/heads/head_yaml_place.h"

const char *const head_box_forms[] = {
	[DBP_BOX_CORNERS] = "corners",
	[DBP_BOX_CENTER] = "center",
	[DBP_BOX_PRIOR] = "prior",
	[DBP_BOX_DISTANCE] = "distance",
	[DBP_BOX_SQUARE] = "square",
	[DBP_BOX_TANH] = "tanh",
	[DBP_BOX_OFFSET] = "offset",
	[DBP_BOX_EXPONENTIAL] = "exponential",
	[DBP_BOX_CORNER_OFFSETS] = "corner-offsets",
};

const char *const head_point_forms[] = {
	[DBP_POINT_DIRECT] = "direct",
	[DBP_POINT_ANCHOR] = "anchor",
	[DBP_POINT_BOX] = "box",
	[DBP_POINT_CELL] = "cell",
};

/* ---- What the file leaves out, from the graph ---- */

static bool is_given(const struct head_yaml_part *p)
{
	return p->at.output != DBP_NONE;
}

static bool is_complete(const struct head_yaml *r)
{
	bool all = r->level_count > 0;

	for (uint32_t i = 0; i < r->level_count; i++)
		all = all && is_given(&r->levels[i].box) &&
		      is_given(&r->levels[i].score) && r->levels[i].has_grid;
	return all;
}

static int missing(struct head_yaml *r)
{
	for (uint32_t i = 0; i < r->level_count; i++) {
		const struct head_yaml_level *l = &r->levels[i];
		const char *key = !l->has_grid       ? "grid" :
				  !is_given(&l->box) ? "box" :
						       "score";

		if (l->has_grid && is_given(&l->box) && is_given(&l->score))
			continue;
		return yaml_error(&r->f, l->at, r->d,
				  "key '%s' of the level is missing, and the "
				  "model does not show it clearly",
				  key);
	}
	return diag_error(r->d,
			  "%s: key 'levels' is missing: the places of boxes "
			  "and scores are not clear from the model; give "
			  "'grid', 'box' and 'score' of every level",
			  r->f.name);
}

static void use_part(struct head_yaml_part *p, const struct dbp_head_part *from)
{
	if (!is_given(p))
		p->at = *from;
}

/* What is given stays. */
static void use_level(struct head_yaml_level *l,
		      const struct dbp_head_level *known)
{
	bool others = is_given(&l->box) || is_given(&l->score);

	if (!l->has_grid) {
		l->level.columns = known->columns;
		l->level.rows = known->rows;
		l->has_grid = true;
	}
	if (!l->has_stride) {
		l->level.stride_x = known->stride_x;
		l->level.stride_y = known->stride_y;
		l->has_stride = true;
	}
	if (!l->per_cell)
		l->per_cell = known->anchors;
	use_part(&l->box, &known->box);
	use_part(&l->score, &known->score);
	if (!others)
		use_part(&l->object, &known->object);
}

static int complete(struct head_yaml *r, const struct config *c)
{
	struct head found = { 0 };
	bool none = r->level_count == 0;

	if (is_complete(r))
		return 0;
	if (head_locate(r->g, c, r->arena, &found, r->d))
		return -1;
	if (!found.data)
		return missing(r);
	if (!none && r->level_count != found.data->level_count)
		return diag_error(r->d, "%s: has %u levels, the model has %u",
				  r->f.name, r->level_count,
				  found.data->level_count);
	r->level_count = found.data->level_count;
	for (uint32_t i = 0; i < r->level_count; i++) {
		struct head_yaml_level *l = &r->levels[i];

		if (none)
			l->box.at.output = l->size.at.output =
				l->object.at.output = l->score.at.output =
					l->points.at.output = DBP_NONE;
		use_level(l, &head_levels(found.data)[i]);
		if (found.data->point_count &&
		    found.data->point_count * found.data->point_fields ==
			    r->head.point_count * r->head.point_fields)
			use_part(&l->points, &head_more(found.data)[i].points);
	}
	r->head.class_count = found.data->class_count;
	return 0;
}

/* ---- Levels ---- */

/* Boxes of a cell, as given or as many as anchors. */
static int set_per_cell(struct head_yaml *r, struct head_yaml_level *l)
{
	l->level.anchors = l->per_cell     ? l->per_cell :
			   l->anchor_count ? l->anchor_count :
					     1;
	if (l->anchor_count && l->anchor_count != l->level.anchors)
		return yaml_error(&r->f, l->at, r->d,
				  "has %u anchors, the model %u for each cell",
				  l->anchor_count, l->level.anchors);
	return 0;
}

static int check_level(struct head_yaml *r, struct head_yaml_level *l)
{
	int height, width;

	if (!is_given(&l->score))
		return yaml_error(&r->f, l->at, r->d,
				  "key 'score' of a level is missing");
	if (r->head.point_count && !is_given(&l->points))
		return yaml_error(&r->f, l->at, r->d,
				  "key 'points' of a level is missing");
	if (!r->head.point_count && is_given(&l->points))
		return yaml_error(&r->f, l->at, r->d,
				  "key 'points' of the head, with their "
				  "'count' and 'form', is missing");
	if (l->has_stride)
		return 0;
	if (!head_input_size(r->g, &height, &width))
		return yaml_error(&r->f, l->at, r->d,
				  "key 'stride' of a level is missing");
	l->level.stride_x = head_stride(width, (int)l->level.columns);
	l->level.stride_y = head_stride(height, (int)l->level.rows);
	return 0;
}

static int prepare_levels(struct head_yaml *r)
{
	uint32_t anchors = 0, numbers = 0;
	bool more = false;

	for (uint32_t i = 0; i < r->level_count; i++) {
		struct head_yaml_level *l = &r->levels[i];

		if (check_level(r, l) || set_per_cell(r, l))
			return -1;
		if (r->has_offset && !l->has_offset)
			l->level.offset = r->offset;
		l->level.first_anchor = l->anchor_count ? anchors : DBP_NONE;
		anchors += l->anchor_count;
		if (l->anchor_count && numbers && l->anchor_numbers != numbers)
			return yaml_error(&r->f, l->at, r->d,
					  "anchors of all levels need as many "
					  "numbers");
		numbers = l->anchor_count ? l->anchor_numbers : numbers;
		more |= is_given(&l->size) || is_given(&l->points);
	}
	r->head.anchor_count = anchors;
	r->head.flags |= numbers == 4 ? DBP_HEAD_ANCHOR_CENTERS : 0;
	r->head.flags |= more ? DBP_HEAD_MORE_PARTS : 0;
	for (uint32_t i = 0; i < r->level_count; i++)
		if (head_yaml_place(r, i))
			return -1;
	return 0;
}

/* ---- The head ---- */

/* A part that is not there has no numbers. */
static struct dbp_head_part part_of(const struct head_yaml_part *p)
{
	return is_given(p) ? p->at :
			     (struct dbp_head_part){ .output = DBP_NONE };
}

static void copy_levels(struct head_yaml *r)
{
	uint32_t numbers = head_anchor_numbers(r->out->data);
	float *anchors = head_anchors(r->out->data);

	for (uint32_t i = 0; i < r->level_count; i++) {
		struct head_yaml_level *l = &r->levels[i];

		l->level.box = part_of(&l->box);
		l->level.object = part_of(&l->object);
		l->level.score = part_of(&l->score);
		head_levels(r->out->data)[i] = l->level;
		if (head_more(r->out->data))
			head_more(r->out->data)[i] =
				(struct dbp_head_level_more){
					part_of(&l->size), part_of(&l->points)
				};
		if (!l->anchor_count)
			continue;
		memcpy(anchors, l->anchors,
		       numbers * (size_t)l->anchor_count * sizeof(float));
		anchors += numbers * (size_t)l->anchor_count;
	}
}

static int build_head(struct head_yaml *r)
{
	if (!r->head.class_count)
		return diag_error(r->d, "%s: key 'classes' is missing",
				  r->f.name);
	if (prepare_levels(r))
		return -1;
	r->head.level_count = r->level_count;
	if (head_new(r->out, &r->head, r->arena))
		return diag_error(r->d, "out of memory");
	copy_levels(r);
	r->out->kind = r->out->family ? r->out->family->name :
					head_box_forms[r->head.box_form];
	if (!head_fits(r->out, r->g))
		return diag_error(r->d,
				  "%s: does not fit the model's outputs: "
				  "boxes or scores lie outside them",
				  r->f.name);
	return 0;
}

static int build_classifier(struct head_yaml *r)
{
	const struct value *v = r->g->outputs[r->head.scores_output];

	r->head.class_count = (uint32_t)shape_elements(&v->shape);
	if (head_new(r->out, &r->head, r->arena))
		return diag_error(r->d, "out of memory");
	r->out->kind = "classes";
	if (!head_fits(r->out, r->g))
		return diag_error(r->d, "%s: output '%s' is no list of scores",
				  r->f.name, v->name);
	return 0;
}

/* Names in the file are those without the background. */
static int check_names(struct head_yaml *r, uint32_t named)
{
	if (!named || named + r->head.background == r->head.class_count)
		return 0;
	return diag_error(r->d, "%s: gives %u classes, the model has %u",
			  r->f.name, named,
			  r->head.class_count - r->head.background);
}

/* --classes may stand for the key. */
static int count_classes(struct head_yaml *r, const struct config *c)
{
	int64_t count;

	if (r->head.class_count || !c->classes)
		return 0;
	count = head_count_names(c->classes, r->arena, r->d);
	if (count < 0)
		return -1;
	r->head.class_count = (uint32_t)count;
	return 0;
}

int head_yaml_build(struct head_yaml *r, const struct config *c)
{
	bool classifier = r->head.kind == DBP_HEAD_CLASSIFIER;
	uint32_t named;

	if (count_classes(r, c))
		return -1;
	named = r->head.class_count;
	if (classifier)
		return build_classifier(r) || check_names(r, named) ? -1 : 0;
	/* 0: as many as the model has */
	if (named)
		r->head.class_count += r->head.background;
	if (complete(r, c) || check_names(r, named))
		return -1;
	return build_head(r);
}
