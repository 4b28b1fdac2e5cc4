/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_finder.h"

#include "converter/heads/head_levels.h"

bool head_unknown(struct head_finder *f, const char *why)
{
	f->out->why = why;
	return false;
}

uint8_t head_score_activation(const struct head_part *p)
{
	return head_is_activated(p) ? DBP_ACT_NONE : DBP_ACT_SIGMOID;
}

bool head_build_levels(struct head_finder *f)
{
	struct dbp_head_level *out;

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
			.stride_x = head_stride(f->width, l->width),
			.stride_y = head_stride(f->height, l->height),
			.object.output = DBP_NONE,
		};
		/* an input that the grid does not divide has one stride */
		if (f->width % l->width || f->height % l->height)
			out[i].stride_x = out[i].stride_y =
				head_stride(f->width, l->width);
		if (!head_place_part(l->box, l->anchors, &out[i].box) ||
		    !head_place_part(l->score, l->anchors, &out[i].score) ||
		    (l->object &&
		     !head_place_part(l->object, l->anchors, &out[i].object)))
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
