/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_yaml_build.h"

#include <string.h>

#include "converter/heads/head_recognise.h"

const char *const head_box_forms[] = {
	[DBP_BOX_CORNERS] = "corners", [DBP_BOX_CENTER] = "center",
	[DBP_BOX_PRIOR] = "prior",     [DBP_BOX_DISTANCE] = "distance",
	[DBP_BOX_SQUARE] = "square",   [DBP_BOX_TANH] = "tanh",
};

/* Takes what the file leaves out from the graph. */
static int complete(struct head_yaml *r, const struct config *c)
{
	struct head found = { 0 };
	const struct dbp_head_level *known;
	bool all = r->level_count > 0;

	for (uint32_t i = 0; i < r->level_count; i++)
		all = all && r->levels[i].has_box && r->levels[i].has_grid;
	if (all)
		return 0;
	if (head_locate(r->g, c, r->arena, &found, r->d))
		return -1;
	if (!found.data)
		return diag_error(r->d,
				  "%s: the places of boxes and scores are not "
				  "clear from the model; give 'grid', 'box' "
				  "and 'score' of every level",
				  r->f.name);
	if (r->level_count && r->level_count != found.data->level_count)
		return diag_error(r->d, "%s: has %u levels, the model has %u",
				  r->f.name, r->level_count,
				  found.data->level_count);
	r->level_count = found.data->level_count;
	known = head_levels(found.data);
	for (uint32_t i = 0; i < r->level_count; i++) {
		struct head_yaml_level *l = &r->levels[i];
		float x = l->level.stride_x, y = l->level.stride_y;

		l->level = known[i];
		if (l->has_stride) {
			l->level.stride_x = x;
			l->level.stride_y = y;
		}
	}
	r->head.class_count = found.data->class_count;
	return 0;
}

static int build_level(struct head_yaml *r, struct head_yaml_level *l,
		       uint32_t *anchors)
{
	int height, width;

	if (l->level.score.output == DBP_NONE)
		return yaml_error(&r->f, l->at, r->d,
				  "key 'score' of a level is missing");
	if (!l->level.anchors)
		l->level.anchors = l->anchor_count ? l->anchor_count : 1;
	if (l->anchor_count && l->anchor_count != l->level.anchors)
		return yaml_error(&r->f, l->at, r->d,
				  "has %u anchors, the model %u for each cell",
				  l->anchor_count, l->level.anchors);
	if (!(l->level.stride_x > 0) &&
	    head_input_size(r->g, &height, &width)) {
		l->level.stride_x = head_stride(width, (int)l->level.columns);
		l->level.stride_y = head_stride(height, (int)l->level.rows);
	}
	if (r->has_offset)
		l->level.offset = r->offset;
	l->level.first_anchor = l->anchor_count ? *anchors : DBP_NONE;
	*anchors += l->anchor_count;
	return 0;
}

static int build_head(struct head_yaml *r)
{
	uint32_t anchors = 0, at = 0;

	for (uint32_t i = 0; i < r->level_count; i++)
		if (build_level(r, &r->levels[i], &anchors))
			return -1;
	r->head.level_count = r->level_count;
	r->head.anchor_count = anchors;
	if (!r->head.class_count)
		return diag_error(r->d, "%s: key 'classes' is missing",
				  r->f.name);
	if (head_new(r->out, &r->head, r->arena))
		return diag_error(r->d, "out of memory");
	for (uint32_t i = 0; i < r->level_count; i++) {
		const struct head_yaml_level *l = &r->levels[i];

		head_levels(r->out->data)[i] = l->level;
		memcpy(head_anchors(r->out->data) + 2 * at, l->anchors,
		       2 * l->anchor_count * sizeof(float));
		at += l->anchor_count;
	}
	r->out->kind = head_box_forms[r->head.box_form];
	if (!head_fits(r->out, r->g))
		return diag_error(r->d,
				  "%s: does not fit the model's outputs: "
				  "boxes or scores lie outside them",
				  r->f.name);
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

int head_yaml_build(struct head_yaml *r, const struct config *c)
{
	uint32_t named = r->head.class_count;

	r->head.class_count += r->head.background;
	if (complete(r, c) || check_names(r, named))
		return -1;
	return build_head(r);
}
