/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recognises the outputs of a model from the maps that its last convolutions
 * compute and from the operators between those maps and the outputs.
 */
#include "converter/heads/head_recognise.h"

#include "converter/heads/head_families.h"
#include "converter/heads/head_levels.h"

/* Sets `anchors` of each level, `bins` and the class count. */
static bool measure_parts(struct head_finder *f)
{
	const struct head_level *first = &f->levels[0];

	for (int i = 0; i < f->level_count; i++) {
		struct head_level *l = &f->levels[i];
		int anchors = head_rows_a_cell(f, l->box);

		if (anchors != head_rows_a_cell(f, l->score) ||
		    l->box->count % (4 * anchors))
			return false;
		l->anchors = anchors;
	}
	f->head.class_count = (uint32_t)(first->score->count / first->anchors);
	f->bins = first->box->count / 4 / first->anchors;
	for (int i = 0; i < f->level_count; i++) {
		const struct head_level *l = &f->levels[i];
		int classes = (int)f->head.class_count;

		if (l->box->count != 4 * f->bins * l->anchors ||
		    l->score->count != classes * l->anchors)
			return false;
	}
	return true;
}

/* Boxes have parts with roles, but no family matches. */
static const char *unmatched(const struct head_finder *f)
{
	const struct head_level *l = &f->levels[0];

	if (f->bins > 1 && f->bins != 8 && f->bins != 16 && f->bins != 17)
		return "it is not clear which outputs are boxes and which are "
		       "scores";
	if (l->box->flags & TRACE_EXP)
		return "the unit of the boxes' distances is not in the model";
	if (f->level_count > 1 || l->anchors > 1)
		return "the sizes of the anchors are not in the model";
	return "the form of the boxes is not known";
}

/* Fills in the first family of the stage that matches; *matched says whether
 * there is one. */
static bool fill_family(struct head_finder *f, enum head_stage stage,
			bool *matched)
{
	const struct head_family *family;

	*matched = false;
	for (int i = 0; (family = head_family_at(i)); i++) {
		if (family->stage != stage || !family->matches(f))
			continue;
		*matched = true;
		f->out->kind = family->name;
		f->out->family = family;
		return family->fill(f);
	}
	return false;
}

static bool find_by_levels(struct head_finder *f)
{
	bool matched, done;

	if (!head_input_size(f->g, &f->height, &f->width) ||
	    !head_gather_levels(f))
		return head_unknown(
			f, "the outputs are neither boxes nor classes");
	if (f->half_decoded && !f->locate_only)
		return head_unknown(f, "the model decodes its boxes in a way "
				       "that is not known");
	if (f->levels[0].count == 1) {
		done = fill_family(f, HEAD_STAGE_LEVELS, &matched);
		return matched ? done :
				 head_unknown(f, "the form of the boxes is "
						 "not known");
	}
	if (!head_find_roles(f))
		return head_unknown(f, "it is not clear which outputs are "
				       "boxes and which are scores");
	if (!measure_parts(f))
		return head_unknown(f, "boxes and scores do not match");
	if (f->locate_only)
		return head_build_levels(f);
	done = fill_family(f, HEAD_STAGE_ROLES, &matched);
	return matched ? done : head_unknown(f, unmatched(f));
}

static bool find_head(struct head_finder *f)
{
	bool matched;

	if (!f->locate_only) {
		if (fill_family(f, HEAD_STAGE_OUTPUTS, &matched))
			return true;
		if (matched)
			return false;
	}
	return find_by_levels(f);
}

static int recognise(const struct graph *g, const struct config *c,
		     struct arena *a, bool locate_only, struct head *out,
		     struct diag *d)
{
	struct head_finder f = {
		.g = g, .arena = a, .out = out, .locate_only = locate_only
	};

	f.head = head_blank(c);
	if (g->output_count == 0 || g->output_count > DBP_MAX_IO)
		return 0;
	if (trace_outputs(g, a, &f.trace, d))
		return -1;
	if (find_head(&f) && head_fits(out, g)) {
		if (c->nms_iou < 0 && out->family && out->family->nms_iou > 0)
			out->data->nms_iou = out->family->nms_iou;
		out->why = NULL;
		return 0;
	}
	*out = (struct head){ .why = out->why };
	return 0;
}

int head_recognise(const struct graph *g, const struct config *c,
		   struct arena *a, struct head *out, struct diag *d)
{
	return recognise(g, c, a, false, out, d);
}

int head_locate(const struct graph *g, const struct config *c, struct arena *a,
		struct head *out, struct diag *d)
{
	return recognise(g, c, a, true, out, d);
}
