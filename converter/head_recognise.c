/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a detector's outputs mean, told from the maps that its last
 * convolutions make and from what is done to them on the way out. Maps of one
 * size are a level; within it one map holds boxes, one the classes, and often
 * one how sure the network is of there being anything.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "converter/head.h"
#include "converter/head_probe.h"
#include "converter/head_trace.h"

#define MAX_PARTS 6 /* maps of a level */
#define NMS_IOU_FACES .4f
#define DFL_CHANNELS 64 /* four distances of 16 bins, as YOLOv8 has them */

enum { DECODED = TRACE_AFFINE | TRACE_MIXED | TRACE_SCALED };

/* Channels of a map that are outputs. */
struct part {
	const struct trace_map *map;
	int from, count, output;
	unsigned flags;
};

struct level {
	int height, width;
	struct part parts[MAX_PARTS];
	int count;
	const struct part *box, *object, *score;
};

struct finder {
	const struct graph *g;
	const struct config *c;
	struct arena *arena;
	struct head *out;
	struct trace trace;
	int height, width; /* of the input */
	struct level levels[DBP_HEAD_MAX_LEVELS];
	int level_count;
	bool places_only; /* not what the boxes' numbers mean */
	bool half_decoded;
	struct dbp_head head;
};

/* The outputs are not understood, and what would help. */
static bool unknown(struct finder *f, const char *why)
{
	f->out->why = why;
	return false;
}

/* ---- Levels ---- */

/* The run of channels from `c` on that went one way to one output. */
static struct part part_from(const struct trace_map *m, int c)
{
	const struct trace_channel *first = &m->channel[c];
	struct part p = { .map = m,
			  .from = c,
			  .output = first->output,
			  .flags = first->flags };

	while (c < m->channels && m->channel[c].output == first->output &&
	       m->channel[c].flags == first->flags &&
	       m->channel[c].step == first->step)
		c++;
	p.count = c - p.from;
	return p;
}

static struct level *level_of(struct finder *f, int height, int width)
{
	for (int i = 0; i < f->level_count; i++)
		if (f->levels[i].height == height &&
		    f->levels[i].width == width)
			return &f->levels[i];
	if (f->level_count == DBP_HEAD_MAX_LEVELS)
		return NULL;
	f->levels[f->level_count] =
		(struct level){ .height = height, .width = width };
	return &f->levels[f->level_count++];
}

static int finer(const void *a, const void *b)
{
	const struct level *x = a, *y = b;

	return (x->height * x->width < y->height * y->width) -
	       (x->height * x->width > y->height * y->width);
}

static bool add_parts(struct finder *f, const struct trace_map *m)
{
	for (int c = 0; c < m->channels;) {
		struct part p = part_from(m, c);
		struct level *l;

		c += p.count;
		if (p.output < 0)
			continue;
		f->half_decoded |= (p.flags & DECODED) != 0;
		l = level_of(f, m->height, m->width);
		if (!l || l->count == MAX_PARTS)
			return false;
		l->parts[l->count++] = p;
	}
	return true;
}

/* What comes out as the network made it, at most activated. */
static bool gather_levels(struct finder *f)
{
	for (int i = 0; i < f->trace.map_count; i++)
		if (!add_parts(f, &f->trace.maps[i]))
			return false;
	qsort(f->levels, (size_t)f->level_count, sizeof(*f->levels), finer);
	return f->level_count > 0;
}

/* ---- Where a part stands ---- */

/* How many candidates a cell has, by the rows of its output. */
static int rows_a_cell(const struct finder *f, const struct part *p)
{
	const struct trace_channel *c = &p->map->channel[p->from];
	const struct shape *s = &f->g->outputs[p->output]->shape;
	int64_t row = s->rank > 0 ? s->dim[s->rank - 1] : 0;
	bool rows = s->rank == 2 || s->rank == 3;

	if (p->count > 1)
		rows = rows && c[1].first == c[0].first + 1;
	if (!rows || row < 1 || c->step < row || c->step % row)
		return 1;
	return (int)(c->step / row);
}

/* Field k of anchor a must be channel a * fields + k of the map. */
static bool place_part(const struct part *p, int anchors,
		       struct dbp_head_part *out)
{
	const struct trace_channel *c = &p->map->channel[p->from];
	int fields = p->count / anchors;

	if (anchors < 1 || p->count % anchors)
		return false;
	*out = (struct dbp_head_part){
		.output = (uint32_t)p->output,
		.first = (uint32_t)c->first,
		.cell = (uint32_t)c->step,
		.anchor = anchors > 1 ? (uint32_t)(c[fields].first - c->first) :
					0,
		.field = fields > 1 ? (uint32_t)(c[1].first - c->first) : 0,
	};
	for (int a = 0; a < anchors; a++)
		for (int k = 0; k < fields; k++)
			if (c[a * fields + k].first !=
			    (int64_t)out->first + a * (int64_t)out->anchor +
				    k * (int64_t)out->field)
				return false;
	return true;
}

/* ---- Roles ---- */

static bool is_activated(const struct part *p)
{
	return p->flags & (TRACE_SIGMOID | TRACE_SOFTMAX);
}

static bool named(const struct finder *f, const struct part *p,
		  const char *const *words)
{
	const char *a = p->map->value->name;
	const char *b = p->map->value->producer->name;
	const char *o = f->g->outputs[p->output]->name;

	for (; *words; words++)
		if (strcasestr(a, *words) || strcasestr(b, *words) ||
		    (f->g->output_count > 1 && strcasestr(o, *words)))
			return true;
	return false;
}

static bool named_box(const struct finder *f, const struct part *p)
{
	static const char *const words[] = { "box", "reg", "loc", "dis_pred",
					     NULL };

	return named(f, p, words);
}

static bool named_object(const struct finder *f, const struct part *p)
{
	static const char *const words[] = { "obj", "center", "ctr", NULL };

	return named(f, p, words);
}

/* Two maps: what is activated holds classes, else the names tell. */
static bool roles_of_two(const struct finder *f, struct level *l)
{
	const struct part *a = &l->parts[0], *b = &l->parts[1];
	bool first_box;

	if (is_activated(a) != is_activated(b))
		first_box = is_activated(b);
	else if (named_box(f, a) != named_box(f, b))
		first_box = named_box(f, a);
	else if ((a->count == DFL_CHANNELS) != (b->count == DFL_CHANNELS))
		first_box = a->count == DFL_CHANNELS;
	else if ((a->count % 4 == 0) != (b->count % 4 == 0))
		first_box = a->count % 4 == 0;
	else
		return false;
	l->box = first_box ? a : b;
	l->score = first_box ? b : a;
	return l->box->count % 4 == 0;
}

/* More maps: four numbers are a box, one says whether there is anything;
 * landmarks and the like stay unused. */
static bool roles_of_more(const struct finder *f, struct level *l)
{
	for (int i = 0; i < l->count; i++) {
		const struct part *p = &l->parts[i];

		if (p->count == 4 && !is_activated(p) &&
		    (!l->box || (named_box(f, p) && !named_box(f, l->box))))
			l->box = p;
	}
	for (int i = 0; i < l->count; i++) {
		const struct part *p = &l->parts[i];

		if (p != l->box && p->count == 1 &&
		    (!l->object ||
		     (named_object(f, p) && !named_object(f, l->object))))
			l->object = p;
	}
	for (int i = 0; i < l->count; i++) {
		const struct part *p = &l->parts[i];
		bool landmarks = l->count > 3 && !is_activated(p) &&
				 p->count % 2 == 0 && p->count > 4;

		if (p == l->box || p == l->object || landmarks)
			continue;
		if (l->score)
			return false;
		l->score = p;
	}
	return l->box && l->object && l->score;
}

static bool find_roles(struct finder *f)
{
	for (int i = 0; i < f->level_count; i++) {
		struct level *l = &f->levels[i];

		if (l->count < 2 || l->count != f->levels[0].count)
			return false;
		if (l->count == 2 ? !roles_of_two(f, l) : !roles_of_more(f, l))
			return false;
	}
	return true;
}

/* ---- Families ---- */

/* Priors that are part of a well-known family, as no graph holds them. */
struct priors {
	const char *name;
	int levels;
	struct {
		int stride, anchors;
		float size[3]; /* squares, pixels */
	} level[4];
};

static const struct priors known_priors[] = {
	{ "UltraFace",
	  4,
	  { { 8, 3, { 10, 16, 24 } },
	    { 16, 2, { 32, 48 } },
	    { 32, 2, { 64, 96 } },
	    { 64, 3, { 128, 192, 256 } } } },
};

static const struct priors *find_priors(const struct finder *f,
					const int *anchors)
{
	const struct priors *p = known_priors;
	size_t n = sizeof(known_priors) / sizeof(*known_priors);

	for (size_t i = 0; i < n; i++) {
		bool same = p[i].levels == f->level_count;

		for (int k = 0; same && k < f->level_count; k++)
			same = p[i].level[k].anchors == anchors[k] &&
			       head_stride(f->width, f->levels[k].width) ==
				       (float)p[i].level[k].stride;
		if (same)
			return &p[i];
	}
	return NULL;
}

static uint8_t activation_left(const struct part *p)
{
	return is_activated(p) ? DBP_ACT_NONE : DBP_ACT_SIGMOID;
}

static void use_priors(struct finder *f, const struct priors *p)
{
	float *size = head_anchors(f->out->data);
	struct dbp_head_level *levels = head_levels(f->out->data);
	uint32_t at = 0;

	f->out->kind = p->name;
	for (int i = 0; i < p->levels; i++) {
		levels[i].first_anchor = at;
		levels[i].offset = .5f;
		for (int k = 0; k < p->level[i].anchors; k++, at++) {
			float s = p->level[i].size[k];

			/* a prior is no larger than the picture */
			size[2 * at] = s < (float)f->width ? s :
							     (float)f->width;
			size[2 * at + 1] =
				s < (float)f->height ? s : (float)f->height;
		}
	}
}

static bool build_levels(struct finder *f, const int *anchors)
{
	struct dbp_head_level *out;

	f->head.level_count = (uint32_t)f->level_count;
	if (head_new(f->out, &f->head, f->arena))
		return unknown(f, "memory is exhausted");
	out = head_levels(f->out->data);
	for (int i = 0; i < f->level_count; i++) {
		const struct level *l = &f->levels[i];

		out[i] = (struct dbp_head_level){
			.columns = (uint32_t)l->width,
			.rows = (uint32_t)l->height,
			.anchors = (uint32_t)anchors[i],
			.first_anchor = DBP_NONE,
			.stride_x = head_stride(f->width, l->width),
			.stride_y = head_stride(f->height, l->height),
			.object.output = DBP_NONE,
		};
		/* a size that no stride divides has one for both sides */
		if (f->width % l->width || f->height % l->height)
			out[i].stride_x = out[i].stride_y =
				head_stride(f->width, l->width);
		if (!place_part(l->box, anchors[i], &out[i].box) ||
		    !place_part(l->score, anchors[i], &out[i].score) ||
		    (l->object &&
		     !place_part(l->object, anchors[i], &out[i].object)))
			return unknown(f, "boxes and scores are not in one "
					  "order");
	}
	return true;
}

static void set_offsets(struct finder *f, float cells, float pixels)
{
	struct dbp_head_level *l = head_levels(f->out->data);

	for (int i = 0; i < f->level_count; i++)
		l[i].offset = cells + pixels / l[i].stride_x;
}

/* Four distances from a cell's middle, each a number or a distribution. */
static bool find_distances(struct finder *f, const int *anchors, int bins)
{
	bool apart = f->level_count > 1 &&
		     f->levels[0].box->output != f->levels[1].box->output;

	if (bins > 1 && bins != 8 && bins != 16 && bins != 17)
		return unknown(f, "which are boxes and which are scores is "
				  "not clear");
	if (f->levels[0].box->flags & TRACE_EXP)
		return unknown(f, "distances whose unit is not in the model");
	f->head.box_form = DBP_BOX_DISTANCE;
	f->head.bins = bins > 1 ? (uint8_t)bins : 0;
	f->head.class_act = activation_left(f->levels[0].score);
	if (f->levels[0].object) {
		f->head.object_act = activation_left(f->levels[0].object);
		f->head.object_power = f->head.class_power = .5f;
	}
	if (!build_levels(f, anchors))
		return false;
	f->out->kind = bins >= 16 ? "YOLOv8" : bins > 1 ? "NanoDet" : "FCOS";
	if (bins == 8 && apart)
		set_offsets(f, .5f, -.5f); /* the middle of the pixels */
	else if (bins == 8)
		set_offsets(f, 0, 0); /* NanoDet-Plus */
	else
		set_offsets(f, .5f, 0);
	return true;
}

static bool find_prior_offsets(struct finder *f, const int *anchors)
{
	const struct priors *p = find_priors(f, anchors);

	if (!p)
		return unknown(f, "offsets to priors whose sizes are not in "
				  "the model");
	for (int i = 0; i < f->level_count; i++)
		f->head.anchor_count += (uint32_t)anchors[i];
	f->head.box_form = DBP_BOX_PRIOR;
	f->head.center_variance = .1f;
	f->head.size_variance = .2f;
	f->head.background = f->head.class_count > 1;
	f->head.class_act = is_activated(f->levels[0].score) ? DBP_ACT_NONE :
							       DBP_ACT_SOFTMAX;
	if (!build_levels(f, anchors))
		return false;
	use_priors(f, p);
	return true;
}

/* One box a cell, and whether there is anything. */
static bool find_one_a_cell(struct finder *f, const int *anchors)
{
	const struct level *l = &f->levels[0];

	f->head.object_act = activation_left(l->object);
	f->head.class_act = activation_left(l->score);
	if (f->level_count == 1 && (l->score->flags & TRACE_SOFTMAX)) {
		f->head.box_form = DBP_BOX_TANH;
		f->head.object_power = .6f;
		f->head.class_power = .4f;
		f->out->kind = "FastestDet";
	} else {
		f->head.box_form = DBP_BOX_PRIOR;
		f->out->kind = "YOLOX";
		if (l->count > 3) { /* landmarks beside it */
			f->head.object_power = f->head.class_power = .5f;
			f->out->kind = "YuNet";
		}
	}
	return build_levels(f, anchors);
}

static bool find_maps(struct finder *f)
{
	const struct level *l = &f->levels[0];
	int anchors[DBP_HEAD_MAX_LEVELS];
	int bins;

	for (int i = 0; i < f->level_count; i++) {
		int score;

		anchors[i] = rows_a_cell(f, f->levels[i].box);
		score = rows_a_cell(f, f->levels[i].score);
		if (anchors[i] != score ||
		    f->levels[i].box->count % (4 * anchors[i]))
			return unknown(f, "boxes and scores do not match");
	}
	f->head.class_count = (uint32_t)(l->score->count / anchors[0]);
	bins = l->box->count / 4 / anchors[0];
	for (int i = 0; i < f->level_count; i++) {
		const struct level *k = &f->levels[i];

		if (k->box->count != 4 * bins * anchors[i] ||
		    k->score->count != (int)f->head.class_count * anchors[i])
			return unknown(f, "boxes and scores do not match");
	}
	if (f->places_only)
		return build_levels(f, anchors);
	if (bins > 1 || (l->box->flags & (TRACE_POSITIVE | TRACE_EXP)))
		return find_distances(f, anchors, bins);
	if (l->object)
		return find_one_a_cell(f, anchors);
	if (f->level_count > 1 || anchors[0] > 1)
		return find_prior_offsets(f, anchors);
	return unknown(f, "one box a cell, but not how it is meant");
}

/* YOLOv5's own maps: [1, anchors, rows, columns, 5 + classes]. */
static const float yolo_anchors[3][6] = {
	{ 10, 13, 16, 30, 33, 23 },
	{ 30, 61, 62, 45, 59, 119 },
	{ 116, 90, 156, 198, 373, 326 },
};

static bool is_square_level(const struct finder *f, const struct level *l,
			    int i)
{
	const struct value *v;

	if (l->count != 1)
		return false;
	v = f->g->outputs[l->parts[0].output];
	return v->shape.rank == 5 && v->shape.dim[1] == 3 &&
	       v->shape.dim[4] > 5 &&
	       3 * v->shape.dim[4] == l->parts[0].count &&
	       head_stride(f->width, l->width) == (float)(8 << i);
}

static bool find_squares(struct finder *f)
{
	struct dbp_head_level *out;
	int fields;

	for (int i = 0; i < f->level_count; i++)
		if (f->level_count != 3 ||
		    !is_square_level(f, &f->levels[i], i))
			return unknown(f, "one map a level, but not how it is "
					  "meant");
	fields = f->levels[0].parts[0].count / 3;
	f->head.box_form = DBP_BOX_SQUARE;
	f->head.class_count = (uint32_t)(fields - 5);
	f->head.box_act = f->head.object_act = f->head.class_act =
		activation_left(&f->levels[0].parts[0]);
	f->head.level_count = 3;
	f->head.anchor_count = 9;
	f->out->kind = "YOLOv5";
	if (head_new(f->out, &f->head, f->arena))
		return unknown(f, "memory is exhausted");
	memcpy(head_anchors(f->out->data), yolo_anchors, sizeof(yolo_anchors));
	out = head_levels(f->out->data);
	for (int i = 0; i < 3; i++) {
		const struct level *l = &f->levels[i];

		out[i] = (struct dbp_head_level){
			.columns = (uint32_t)l->width,
			.rows = (uint32_t)l->height,
			.anchors = 3,
			.first_anchor = 3 * (uint32_t)i,
			.stride_x = (float)(8 << i),
			.stride_y = (float)(8 << i),
		};
		if (!place_part(&l->parts[0], 3, &out[i].box))
			return unknown(f, "boxes are in no known order");
		out[i].object = out[i].score = out[i].box;
		out[i].object.first += 4 * out[i].box.field;
		out[i].score.first += 5 * out[i].box.field;
		if (l->parts[0].count != 3 * fields)
			return unknown(f, "levels differ in their classes");
	}
	return true;
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
		return unknown(f, "there are too many boxes");
	if (head_new(f->out, &f->head, f->arena))
		return unknown(f, "memory is exhausted");
	*head_levels(f->out->data) = *l;
	f->out->kind = "boxes and scores";
	return head_probe_boxes(f->g, f->out) ||
	       unknown(f, "boxes are neither corners nor centres");
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

static bool find_raw(struct finder *f)
{
	if (!head_input_size(f->g, &f->height, &f->width) || !gather_levels(f))
		return unknown(f, "they are neither boxes nor classes");
	if (f->half_decoded && !f->places_only)
		return unknown(f, "they are computed from the network's maps "
				  "in a way that is not known");
	if (f->levels[0].count == 1)
		return find_squares(f);
	if (!find_roles(f))
		return unknown(f, "which are boxes and which are scores is "
				  "not clear");
	return find_maps(f);
}

static bool find(struct finder *f)
{
	if (!f->places_only &&
	    (find_classes(f) || find_boxes_and_scores(f) || find_list(f)))
		return true;
	return f->out->why ? false : find_raw(f);
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
