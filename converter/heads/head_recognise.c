/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a detector's outputs mean, told from the maps that its last
 * convolutions make and from what is done to them on the way out.
 */
#include <string.h>

#include "converter/heads/head_finder.h"
#include "converter/heads/head_box_form.h"

#define NMS_IOU_FACES .4f

bool head_unknown(struct finder *f, const char *why)
{
	f->out->why = why;
	return false;
}

/* ---- Boxes that are decoded already ---- */

static bool is_list(const struct value *v)
{
	return v->dtype == DT_F32 && v->shape.rank == 3 &&
	       v->shape.dim[0] == 1 && v->shape.dim[1] > 0 &&
	       v->shape.dim[2] > 0;
}

static bool is_decoded(const struct finder *f, int output)
{
	return f->trace.output_flags[output] & DECODED;
}

/* With four classes, scores look like boxes: then the name tells. */
static bool called_boxes(const struct value *v)
{
	return strcasestr(v->name, "box") || strcasestr(v->name, "loc");
}

static bool find_pair(const struct finder *f, int *box, int *score)
{
	const struct graph *g = f->g;

	*box = *score = -1;
	for (int i = 0; i < g->output_count; i++) {
		const struct value *v = g->outputs[i];

		if (is_list(v) && v->shape.dim[2] == 4 && is_decoded(f, i) &&
		    (*box < 0 ||
		     (called_boxes(v) && !called_boxes(g->outputs[*box]))))
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

static bool build_list(struct finder *f, int64_t candidates,
		       const struct dbp_head_level *l)
{
	f->head.level_count = 1;
	if (candidates > DBP_HEAD_MAX_CANDIDATES)
		return head_unknown(f, "there are too many boxes");
	if (head_new(f->out, &f->head, f->arena))
		return head_unknown(f, "memory is exhausted");
	*head_levels(f->out->data) = *l;
	f->out->kind = "boxes and scores";
	return head_probe_boxes(f->g, f->out) ||
	       head_unknown(f, "boxes are neither corners nor centres");
}

static bool find_boxes_and_scores(struct finder *f)
{
	int box, score;
	const struct shape *s;

	if (!find_pair(f, &box, &score))
		return false;
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

/*
 * One list of boxes and scores: [1, n, 5 + classes] with a score of there
 * being anything (YOLOv5, YOLOX), or [1, 4 + classes, n] without (YOLOv8).
 */
static bool find_list(struct finder *f)
{
	const struct value *v = f->g->outputs[0];
	bool rows;
	uint32_t n, fields, step, cell, first;

	if (f->g->output_count != 1 || !is_list(v) || !is_decoded(f, 0))
		return false;
	rows = v->shape.dim[1] > v->shape.dim[2];
	n = (uint32_t)v->shape.dim[rows ? 1 : 2];
	fields = (uint32_t)v->shape.dim[rows ? 2 : 1];
	first = rows ? 5 : 4;
	if (fields <= first || n < 8)
		return false;
	cell = rows ? fields : 1;
	step = rows ? 1 : n;
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

static bool find_classes(struct finder *f)
{
	const struct value *v = f->g->outputs[0];

	if (f->g->output_count != 1 || v->dtype != DT_F32 ||
	    v->shape.rank != 2 || v->shape.dim[0] != 1 || v->shape.dim[1] < 2)
		return false;
	f->head.kind = DBP_HEAD_CLASSIFIER;
	f->head.class_count = (uint32_t)v->shape.dim[1];
	f->out->kind = "classes";
	return head_new(f->out, &f->head, f->arena) == 0;
}

static bool find(struct finder *f)
{
	if (!f->places_only &&
	    (find_classes(f) || find_boxes_and_scores(f) || find_list(f)))
		return true;
	return f->out->why ? false : head_find_raw(f);
}

static int recognise(const struct graph *g, const struct config *c,
		     struct arena *a, bool places_only, struct head *out,
		     struct diag *d)
{
	struct finder f = { .g = g,
			    .c = c,
			    .arena = a,
			    .out = out,
			    .places_only = places_only };

	f.head = head_blank(c);
	if (g->output_count == 0 || g->output_count > DBP_MAX_IO)
		return 0;
	if (trace_outputs(g, a, &f.trace, d))
		return -1;
	if (find(&f) && head_fits(out, g)) {
		if (c->nms_iou < 0 && head_is_faces(out))
			out->data->nms_iou = NMS_IOU_FACES;
		out->why = NULL;
		return 0;
	}
	out->data = NULL;
	return 0;
}

int head_recognise(const struct graph *g, const struct config *c,
		   struct arena *a, struct head *out, struct diag *d)
{
	return recognise(g, c, a, false, out, d);
}

int head_places(const struct graph *g, const struct config *c, struct arena *a,
		struct head *out, struct diag *d)
{
	return recognise(g, c, a, true, out, d);
}
