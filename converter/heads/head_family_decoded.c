/* SPDX-License-Identifier: Apache-2.0 */
/* Outputs that need no decoding: classes, and boxes that the model decodes
 * itself. */
#include "converter/heads/head_families.h"

#include <string.h>

#include "converter/heads/head_box_form.h"

/* ---- A classifier: one output [1, classes] ---- */

static bool matches_classes(const struct head_finder *f)
{
	const struct value *v = f->g->outputs[0];

	return f->g->output_count == 1 && v->dtype == DT_F32 &&
	       v->shape.rank == 2 && v->shape.dim[0] == 1 &&
	       v->shape.dim[1] >= 2;
}

static bool fill_classes(struct head_finder *f)
{
	f->head.kind = DBP_HEAD_CLASSIFIER;
	f->head.class_count = (uint32_t)f->g->outputs[0]->shape.dim[1];
	return head_new(f->out, &f->head, f->arena) == 0 ||
	       head_unknown(f, "memory is exhausted");
}

const struct head_family head_family_classes = {
	.name = "classes",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_classes,
	.fill = fill_classes,
};

/* ---- Decoded boxes ---- */

static bool is_list(const struct value *v)
{
	return v->dtype == DT_F32 && v->shape.rank == 3 &&
	       v->shape.dim[0] == 1 && v->shape.dim[1] > 0 &&
	       v->shape.dim[2] > 0;
}

static bool is_decoded(const struct head_finder *f, int output)
{
	return f->trace.output_flags[output] & TRACE_DECODED;
}

static bool build_list(struct head_finder *f, int64_t candidates,
		       const struct dbp_head_level *l)
{
	f->head.level_count = 1;
	if (candidates > DBP_HEAD_MAX_CANDIDATES)
		return head_unknown(f, "the model has too many boxes");
	if (head_new(f->out, &f->head, f->arena))
		return head_unknown(f, "memory is exhausted");
	*head_levels(f->out->data) = *l;
	return head_probe_boxes(f->g, f->out) ||
	       head_unknown(f, "the boxes are neither corners nor centers");
}

/* With four classes, scores have the shape of boxes; then the name decides. */
static bool is_named_box(const struct value *v)
{
	return strcasestr(v->name, "box") || strcasestr(v->name, "loc");
}

static bool find_pair(const struct head_finder *f, int *box, int *score)
{
	const struct graph *g = f->g;

	*box = *score = -1;
	for (int i = 0; i < g->output_count; i++) {
		const struct value *v = g->outputs[i];

		if (is_list(v) && v->shape.dim[2] == 4 && is_decoded(f, i) &&
		    (*box < 0 ||
		     (is_named_box(v) && !is_named_box(g->outputs[*box]))))
			*box = i;
	}
	for (int i = 0; *box >= 0 && i < g->output_count; i++) {
		const struct value *v = g->outputs[i];

		if (i == *box || !is_list(v) ||
		    v->shape.dim[1] != g->outputs[*box]->shape.dim[1])
			continue;
		if (*score >= 0)
			return false;
		*score = i;
	}
	return *score >= 0;
}

static bool matches_pair(const struct head_finder *f)
{
	int box, score;

	return find_pair(f, &box, &score);
}

static bool fill_pair(struct head_finder *f)
{
	int box, score;
	const struct shape *s;

	find_pair(f, &box, &score);
	s = &f->g->outputs[score]->shape;
	f->head.class_count = (uint32_t)s->dim[2];
	f->head.background = s->dim[2] > 1 &&
			     (f->trace.output_flags[score] & TRACE_SOFTMAX);
	return build_list(f, s->dim[1],
			  &(struct dbp_head_level){
				  .columns = (uint32_t)s->dim[1],
				  .rows = 1,
				  .anchors = 1,
				  .first_anchor = DBP_NONE,
				  .box = { (uint32_t)box, 0, 4, 0, 1 },
				  .score = { (uint32_t)score, 0,
					     (uint32_t)s->dim[2], 0, 1 },
				  .object.output = DBP_NONE });
}

/* [1, n, 4] and [1, n, classes]. */
const struct head_family head_family_boxes_and_scores = {
	.name = "boxes and scores",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_pair,
	.fill = fill_pair,
};

/* Candidates in rows, with an objectness before the scores? */
static bool has_rows(const struct value *v)
{
	return v->shape.dim[1] > v->shape.dim[2];
}

static bool matches_list(const struct head_finder *f)
{
	const struct value *v = f->g->outputs[0];
	bool rows;

	if (f->g->output_count != 1 || !is_list(v) || !is_decoded(f, 0))
		return false;
	rows = has_rows(v);
	return v->shape.dim[rows ? 2 : 1] > (rows ? 5 : 4) &&
	       v->shape.dim[rows ? 1 : 2] >= 8;
}

static bool fill_list(struct head_finder *f)
{
	const struct value *v = f->g->outputs[0];
	bool rows = has_rows(v);
	uint32_t n = (uint32_t)v->shape.dim[rows ? 1 : 2];
	uint32_t fields = (uint32_t)v->shape.dim[rows ? 2 : 1];
	uint32_t first = rows ? 5 : 4;
	uint32_t cell = rows ? fields : 1, step = rows ? 1 : n;

	f->head.class_count = fields - first;
	return build_list(f, n,
			  &(struct dbp_head_level){
				  .columns = n,
				  .rows = 1,
				  .anchors = 1,
				  .first_anchor = DBP_NONE,
				  .box = { 0, 0, cell, 0, step },
				  .score = { 0, first * step, cell, 0, step },
				  .object = { rows ? 0 : DBP_NONE, 4 * step,
					      cell, 0, step } });
}

/*
 * One list of boxes and scores: [1, n, 5 + classes] with an objectness, as
 * YOLOv5 and YOLOX export it, or [1, 4 + classes, n] without, as YOLOv8 does.
 */
const struct head_family head_family_list = {
	.name = "boxes and scores",
	.stage = HEAD_STAGE_OUTPUTS,
	.matches = matches_list,
	.fill = fill_list,
};
