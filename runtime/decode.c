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
				  2 * (size_t)h->anchor_count);
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

static void read_box(const struct dbrt_decoder *d,
		     const struct dbrt_candidate *c, float v[4])
{
	const struct dbp_head_part *p = &c->level->box;
	uint32_t first = first_element(p, c), bins = d->head->bins;

	for (uint32_t k = 0; k < 4; k++) {
		if (bins)
			v[k] = mean_bin(d, p, first + k * bins * p->field);
		else
			v[k] = element(d, p, first + k * p->field);
		if (d->head->box_act)
			v[k] = dbrt_sigmoidf(v[k]);
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
		const float *size = dbrt_head_anchors(d->head) +
				    2 * (size_t)(l->first_anchor + c->anchor);

		cell.anchor_width = size[0];
		cell.anchor_height = size[1];
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
	case DBP_BOX_FORMS: /* dbrt_head_check() refuses it */
		break;
	}
}
