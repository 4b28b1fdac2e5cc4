/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_finder.h"

#include "converter/heads/head_levels.h"

bool head_unknown(struct head_finder *f, const char *why)
{
	f->out->why = why;
	return false;
}

uint8_t head_score_activation(const struct head_role *r)
{
	return head_is_activated(r->part) ? DBP_ACT_NONE : DBP_ACT_SIGMOID;
}

void head_use_points(struct head_finder *f, int fields,
		     enum dbp_point_form form, float scale)
{
	const struct head_level *l = &f->levels[0];

	if (!l->points.part || l->points.count / fields > DBP_HEAD_MAX_POINTS)
		return;
	f->head.flags |= DBP_HEAD_MORE_PARTS;
	f->head.point_count = (uint8_t)(l->points.count / fields);
	f->head.point_fields = (uint8_t)fields;
	f->head.point_form = (uint8_t)form;
	f->head.point_scale = scale;
}

/* An input that the grid does not divide has one stride. */
static void set_strides(const struct head_finder *f, const struct head_level *l,
			struct dbp_head_level *out)
{
	out->stride_x = head_stride(f->width, l->width);
	out->stride_y = head_stride(f->height, l->height);
	if (f->width % l->width || f->height % l->height)
		out->stride_x = out->stride_y = head_stride(f->width, l->width);
}

static bool build_more(const struct head_finder *f, const struct head_level *l,
		       struct dbp_head_level_more *out)
{
	if (l->size.part && !head_place_role(&l->size, l->anchors, &out->size))
		return false;
	return !f->head.point_count ||
	       head_place_role(&l->points, l->anchors, &out->points);
}

bool head_build_levels(struct head_finder *f)
{
	struct dbp_head_level *out;

	if (f->levels[0].size.part)
		f->head.flags |= DBP_HEAD_MORE_PARTS;
	f->head.level_count = (uint32_t)f->level_count;
	if (head_new(f->out, &f->head, f->arena))
		return head_unknown(f, "memory is exhausted");
	out = head_levels(f->out->data);
	for (int i = 0; i < f->level_count; i++) {
		const struct head_level *l = &f->levels[i];

		out[i] = (struct dbp_head_level){
			.columns = (uint32_t)l->width,
			.rows = (uint32_t)l->height,
			.anchors = (uint32_t)l->anchors,
			.first_anchor = DBP_NONE,
			.object.output = DBP_NONE,
		};
		set_strides(f, l, &out[i]);
		if (!head_place_role(&l->box, l->anchors, &out[i].box) ||
		    !head_place_role(&l->score, l->anchors, &out[i].score) ||
		    (l->object.part && !head_place_role(&l->object, l->anchors,
							&out[i].object)) ||
		    (head_more(f->out->data) &&
		     !build_more(f, l, &head_more(f->out->data)[i])))
			return head_unknown(f,
					    "the boxes and scores are not in "
					    "one order");
	}
	return true;
}

void head_set_offsets(struct head_finder *f, float cells, float pixels)
{
	struct dbp_head_level *l = head_levels(f->out->data);

	for (int i = 0; i < f->level_count; i++)
		l[i].offset = cells + pixels / l[i].stride_x;
}
