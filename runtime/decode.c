/* SPDX-License-Identifier: Apache-2.0 */
/* From a head's description and the outputs to one candidate's box and
 * scores. dbrt_head_check() has proven every element to be inside. */
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

static void sum_up(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		   struct dbrt_scores *s)
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

/* Scores grow with what they are made of, so that the best class tells. */
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
	/* false for NaN; only what may exceed 1 is worth a look below it */
	if (h->class_act != DBP_ACT_NONE && !(s->object >= threshold))
		return 0;
	s->first = first_element(&l->score, c);
	s->step = l->score.field;
	if (h->class_act == DBP_ACT_SOFTMAX)
		sum_up(d, c, s);
	for (uint32_t i = h->background; i < h->class_count; i++) {
		float x = class_raw(d, c, s, i);

		best = x > best ? x : best;
	}
	return score_of(d, s, best) >= threshold;
}

/* ---- Boxes ---- */

/* The mean of 0, 1, 2, ... by the softmax of the fields. */
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

static void decode_direct(const struct dbrt_decoder *d, const float v[4],
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

static void decode_cell(const struct dbrt_decoder *d,
			const struct dbrt_candidate *c, const float v[4],
			float box[4])
{
	const struct dbp_head *h = d->head;
	const struct dbp_head_level *l = c->level;
	float px = ((float)c->column + l->offset) * l->stride_x;
	float py = ((float)c->row + l->offset) * l->stride_y;
	float aw = l->stride_x, ah = l->stride_y;

	if (l->first_anchor != DBP_NONE) {
		const float *size = dbrt_head_anchors(h) +
				    2 * (size_t)(l->first_anchor + c->anchor);

		aw = size[0];
		ah = size[1];
	}
	switch (h->box_form) {
	case DBP_BOX_PRIOR:
		from_center(px + v[0] * h->center_variance * aw,
			    py + v[1] * h->center_variance * ah,
			    aw * dbrt_expf(v[2] * h->size_variance),
			    ah * dbrt_expf(v[3] * h->size_variance), box);
		break;
	case DBP_BOX_DISTANCE:
		box[0] = px - v[0] * aw;
		box[1] = py - v[1] * ah;
		box[2] = px + v[2] * aw;
		box[3] = py + v[3] * ah;
		break;
	case DBP_BOX_SQUARE:
		from_center(px + (2 * v[0] - .5f) * l->stride_x,
			    py + (2 * v[1] - .5f) * l->stride_y,
			    4 * v[2] * v[2] * aw, 4 * v[3] * v[3] * ah, box);
		break;
	default: /* DBP_BOX_TANH */
		from_center(px + dbrt_tanhf(v[0]) * l->stride_x,
			    py + dbrt_tanhf(v[1]) * l->stride_y,
			    dbrt_sigmoidf(v[2]) * d->input_width,
			    dbrt_sigmoidf(v[3]) * d->input_height, box);
		break;
	}
}

void dbrt_box_of(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		 float box[4])
{
	float v[4];

	read_box(d, c, v);
	if (d->head->box_form <= DBP_BOX_CENTER)
		decode_direct(d, v, box);
	else
		decode_cell(d, c, v, box);
}
