/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_origin.h"

#include <string.h>

#define FEWEST 8 /* candidates */

/* ---- Outputs as tables of candidates and numbers ---- */

struct table {
	int output;
	uint32_t candidates, numbers;
	uint32_t cell, field; /* steps */
};

static int squeeze(const struct shape *s, int64_t out[2])
{
	int rank = 0;

	for (int i = 0; i < s->rank; i++) {
		if (s->dim[i] == 1)
			continue;
		if (rank == 2)
			return 0;
		out[rank++] = s->dim[i];
	}
	return rank;
}

/* [n, numbers], [numbers, n] or [n]; there are more candidates than numbers. */
static bool read_table(const struct value *v, int output, struct table *t)
{
	int64_t d[2];
	int rank = v->dtype == DT_F32 && v->shape.rank >= 2 ?
			   squeeze(&v->shape, d) :
			   0;

	if (!rank || d[0] > DBP_HEAD_MAX_CANDIDATES)
		return false;
	if (rank == 1)
		d[1] = 1;
	if (d[1] > d[0])
		*t = (struct table){ output, (uint32_t)d[1], (uint32_t)d[0], 1,
				     (uint32_t)d[1] };
	else
		*t = (struct table){ output, (uint32_t)d[0], (uint32_t)d[1],
				     (uint32_t)d[1], 1 };
	return t->candidates >= FEWEST;
}

static struct trace_element column(const struct head_finder *f,
				   const struct table *t, uint32_t i)
{
	return trace_element(&f->trace, t->output, (int64_t)i * t->field);
}

static struct dbp_head_part part_at(const struct table *t, uint32_t first)
{
	return (struct dbp_head_part){ (uint32_t)t->output, first * t->field,
				       t->cell, 0, t->field };
}

/* ---- Columns ---- */

enum kind { ACTIVATED, DECODED, CONSTANT, RAW };

static enum kind kind_of(const struct head_finder *f, const struct table *t,
			 uint32_t i)
{
	struct trace_element e = column(f, t, i);

	if (!e.map && !e.flags)
		return CONSTANT;
	if (e.flags & TRACE_DECODED)
		return DECODED;
	return e.flags & (TRACE_SIGMOID | TRACE_SOFTMAX) ? ACTIVATED : RAW;
}

static bool same_map(const struct head_finder *f, const struct table *t,
		     uint32_t i, uint32_t k)
{
	const struct trace_map *a = column(f, t, i).map;

	return a && a == column(f, t, k).map;
}

/* The columns from `i` on of one kind. */
static uint32_t run(const struct head_finder *f, const struct table *t,
		    uint32_t i, enum kind kind)
{
	uint32_t first = i;

	while (i < t->numbers && kind_of(f, t, i) == kind)
		i++;
	return i - first;
}

/* Is column 4 an objectness? It is in the box's map (YOLOv5), in a map of its
 * own (YOLOX) or a constant (YOLOv6). */
static bool has_object(const struct head_finder *f, const struct table *t)
{
	if (t->numbers < 6)
		return false;
	if (kind_of(f, t, 4) == CONSTANT)
		return true;
	/* not traced: rows have one, planes have none */
	if (!column(f, t, 4).map)
		return t->field == 1;
	return same_map(f, t, 0, 4) ||
	       (kind_of(f, t, 5) == ACTIVATED && !same_map(f, t, 4, 5));
}

/* Points behind the classes: x, y and a visibility, or x and y. */
static void points_at_end(const struct head_finder *f, const struct table *t,
			  uint32_t at, struct head_decoded *out)
{
	uint32_t left = t->numbers - at, pairs = run(f, t, at, DECODED);
	bool threes = pairs == 2 && left % 3 == 0 && left > 2 &&
		      kind_of(f, t, at + 2) == ACTIVATED;

	if (!threes && (pairs != left || pairs % 2 || !pairs))
		return;
	out->point_fields = threes ? 3 : 2;
	out->point_count = left / out->point_fields;
	out->points = part_at(t, at);
}

static bool read_columns(const struct head_finder *f, const struct table *t,
			 struct head_decoded *out)
{
	uint32_t at = 4, decoded;

	out->has_object = has_object(f, t);
	out->constant_object = out->has_object && kind_of(f, t, 4) == CONSTANT;
	at += out->has_object;
	decoded = run(f, t, at, DECODED);
	if (decoded && at + decoded < t->numbers && decoded % 2 == 0 &&
	    out->has_object) {
		out->point_fields = 2;
		out->point_count = decoded / 2;
		out->points = part_at(t, at);
		at += decoded;
	}
	out->classes = run(f, t, at, ACTIVATED);
	if (!out->classes) /* not traced */
		out->classes = t->numbers - at;
	out->score = part_at(t, at);
	if (out->has_object)
		out->object = part_at(t, 4);
	if (!out->point_count)
		points_at_end(f, t, at + out->classes, out);
	return out->classes > 0 && out->point_count <= DBP_HEAD_MAX_POINTS;
}

/* ---- One output ---- */

static bool is_decoded(const struct head_finder *f, int output)
{
	return f->trace.output_flags[output] & TRACE_DECODED;
}

static bool find_list(const struct head_finder *f, struct head_decoded *out)
{
	struct table t, found = { .output = -1 };

	for (int i = 0; i < f->g->output_count; i++) {
		if (!read_table(f->g->outputs[i], i, &t) || !is_decoded(f, i) ||
		    t.numbers < 5)
			continue;
		if (found.output >= 0)
			return false;
		found = t;
	}
	if (found.output < 0)
		return false;
	out->listed = true;
	out->candidates = found.candidates;
	out->box = part_at(&found, 0);
	out->box_flags = column(f, &found, 0).flags |
			 column(f, &found, 2).flags;
	if (!read_columns(f, &found, out))
		return false;
	out->score_flags =
		trace_element(&f->trace, found.output, out->score.first).flags;
	out->shared_map =
		column(f, &found, 0).map &&
		column(f, &found, 0).map ==
			trace_element(&f->trace, found.output, out->score.first)
				.map;
	return true;
}

/* ---- Boxes and scores in two outputs ---- */

/* With four classes, scores have the shape of boxes; then the name decides. */
static bool is_named_box(const struct value *v)
{
	return strcasestr(v->name, "box") || strcasestr(v->name, "loc");
}

/* Decoded boxes; a transformer's are sigmoids of its last layer. */
static bool find_boxes(const struct head_finder *f, struct table *box)
{
	struct table t;

	box->output = -1;
	for (int i = 0; i < f->g->output_count; i++) {
		const struct value *v = f->g->outputs[i];

		if (!read_table(v, i, &t) || t.numbers != 4 ||
		    !is_decoded(f, i))
			continue;
		if (box->output < 0 ||
		    (is_named_box(v) &&
		     !is_named_box(f->g->outputs[box->output])))
			*box = t;
	}
	return box->output >= 0;
}

/* Scores have as many rows; points, decoded pairs, may be beside them. */
static bool find_pair(const struct head_finder *f, struct head_decoded *out)
{
	struct table box, t, score = { .output = -1 };

	if (!find_boxes(f, &box))
		return false;
	for (int i = 0; i < f->g->output_count; i++) {
		if (i == box.output || !read_table(f->g->outputs[i], i, &t) ||
		    t.candidates != box.candidates)
			continue;
		if (is_decoded(f, i) && t.numbers > 4 && t.numbers % 2 == 0 &&
		    kind_of(f, &t, 0) == DECODED && !out->point_count &&
		    !(f->trace.output_flags[i] &
		      (TRACE_SIGMOID | TRACE_SOFTMAX))) {
			out->point_fields = 2;
			out->point_count = t.numbers / 2;
			out->points = part_at(&t, 0);
			continue;
		}
		if (score.output >= 0)
			return false;
		score = t;
	}
	if (score.output < 0 || out->point_count > DBP_HEAD_MAX_POINTS)
		return false;
	out->candidates = box.candidates;
	out->box = part_at(&box, 0);
	out->score = part_at(&score, 0);
	out->classes = score.numbers;
	out->box_flags = column(f, &box, 0).flags | column(f, &box, 2).flags;
	out->score_flags = f->trace.output_flags[score.output];
	/* else the graph leaves it out of the map's classes */
	out->background = score.numbers > 1 &&
			  (out->score_flags & TRACE_SOFTMAX) &&
			  column(f, &score, 0).channel == 0;
	out->shared_map = column(f, &box, 0).map &&
			  column(f, &box, 0).map == column(f, &score, 0).map;
	return true;
}

/* ---- The maps before ---- */

static void count_maps(const struct head_finder *f, struct head_decoded *out)
{
	static const int bins[] = { 16, 17, 8 };
	const struct trace *t = &f->trace;

	out->bins = 1;
	for (int i = 0; i < t->map_count; i++) {
		const struct trace_map *m = &t->maps[i];
		bool seen = m->value->shape.rank < 4; /* no map */

		for (int k = 0; k < i; k++)
			seen |= t->maps[k].height == m->height &&
				t->maps[k].width == m->width;
		out->levels += !seen;
		for (int k = 0; k < 3; k++)
			if ((out->box_flags & TRACE_SOFTMAX) &&
			    m->channels == 4 * bins[k])
				out->bins = bins[k];
	}
}

bool head_find_decoded(const struct head_finder *f, struct head_decoded *out)
{
	*out = (struct head_decoded){ .object.output = DBP_NONE,
				      .points.output = DBP_NONE };
	if (!find_pair(f, out)) {
		*out = (struct head_decoded){ .object.output = DBP_NONE,
					      .points.output = DBP_NONE };
		if (!find_list(f, out))
			return false;
	}
	count_maps(f, out);
	return true;
}
