/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets to priors, as SSD has them: arXiv 1512.02325, equation 2. */
#include "converter/heads/head_priors.h"

#include "converter/heads/head_levels.h"
#include "converter/heads/head_roles.h"

static bool fits_level(const struct head_finder *f, int i,
		       const struct head_priors *p)
{
	const struct head_level *l = &f->levels[i];
	int stride = p->strides[i], anchors = p->anchors[i];

	if (stride && head_stride(f->width, l->width) != (float)stride)
		return false;
	if (!f->planes)
		return l->anchors == anchors && l->box.count == 4;
	return l->box.part->count == 4 * anchors &&
	       l->score.part->count % anchors == 0 &&
	       l->score.part->count / anchors ==
		       f->levels[0].score.part->count / p->anchors[0];
}

bool head_has_priors(const struct head_finder *f, const struct head_priors *p)
{
	const struct head_level *l = f->levels;

	if (l->object.part || l->size.part || f->level_count != p->levels ||
	    (l->box.part->flags &
	     (TRACE_POSITIVE | TRACE_EXP | TRACE_SIGMOID | TRACE_SOFTMAX)))
		return false;
	for (int i = 0; i < p->levels; i++)
		if (!fits_level(f, i, p))
			return false;
	return true;
}

static bool split_all(struct head_finder *f, const struct head_priors *p)
{
	for (int i = 0; f->planes && i < p->levels; i++)
		if (!head_split_planes(&f->levels[i], p->anchors[i]))
			return head_unknown(f, "boxes and scores do not match");
	return true;
}

static float at_most(float size, int limit)
{
	return size < (float)limit ? size : (float)limit;
}

static void set_level(struct head_finder *f, const struct head_priors *p, int i,
		      uint32_t at)
{
	struct dbp_head_level *l = &head_levels(f->out->data)[i];
	uint32_t numbers = head_anchor_numbers(f->out->data);
	float *to = head_anchors(f->out->data) + numbers * (size_t)at;
	struct head_prior list[HEAD_MAX_PRIORS];

	l->first_anchor = at;
	if (p->exact_strides) {
		l->stride_x = (float)f->width / (float)l->columns;
		l->stride_y = (float)f->height / (float)l->rows;
	}
	l->offset = p->offset + p->offset_pixels / l->stride_x;
	p->make(f, i, list);
	for (int k = 0; k < p->anchors[i]; k++) {
		if (numbers == 4) {
			*to++ = list[k].x;
			*to++ = list[k].y;
		}
		*to++ = p->clipped ? at_most(list[k].width, f->width) :
				     list[k].width;
		*to++ = p->clipped ? at_most(list[k].height, f->height) :
				     list[k].height;
	}
}

bool head_fill_priors(struct head_finder *f, const struct head_priors *p,
		      bool background)
{
	uint32_t at = 0;

	if (!split_all(f, p))
		return false;
	for (int i = 0; i < p->levels; i++)
		f->head.anchor_count += (uint32_t)p->anchors[i];
	f->head.flags |= p->centers ? DBP_HEAD_ANCHOR_CENTERS : 0;
	f->head.box_form = DBP_BOX_PRIOR;
	f->head.center_variance = p->center_variance;
	f->head.size_variance = p->size_variance;
	f->head.class_count = (uint32_t)f->levels[0].score.count;
	f->head.background = background;
	f->head.class_act = head_is_activated(f->levels[0].score.part) ?
				    DBP_ACT_NONE :
			    background ? DBP_ACT_SOFTMAX :
					 DBP_ACT_SIGMOID;
	head_use_points(f, 2, DBP_POINT_ANCHOR, p->center_variance);
	if (!head_build_levels(f))
		return false;
	for (int i = 0; i < p->levels; i++) {
		set_level(f, p, i, at);
		at += (uint32_t)p->anchors[i];
	}
	return true;
}
