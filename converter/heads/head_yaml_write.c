/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_yaml_write.h"

#include "base/text.h"
#include "converter/heads/head_family.h"
#include "converter/heads/head_recognise.h"
#include "converter/heads/head_yaml_build.h"

struct writer {
	const struct head *head;
	const char *const *outputs;
	FILE *to;
};

static const char *truth(bool x)
{
	return x ? "true" : "false";
}

/* As few digits as give the same float back; nine always do. */
static void put(const struct writer *w, float x)
{
	char text[32];
	double back;

	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)x);
		if (!text_to_double(text, &back) && (float)back == x)
			break;
	}
	fputs(text, w->to);
}

static void put_pair(const struct writer *w, float x, float y)
{
	putc('[', w->to);
	put(w, x);
	fputs(", ", w->to);
	put(w, y);
	putc(']', w->to);
}

static void put_names(const struct writer *w)
{
	uint32_t count = head_classes(w->head->data);
	bool any = false;

	for (uint32_t i = 0; i < count; i++)
		any |= *head_class_name(w->head, i) != 0;
	if (!any) {
		fprintf(w->to, "classes: %u\n", count);
		return;
	}
	fputs("classes:\n", w->to);
	for (uint32_t i = 0; i < count; i++) {
		fputs("- ", w->to);
		text_print_quoted(w->to, head_class_name(w->head, i));
		putc('\n', w->to);
	}
}

/* ---- Levels ---- */

static void put_part(const struct writer *w, const char *name,
		     const struct dbp_head_part *p)
{
	if (p->output == DBP_NONE)
		return;
	fprintf(w->to, "  %s: {output: ", name);
	text_print_quoted(w->to, w->outputs[p->output]);
	fprintf(w->to, ", first: %u, cell: %u, anchor: %u, field: %u}\n",
		p->first, p->cell, p->anchor, p->field);
}

static void put_anchors(const struct writer *w, const struct dbp_head_level *l)
{
	uint32_t numbers = head_anchor_numbers(w->head->data);
	const float *a =
		head_anchors(w->head->data) + numbers * (size_t)l->first_anchor;

	if (l->first_anchor == DBP_NONE)
		return;
	fputs("  anchors:\n", w->to);
	for (uint32_t i = 0; i < l->anchors; i++, a += numbers) {
		fputs("  - [", w->to);
		for (uint32_t k = 0; k < numbers; k++) {
			fputs(k ? ", " : "", w->to);
			put(w, a[k]);
		}
		fputs("]\n", w->to);
	}
}

static void put_level(const struct writer *w, uint32_t i)
{
	const struct dbp_head_level *l = &head_levels(w->head->data)[i];
	const struct dbp_head_level_more *more = head_more(w->head->data);

	fprintf(w->to, "- grid: [%u, %u]\n  stride: ", l->columns, l->rows);
	put_pair(w, l->stride_x, l->stride_y);
	fputs("\n  offset: ", w->to);
	put(w, l->offset);
	fprintf(w->to, "\n  per-cell: %u\n", l->anchors);
	put_anchors(w, l);
	put_part(w, "box", &l->box);
	if (more)
		put_part(w, "size", &more[i].size);
	put_part(w, "object", &l->object);
	put_part(w, "score", &l->score);
	if (more)
		put_part(w, "points", &more[i].points);
}

/* ---- The head ---- */

static void put_points(const struct writer *w)
{
	const struct dbp_head *h = w->head->data;

	if (!h->point_count)
		return;
	fprintf(w->to, "points: {count: %u, fields: %u, form: %s, scale: ",
		h->point_count, h->point_fields,
		head_point_forms[h->point_form]);
	put(w, h->point_scale);
	fputs("}\n", w->to);
}

static void put_detector(const struct writer *w)
{
	const struct dbp_head *h = w->head->data;

	fprintf(w->to, "boxes: %s\n", head_box_forms[h->box_form]);
	fprintf(w->to, "normalized: %s\n", truth(h->normalized));
	fprintf(w->to, "order: %s\n",
		h->flags & DBP_HEAD_Y_FIRST ? "yx" : "xy");
	fprintf(w->to, "background: %s\n", truth(h->background));
	fprintf(w->to, "peaks: %s\n", truth(h->flags & DBP_HEAD_PEAKS));
	fprintf(w->to, "activation: {box: %s, object: %s, class: %s}\n",
		head_activations[h->box_act], head_activations[h->object_act],
		head_activations[h->class_act]);
	fputs("power: {object: ", w->to);
	put(w, h->object_power);
	fputs(", class: ", w->to);
	put(w, h->class_power);
	fputs("}\nvariances: ", w->to);
	put_pair(w, h->center_variance, h->size_variance);
	putc('\n', w->to);
	if (h->bins)
		fprintf(w->to, "bins: %u\n", h->bins);
	put_points(w);
	fputs("threshold: ", w->to);
	put(w, h->score_threshold);
	fputs("\nnms: ", w->to);
	put(w, h->nms_iou);
	putc('\n', w->to);
	put_names(w);
	fputs("levels:\n", w->to);
	for (uint32_t i = 0; i < h->level_count; i++)
		put_level(w, i);
}

void head_yaml_write(const struct head *h, const char *const *outputs, FILE *to)
{
	const struct writer w = { h, outputs, to };

	if (h->family && h->family->preprocess) {
		fputs("family: ", to);
		text_print_quoted(to, h->family->name);
		putc('\n', to);
	}
	if (h->data->kind == DBP_HEAD_DETECTOR) {
		put_detector(&w);
		return;
	}
	fputs("scores: ", to);
	text_print_quoted(to, outputs[h->data->scores_output]);
	fprintf(to, "\nbackground: %s\n", truth(h->data->background));
	put_names(&w);
}

/* ---- A template ---- */

static void put_outputs(const struct graph *g, FILE *to)
{
	fputs("# The outputs of the model:\n", to);
	for (int i = 0; i < g->output_count; i++) {
		char shape[128];

		shape_print(&g->outputs[i]->shape, shape, sizeof(shape));
		fprintf(to, "#   %s  %s\n", shape,
			TEXT_PRINTABLE(g->outputs[i]->name));
	}
}

static void put_choices(FILE *to, const char *const *choices, int count)
{
	for (int i = 0; i < count; i++)
		fprintf(to, "%s%s", i ? ", " : "", choices[i]);
	putc('\n', to);
}

static void put_questions(const struct graph *g, const struct head *h, FILE *to)
{
	fprintf(to,
		"# How the outputs become boxes, for --head: complete it.\n"
		"# Not recognised: %s.\n",
		h->why ? TEXT_PRINTABLE(h->why) : "no detector");
	put_outputs(g, to);
	fputs("# One of ", to);
	put_choices(to, head_box_forms, DBP_BOX_FORMS);
	fputs("boxes: ?\n"
	      "# normalized: true       # corners, centers: shares of the "
	      "input\n"
	      "# order: yx              # y before x\n"
	      "# background: true       # class 0 is the background\n"
	      "# peaks: true            # heat maps: only local maxima\n"
	      "# activation: {box: none, object: sigmoid, class: sigmoid}\n"
	      "# variances: [0.1, 0.2]  # of center and size\n"
	      "# offset: 0.5            # of the point in its cell, in "
	      "strides\n"
	      "# bins: 16               # a distance as a distribution\n"
	      "# points: {count: 5, form: anchor}\n"
	      "threshold: 0.5\nnms: 0.5\n",
	      to);
}

static void put_empty_level(const struct graph *g, FILE *to)
{
	fputs("classes: ?               # names, or their number\n"
	      "levels:                  # finest first\n"
	      "- grid: [?, ?]           # columns, rows\n"
	      "  # stride: [8, 8]       # pixels of the input a cell\n"
	      "  # per-cell: 1\n"
	      "  # anchors: [[10, 13], [16, 30]]\n",
	      to);
	for (int i = 0; i < 2; i++) {
		const char *name = i < g->output_count ? g->outputs[i]->name :
							 "?";

		fprintf(to, "  %s: {output: ", i ? "score" : "box");
		text_print_quoted(to, i ? "?" : name);
		fputs(", column: 0}\n", to);
	}
}

/* An output of four numbers for each box that does not depend on the photo. */
static const struct value *find_anchors(const struct graph *g,
					struct dbp_head *h)
{
	int64_t boxes = 0;

	for (uint32_t i = 0; i < h->level_count; i++) {
		const struct dbp_head_level *l = &head_levels(h)[i];

		boxes += (int64_t)l->columns * l->rows * l->anchors;
	}
	for (int i = 0; i < g->output_count; i++) {
		const struct value *v = g->outputs[i];

		if (value_is_const(v) && v->dtype == DT_F32 &&
		    v->shape.rank >= 2 &&
		    v->shape.dim[v->shape.rank - 1] == 4 &&
		    shape_elements(&v->shape) == 4 * boxes)
			return v;
	}
	return NULL;
}

/* All boxes in one cell, with the anchors of an output. */
static void put_anchor_output(const struct writer *w, const struct value *v)
{
	const struct dbp_head_level *l = head_levels(w->head->data);

	fputs("# If a constant output holds the anchors, all levels are one "
	      "cell:\n# - grid: [1, 1]\n#   offset: 0\n#   anchors: {output: ",
	      w->to);
	text_print_quoted(w->to, v->name);
	fputs("} # form: corners, normalized: true, y-first: true\n"
	      "#   box: {output: ",
	      w->to);
	text_print_quoted(w->to, w->outputs[l->box.output]);
	fputs("}\n#   score: {output: ", w->to);
	text_print_quoted(w->to, w->outputs[l->score.output]);
	fputs("}\n", w->to);
}

static int put_found(const struct graph *g, struct head *found, struct arena *a,
		     FILE *to, struct diag *d)
{
	struct writer w = { found, NULL, to };
	const struct value *anchors;
	const char **names =
		arena_array(a, (size_t)g->output_count + 1, sizeof(*names));

	if (!names)
		return diag_error(d, "out of memory");
	for (int i = 0; i < g->output_count; i++)
		names[i] = g->outputs[i]->name;
	w.outputs = names;
	fprintf(to, "# The model has %u scores for each box.\nclasses: %u\n",
		found->data->class_count, head_classes(found->data));
	fputs("# The places of boxes and scores are those of the graph.\n"
	      "levels:                  # finest first\n",
	      to);
	for (uint32_t i = 0; i < found->data->level_count; i++) {
		put_level(&w, i);
		if (head_levels(found->data)[i].anchors > 1)
			fputs("  # anchors: [[?, ?]]    # as many as per-cell, "
			      "in pixels\n",
			      to);
	}
	anchors = find_anchors(g, found->data);
	if (anchors)
		put_anchor_output(&w, anchors);
	return 0;
}

int head_yaml_write_template(const struct graph *g, const struct head *h,
			     const struct config *c, struct arena *a, FILE *to,
			     struct diag *d)
{
	struct head found = { 0 };

	if (g->output_count && head_locate(g, c, a, &found, d))
		return -1;
	put_questions(g, h, to);
	if (found.data)
		return put_found(g, &found, a, to, d);
	put_empty_level(g, to);
	return 0;
}
