/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head.h"

#include <string.h>

#define DEFAULT_NMS_IOU .5f
#define DEFAULT_SCORE .5f

struct dbp_head_level *head_levels(struct dbp_head *h)
{
	return (struct dbp_head_level *)(h + 1);
}

float *head_anchors(struct dbp_head *h)
{
	return (float *)(head_levels(h) + h->level_count);
}

uint32_t head_anchor_numbers(const struct dbp_head *h)
{
	return h->flags & DBP_HEAD_ANCHOR_CENTERS ? 4 : 2;
}

uint32_t *head_name_offsets(struct dbp_head *h)
{
	return (uint32_t *)(head_anchors(h) +
			    head_anchor_numbers(h) * (size_t)h->anchor_count);
}

struct dbp_head_level_more *head_more(struct dbp_head *h)
{
	uint32_t *end = head_name_offsets(h) + h->class_count;

	if (!(h->flags & DBP_HEAD_MORE_PARTS))
		return NULL;
	return (struct dbp_head_level_more *)end;
}

uint32_t head_classes(const struct dbp_head *h)
{
	return h->class_count - h->background;
}

const char *head_class_name(const struct head *h, uint32_t class_id)
{
	if (!h->data || !h->names || class_id >= head_classes(h->data) ||
	    !h->names[class_id])
		return "";
	return h->names[class_id];
}

/* With all fields and parts of `from`, but no anchors and no names yet. */
int head_new(struct head *out, const struct dbp_head *from, struct arena *a)
{
	bool more = from->flags & DBP_HEAD_MORE_PARTS;
	uint32_t *names;

	out->bytes =
		sizeof(*from) +
		from->level_count * sizeof(struct dbp_head_level) +
		from->anchor_count * head_anchor_numbers(from) * sizeof(float) +
		from->class_count * sizeof(uint32_t);
	if (more)
		out->bytes +=
			from->level_count * sizeof(struct dbp_head_level_more);
	out->data = arena_array(a, out->bytes, 1);
	if (!out->data)
		return -1;
	*out->data = *from;
	names = head_name_offsets(out->data);
	for (uint32_t i = 0; i < from->class_count; i++)
		names[i] = DBP_NONE;
	for (uint32_t i = 0; more && i < from->level_count; i++)
		head_more(out->data)[i] = (struct dbp_head_level_more){
			.size.output = DBP_NONE, .points.output = DBP_NONE
		};
	return 0;
}

bool head_fits(const struct head *h, const struct graph *g)
{
	uint32_t elements[DBP_MAX_IO];

	if (g->output_count > DBP_MAX_IO)
		return false;
	for (int i = 0; i < g->output_count; i++) {
		const struct value *v = g->outputs[i];

		elements[i] = v->dtype == DT_F32 ?
				      (uint32_t)shape_elements(&v->shape) :
				      0;
	}
	return dbrt_head_check(h->data, h->bytes, elements,
			       (uint32_t)g->output_count) == DBRT_OK;
}

bool head_input_size(const struct graph *g, int *height, int *width)
{
	const struct shape *s;
	bool channels_last;

	if (g->input_count != 1 || g->inputs[0]->shape.rank != 4)
		return false;
	s = &g->inputs[0]->shape;
	channels_last = s->dim[1] != 1 && s->dim[1] != 3 &&
			(s->dim[3] == 1 || s->dim[3] == 3);
	*height = (int)s->dim[channels_last ? 1 : 2];
	*width = (int)s->dim[channels_last ? 2 : 3];
	return true;
}

float head_stride(int input, int cells)
{
	int power = 1;

	if (cells < 1 || input < cells)
		return 1;
	if (input % cells == 0)
		return (float)(input / cells);
	while ((input + power - 1) / power > cells)
		power *= 2;
	return (float)power;
}

struct dbp_head head_blank(const struct config *c)
{
	bool has_score = c->score_threshold >= 0, has_iou = c->nms_iou >= 0;

	return (struct dbp_head){
		.kind = DBP_HEAD_DETECTOR,
		.score_threshold = has_score ? c->score_threshold :
					       DEFAULT_SCORE,
		.nms_iou = has_iou ? c->nms_iou : DEFAULT_NMS_IOU,
		.object_power = 1,
		.class_power = 1,
		.center_variance = 1,
		.size_variance = 1,
	};
}
