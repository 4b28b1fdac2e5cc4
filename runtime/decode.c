/* SPDX-License-Identifier: Apache-2.0 */
/* The box and the scores of one candidate, from a head's description and the
 * outputs. dbrt_head_check() has proven that every element is inside. */
#include "runtime/decode.h"

#include <string.h>

#include "runtime/fmath.h"

const struct dbp_head_level *dbrt_head_levels(const struct dbp_head *h)
{
	return (const struct dbp_head_level *)(h + 1);
}

const float *dbrt_head_anchors(const struct dbp_head *h)
{
	return (const float *)(dbrt_head_levels(h) + h->level_count);
}

const uint32_t *dbrt_head_names(const struct dbp_head *h)
{
	return (const uint32_t *)(dbrt_head_anchors(h) +
				  dbrt_anchor_numbers(h) *
					  (size_t)h->anchor_count);
}

uint32_t dbrt_anchor_numbers(const struct dbp_head *h)
{
	return h->flags & DBP_HEAD_ANCHOR_CENTERS ? 4 : 2;
}

const struct dbp_head_level_more *dbrt_head_more(const struct dbp_head *h,
						 const struct dbp_head_level *l)
{
	const void *first = dbrt_head_names(h) + h->class_count;

	if (!(h->flags & DBP_HEAD_MORE_PARTS))
		return NULL;
	return (const struct dbp_head_level_more *)first +
	       (l - dbrt_head_levels(h));
}

uint32_t dbrt_level_candidates(const struct dbp_head_level *l)
{
	return l->columns * l->rows * l->anchors;
}

struct dbrt_candidate dbrt_candidate_at(const struct dbrt_decoder *d,
					uint32_t number)
{
	const struct dbp_head_level *l = dbrt_head_levels(d->head);
	struct dbrt_candidate c;

	while (number >= dbrt_level_candidates(l))
		number -= dbrt_level_candidates(l++);
	c.level = l;
	c.anchor = number % l->anchors;
	c.cell = number / l->anchors;
	c.column = c.cell % l->columns;
	c.row = c.cell / l->columns;
	return c;
}

/* ---- Elements ---- */

static uint32_t first_element(const struct dbp_head_part *p,
			      const struct dbrt_candidate *c)
{
	return p->first + c->cell * p->cell + c->anchor * p->anchor;
}

static float element(const struct dbrt_decoder *d,
		     const struct dbp_head_part *p, uint32_t i)
{
	const struct dbrt_head_output *o = &d->outputs[p->output];

	if (o->pitch != o->last)
		i = i / o->last * o->pitch + i % o->last;
	return o->data[i];
}

/* ---- Scores ---- */

static float activated(float x, int act)
{
	return act == DBP_ACT_SIGMOID ? dbrt_sigmoidf(x) : x;
}

static float power(float x, float by)
{
	if (by == 1)
		return x;
	return by == .5f ? dbrt_sqrtf(x) : dbrt_powf(x, by);
}

static float class_raw(const struct dbrt_decoder *d,
		       const struct dbrt_candidate *c,
		       const struct dbrt_scores *s, uint32_t i)
{
	return element(d, &c->level->score, s->first + i * s->step);
}

static float score_of(const struct dbrt_decoder *d, const struct dbrt_scores *s,
		      float raw)
{
	float x = activated(raw, d->head->class_act);

	if (d->head->class_act == DBP_ACT_SOFTMAX)
		x = dbrt_expf(raw - s->largest) / s->sum;
	return s->object * power(x, d->head->class_power);
}

float dbrt_class_score(const struct dbrt_decoder *d,
		       const struct dbrt_candidate *c,
		       const struct dbrt_scores *s, uint32_t class_id)
{
	return score_of(d, s, class_raw(d, c, s, class_id));
}

/* Largest score and sum of the softmax, with the largest subtracted. */
static void sum_softmax(const struct dbrt_decoder *d,
			const struct dbrt_candidate *c, struct dbrt_scores *s)
{
	s->largest = class_raw(d, c, s, 0);
	for (uint32_t i = 1; i < d->head->class_count; i++) {
		float x = class_raw(d, c, s, i);

		s->largest = x > s->largest ? x : s->largest;
	}
	s->sum = 0;
	for (uint32_t i = 0; i < d->head->class_count; i++)
		s->sum += dbrt_expf(class_raw(d, c, s, i) - s->largest);
}

/* A score grows with its raw class score: the best class decides. */
int dbrt_scores_of(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		   float threshold, struct dbrt_scores *s)
{
	const struct dbp_head *h = d->head;
	const struct dbp_head_level *l = c->level;
	float best = -dbrt_infinity();

	s->object = 1;
	if (l->object.output != DBP_NONE)
		s->object =
			power(activated(element(d, &l->object,
						first_element(&l->object, c)),
					h->object_act),
			      h->object_power);
	/* Class scores are at most 1 unless there is no activation. NaN
	 * fails. */
	if (h->class_act != DBP_ACT_NONE && !(s->object >= threshold))
		return 0;
	s->first = first_element(&l->score, c);
	s->step = l->score.field;
	if (h->class_act == DBP_ACT_SOFTMAX)
		sum_softmax(d, c, s);
	for (uint32_t i = h->background; i < h->class_count; i++) {
		float x = class_raw(d, c, s, i);

		best = x > best ? x : best;
	}
	return score_of(d, s, best) >= threshold;
}

int dbrt_is_peak(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		 uint32_t class_id)
{
	const struct dbp_head_level *l = c->level;
	const struct dbp_head_part *p = &l->score;
	uint32_t field = class_id * p->field;
	float mine = element(d, p, first_element(p, c) + field);
	uint32_t top = c->row > 0 ? c->row - 1 : 0;
	uint32_t left = c->column > 0 ? c->column - 1 : 0;
	struct dbrt_candidate near = *c;

	for (uint32_t y = top; y <= c->row + 1 && y < l->rows; y++)
		for (uint32_t x = left; x <= c->column + 1 && x < l->columns;
		     x++) {
			near.cell = y * l->columns + x;
			if (element(d, p, first_element(p, &near) + field) >
			    mine)
				return 0;
		}
	return 1;
}

/* ---- Boxes ---- */

/* Distribution focal loss: the mean of 0, 1, 2, ... weighted by the softmax of
 * the fields (Li et al. 2020, arXiv 2006.04388). */
static float mean_bin(const struct dbrt_decoder *d,
		      const struct dbp_head_part *p, uint32_t first)
{
	uint32_t bins = d->head->bins;
	float largest = element(d, p, first), sum = 0, mean = 0;

	for (uint32_t i = 1; i < bins; i++) {
		float x = element(d, p, first + i * p->field);

		largest = x > largest ? x : largest;
	}
	for (uint32_t i = 0; i < bins; i++) {
		float e = dbrt_expf(element(d, p, first + i * p->field) -
				    largest);

		sum += e;
		mean += (float)i * e;
	}
	return mean / sum;
}

static float box_number(const struct dbrt_decoder *d,
			const struct dbp_head_part *p, uint32_t first,
			uint32_t k)
{
	uint32_t bins = d->head->bins;

	if (bins)
		return mean_bin(d, p, first + k * bins * p->field);
	return element(d, p, first + k * p->field);
}

static void swap_pair(float v[2])
{
	float first = v[0];

	v[0] = v[1];
	v[1] = first;
}

/* The four numbers in the order x, y, x, y. */
static void read_box(const struct dbrt_decoder *d,
		     const struct dbrt_candidate *c, float v[4])
{
	const struct dbp_head *h = d->head;
	const struct dbp_head_level_more *more = dbrt_head_more(h, c->level);
	const struct dbp_head_part *p = &c->level->box;
	int apart = more && more->size.output != DBP_NONE;
	uint32_t first = first_element(p, c);
	/* only the centre of exponential boxes has an activation */
	uint32_t activated = !h->box_act                        ? 0 :
			     h->box_form == DBP_BOX_EXPONENTIAL ? 2 :
								  4;

	for (uint32_t k = 0; k < 4; k++) {
		if (k >= 2 && apart)
			v[k] = element(d, &more->size,
				       first_element(&more->size, c) +
					       (k - 2) * more->size.field);
		else
			v[k] = box_number(d, p, first, k);
		if (k < activated)
			v[k] = dbrt_sigmoidf(v[k]);
	}
	if (h->flags & DBP_HEAD_Y_FIRST) {
		swap_pair(v);
		swap_pair(v + 2);
	}
}

static void from_center(float cx, float cy, float w, float h, float box[4])
{
	box[0] = cx - w / 2;
	box[1] = cy - h / 2;
	box[2] = cx + w / 2;
	box[3] = cy + h / 2;
}

/* DBP_BOX_CORNERS, DBP_BOX_CENTER: the outputs are the box. */
static void direct_box(const struct dbrt_decoder *d, const float v[4],
		       float box[4])
{
	float w = d->head->normalized ? d->input_width : 1;
	float h = d->head->normalized ? d->input_height : 1;

	if (d->head->box_form == DBP_BOX_CENTER)
		from_center(v[0], v[1], v[2], v[3], box);
	else
		memcpy(box, v, 4 * sizeof(*box));
	box[0] *= w;
	box[1] *= h;
	box[2] *= w;
	box[3] *= h;
}

/* The cell of a candidate, in pixels of the input. */
struct cell {
	float x, y;                        /* reference point */
	float stride_x, stride_y;          /* to the next cell */
	float anchor_width, anchor_height; /* the stride without anchors */
};

static struct cell cell_of(const struct dbrt_decoder *d,
			   const struct dbrt_candidate *c)
{
	const struct dbp_head_level *l = c->level;
	struct cell cell = {
		((float)c->column + l->offset) * l->stride_x,
		((float)c->row + l->offset) * l->stride_y,
		l->stride_x,
		l->stride_y,
		l->stride_x,
		l->stride_y,
	};

	if (l->first_anchor != DBP_NONE) {
		uint32_t numbers = dbrt_anchor_numbers(d->head);
		const float *anchor =
			dbrt_head_anchors(d->head) +
			numbers * (size_t)(l->first_anchor + c->anchor);

		if (numbers == 4) {
			cell.x += *anchor++;
			cell.y += *anchor++;
		}
		cell.anchor_width = anchor[0];
		cell.anchor_height = anchor[1];
	}
	return cell;
}

/* SSD: offsets from a prior box, with variances. */
static void prior_box(const struct dbp_head *h, const struct cell *c,
		      const float v[4], float box[4])
{
	from_center(c->x + v[0] * h->center_variance * c->anchor_width,
		    c->y + v[1] * h->center_variance * c->anchor_height,
		    c->anchor_width * dbrt_expf(v[2] * h->size_variance),
		    c->anchor_height * dbrt_expf(v[3] * h->size_variance), box);
}

/* FCOS: distances from the point to the four sides. */
static void distance_box(const struct cell *c, const float v[4], float box[4])
{
	box[0] = c->x - v[0] * c->anchor_width;
	box[1] = c->y - v[1] * c->anchor_height;
	box[2] = c->x + v[2] * c->anchor_width;
	box[3] = c->y + v[3] * c->anchor_height;
}

/* YOLOv5. */
static void square_box(const struct cell *c, const float v[4], float box[4])
{
	from_center(c->x + (2 * v[0] - .5f) * c->stride_x,
		    c->y + (2 * v[1] - .5f) * c->stride_y,
		    4 * v[2] * v[2] * c->anchor_width,
		    4 * v[3] * v[3] * c->anchor_height, box);
}

static void tanh_box(const struct dbrt_decoder *d, const struct cell *c,
		     const float v[4], float box[4])
{
	from_center(c->x + dbrt_tanhf(v[0]) * c->stride_x,
		    c->y + dbrt_tanhf(v[1]) * c->stride_y,
		    dbrt_sigmoidf(v[2]) * d->input_width,
		    dbrt_sigmoidf(v[3]) * d->input_height, box);
}

/* BlazeFace, CenterNet: as SSD, but with sizes that are not logarithms. */
static void offset_box(const struct dbp_head *h, const struct cell *c,
		       const float v[4], float box[4])
{
	from_center(c->x + v[0] * h->center_variance * c->anchor_width,
		    c->y + v[1] * h->center_variance * c->anchor_height,
		    v[2] * h->size_variance * c->anchor_width,
		    v[3] * h->size_variance * c->anchor_height, box);
}

/* YOLOv3, and YOLOv4 with its wider range of centres (arXiv 2004.10934). */
static void exponential_box(const struct dbp_head *h, const struct cell *c,
			    const float v[4], float box[4])
{
	float range = h->center_variance, low = (range - 1) / 2;

	from_center(c->x + (v[0] * range - low) * c->stride_x,
		    c->y + (v[1] * range - low) * c->stride_y,
		    c->anchor_width * dbrt_expf(v[2] * h->size_variance),
		    c->anchor_height * dbrt_expf(v[3] * h->size_variance), box);
}

static void corner_offset_box(const struct dbp_head *h, const struct cell *c,
			      const float v[4], float box[4])
{
	float first = h->center_variance, second = h->size_variance;

	box[0] = c->x + (v[0] * first - .5f) * c->anchor_width;
	box[1] = c->y + (v[1] * first - .5f) * c->anchor_height;
	box[2] = c->x + (v[2] * second + .5f) * c->anchor_width;
	box[3] = c->y + (v[3] * second + .5f) * c->anchor_height;
}

void dbrt_box_of(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		 float box[4])
{
	struct cell cell = cell_of(d, c);
	float v[4];

	read_box(d, c, v);
	switch ((enum dbp_box_form)d->head->box_form) {
	case DBP_BOX_CORNERS:
	case DBP_BOX_CENTER:
		direct_box(d, v, box);
		break;
	case DBP_BOX_PRIOR:
		prior_box(d->head, &cell, v, box);
		break;
	case DBP_BOX_DISTANCE:
		distance_box(&cell, v, box);
		break;
	case DBP_BOX_SQUARE:
		square_box(&cell, v, box);
		break;
	case DBP_BOX_TANH:
		tanh_box(d, &cell, v, box);
		break;
	case DBP_BOX_OFFSET:
		offset_box(d->head, &cell, v, box);
		break;
	case DBP_BOX_EXPONENTIAL:
		exponential_box(d->head, &cell, v, box);
		break;
	case DBP_BOX_CORNER_OFFSETS:
		corner_offset_box(d->head, &cell, v, box);
		break;
	case DBP_BOX_FORMS: /* dbrt_head_check() refuses it */
		break;
	}
}

/* ---- Key points ---- */

void dbrt_point_of(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		   const float box[4], uint32_t i, float xy[2])
{
	const struct dbp_head *h = d->head;
	const struct dbp_head_part *p = &dbrt_head_more(h, c->level)->points;
	uint32_t at = first_element(p, c) + i * h->point_fields * p->field;
	struct cell cell = cell_of(d, c);

	xy[0] = element(d, p, at);
	xy[1] = element(d, p, at + p->field);
	if (h->flags & DBP_HEAD_Y_FIRST)
		swap_pair(xy);
	switch ((enum dbp_point_form)h->point_form) {
	case DBP_POINT_DIRECT:
		xy[0] *= h->normalized ? d->input_width : 1;
		xy[1] *= h->normalized ? d->input_height : 1;
		break;
	case DBP_POINT_ANCHOR:
		xy[0] = cell.x + xy[0] * h->point_scale * cell.anchor_width;
		xy[1] = cell.y + xy[1] * h->point_scale * cell.anchor_height;
		break;
	case DBP_POINT_BOX:
		xy[0] = box[0] + xy[0] * (box[2] - box[0]);
		xy[1] = box[1] + xy[1] * (box[3] - box[1]);
		break;
	case DBP_POINT_CELL:
		xy[0] = cell.x + (2 * xy[0] - .5f) * cell.stride_x;
		xy[1] = cell.y + (2 * xy[1] - .5f) * cell.stride_y;
		break;
	case DBP_POINT_FORMS: /* dbrt_head_check() refuses it */
		break;
	}
}
