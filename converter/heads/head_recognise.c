/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recognises the outputs of a model from the maps that its last convolutions
 * compute and from the operators between those maps and the outputs.
 */
#include "converter/heads/head_recognise.h"

#include "converter/heads/head_families.h"
#include "converter/heads/head_levels.h"
#include "converter/heads/head_roles.h"

/* Boxes have parts with roles, but no family matches. */
static const char *unmatched(const struct head_finder *f)
{
	const struct head_level *l = &f->levels[0];

	if (f->bins > 1 && f->bins != 8 && f->bins != 16 && f->bins != 17)
		return "it is not clear which outputs are boxes and which are "
		       "scores";
	if (l->box.part->flags & TRACE_EXP)
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
		if (family->stage != stage ||
		    (f->scaled && stage != HEAD_STAGE_OUTPUTS &&
		     !family->takes_scaled) ||
		    !family->matches(f))
			continue;
		*matched = true;
		f->out->kind = family->name; /* fill() may know better */
		f->out->family = family;
		return family->fill(f);
	}
	return false;
}

/* Only where everything is. */
static bool build_places(struct head_finder *f)
{
	head_use_points(f, 2, DBP_POINT_DIRECT, 1);
	return head_build_levels(f);
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
	if (!f->locate_only) {
		done = fill_family(f, HEAD_STAGE_LEVELS, &matched);
		if (matched)
			return done;
	}
	if (f->levels[0].count == 1)
		return head_unknown(f, "the form of the boxes is not known");
	if (!head_find_roles(f))
		return head_unknown(f, "it is not clear which outputs are "
				       "boxes and which are scores");
	if (!head_measure_roles(f))
		return head_unknown(f, "boxes and scores do not match");
	if (f->locate_only)
		return build_places(f);
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

/* As the model's own suppression did it, else as is usual. */
static void set_suppression(struct head_finder *f, const struct config *c)
{
	struct head *out = f->out;

	if (c->nms_iou >= 0)
		return;
	if (f->g->cut.op_type && f->g->cut.iou >= 0)
		out->data->nms_iou = f->g->cut.iou;
	else if (out->family && out->family->nms_iou > 0)
		out->data->nms_iou = out->family->nms_iou;
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
		set_suppression(&f, c);
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
