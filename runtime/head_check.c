/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a head, so that decoding stays inside of the outputs. */
#include <float.h>

#include "runtime/decode.h"
#include "runtime/detector.h"

static int are_finite(const float *x, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!(x[i] >= -FLT_MAX && x[i] <= FLT_MAX))
			return 0;
	return 1;
}

/* The elements of `fields` fields of all candidates are inside of the
 * output. */
static int part_fits(const struct dbp_head_part *p,
		     const struct dbp_head_level *l, uint32_t fields,
		     const uint32_t *elements, uint32_t outputs)
{
	/* no product below exceeds 2^32 * 2^32 / 4 */
	uint64_t cells = (uint64_t)l->columns * l->rows;
	uint64_t last = p->first;

	if (p->output >= outputs)
		return 0;
	if (p->first > DBP_MAX_BYTES || p->cell > DBP_MAX_BYTES ||
	    p->anchor > DBP_MAX_BYTES || p->field > DBP_MAX_BYTES)
		return 0;
	last += (cells - 1) * p->cell;
	last += (uint64_t)(l->anchors - 1) * p->anchor;
	last += (uint64_t)(fields - 1) * p->field;
	return last < elements[p->output];
}

/* The size of boxes and the key points, which may lie apart. */
static int more_fits(const struct dbp_head *h, const struct dbp_head_level *l,
		     const uint32_t *elements, uint32_t outputs)
{
	const struct dbp_head_level_more *m = dbrt_head_more(h, l);
	uint32_t numbers = (uint32_t)h->point_count * h->point_fields;

	if (!m)
		return 1;
	if (m->size.output != DBP_NONE &&
	    (h->bins || !part_fits(&m->size, l, 2, elements, outputs)))
		return 0;
	if (!h->point_count)
		return m->points.output == DBP_NONE;
	return part_fits(&m->points, l, numbers, elements, outputs);
}

/* Fields of the part `box`. */
static uint32_t box_fields(const struct dbp_head *h,
			   const struct dbp_head_level *l)
{
	const struct dbp_head_level_more *m = dbrt_head_more(h, l);

	if (m && m->size.output != DBP_NONE)
		return 2;
	return h->bins ? 4u * h->bins : 4;
}

static int level_fits(const struct dbp_head *h, const struct dbp_head_level *l,
		      const uint32_t *elements, uint32_t outputs)
{
	uint32_t side = DBP_HEAD_MAX_CANDIDATES;
	uint32_t fields = box_fields(h, l);

	if (l->columns < 1 || l->rows < 1 || l->anchors < 1 ||
	    l->columns > side || l->rows > side || l->anchors > side ||
	    (uint64_t)l->columns * l->rows > side ||
	    (uint64_t)l->columns * l->rows * l->anchors > side)
		return 0;
	if (l->first_anchor != DBP_NONE &&
	    (uint64_t)l->first_anchor + l->anchors > h->anchor_count)
		return 0;
	if (!are_finite(&l->stride_x, 3))
		return 0;
	if (l->object.output != DBP_NONE &&
	    !part_fits(&l->object, l, 1, elements, outputs))
		return 0;
	/* candidates do not share boxes, so the size of the outputs bounds
	 * their number */
	return more_fits(h, l, elements, outputs) &&
	       part_fits(&l->box, l, fields, elements, outputs) &&
	       part_fits(&l->score, l, h->class_count, elements, outputs) &&
	       (uint64_t)dbrt_level_candidates(l) * fields <=
		       elements[l->box.output];
}

int dbrt_detector_fits(const struct dbp_head *h, const uint32_t *elements,
		       uint32_t outputs)
{
	const struct dbp_head_level *levels = dbrt_head_levels(h);
	uint64_t candidates = 0;

	if (h->level_count < 1)
		return 0;
	for (uint32_t i = 0; i < h->level_count; i++) {
		if (!level_fits(h, &levels[i], elements, outputs))
			return 0;
		candidates += dbrt_level_candidates(&levels[i]);
	}
	return candidates <= DBP_HEAD_MAX_CANDIDATES;
}

/* Key points need their parts; without any, their fields are 0. */
static int points_fit(const struct dbp_head *h)
{
	if (!h->point_count)
		return !h->point_fields && !h->point_form &&
		       h->point_scale == 0;
	return h->kind == DBP_HEAD_DETECTOR &&
	       h->point_count <= DBP_HEAD_MAX_POINTS && h->point_fields >= 2 &&
	       h->point_form < DBP_POINT_FORMS &&
	       (h->flags & DBP_HEAD_MORE_PARTS);
}

static int fields_fit(const struct dbp_head *h)
{
	return h->box_form < DBP_BOX_FORMS && h->normalized <= 1 &&
	       h->background <= 1 && h->box_act <= DBP_ACT_SIGMOID &&
	       h->object_act <= DBP_ACT_SIGMOID &&
	       h->class_act <= DBP_ACT_SOFTMAX &&
	       h->bins <= DBP_HEAD_MAX_BINS &&
	       (!h->bins || h->box_form == DBP_BOX_DISTANCE) &&
	       h->class_count > h->background &&
	       h->level_count <= DBP_HEAD_MAX_LEVELS &&
	       are_finite(&h->score_threshold, 6) &&
	       are_finite(&h->point_scale, 1) &&
	       !(h->flags & ~(uint32_t)DBP_HEAD_FLAGS) && points_fit(h);
}

int dbrt_head_check(const struct dbp_head *h, size_t bytes,
		    const uint32_t *elements, uint32_t outputs)
{
	uint64_t size = sizeof(*h);

	if (bytes < sizeof(*h) || !fields_fit(h))
		return DBRT_ERROR_FORMAT;
	size += (uint64_t)h->level_count * sizeof(struct dbp_head_level);
	size += (uint64_t)h->anchor_count * dbrt_anchor_numbers(h) *
		sizeof(float);
	size += (uint64_t)h->class_count * sizeof(uint32_t);
	if (h->flags & DBP_HEAD_MORE_PARTS)
		size += (uint64_t)h->level_count *
			sizeof(struct dbp_head_level_more);
	if (size != bytes)
		return DBRT_ERROR_FORMAT;
	/* the count is bounded by the section's size */
	if (!are_finite(dbrt_head_anchors(h),
			dbrt_anchor_numbers(h) * h->anchor_count))
		return DBRT_ERROR_FORMAT;
	if (h->kind == DBP_HEAD_CLASSIFIER)
		return !h->level_count && h->scores_output < outputs &&
				       elements[h->scores_output] ==
					       h->class_count ?
			       DBRT_OK :
			       DBRT_ERROR_FORMAT;
	if (h->kind == DBP_HEAD_DETECTOR && !dbrt_part_detector)
		return DBRT_ERROR_UNSUPPORTED;
	return dbrt_expect(h->kind == DBP_HEAD_DETECTOR &&
			   dbrt_part_detector->fits(h, elements, outputs));
}
