/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_levels.h"

#include <stdlib.h>
#include <string.h>

#define DFL_CHANNELS 64 /* four distances of 16 bins, as in YOLOv8 */

/* The consecutive channels from `c` on that reach one output in the same way.
 */
static struct head_part part_from(const struct trace_map *m, int c)
{
	const struct trace_channel *first = &m->channel[c];
	struct head_part p = { .map = m,
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

static struct head_level *level_of(struct head_finder *f, int height, int width)
{
	for (int i = 0; i < f->level_count; i++)
		if (f->levels[i].height == height &&
		    f->levels[i].width == width)
			return &f->levels[i];
	if (f->level_count == DBP_HEAD_MAX_LEVELS)
		return NULL;
	f->levels[f->level_count] =
		(struct head_level){ .height = height, .width = width };
	return &f->levels[f->level_count++];
}

static int by_size(const void *a, const void *b)
{
	const struct head_level *x = a, *y = b;

	return (x->height * x->width < y->height * y->width) -
	       (x->height * x->width > y->height * y->width);
}

static bool add_parts(struct head_finder *f, const struct trace_map *m)
{
	for (int c = 0; c < m->channels;) {
		struct head_part p = part_from(m, c);
		struct head_level *l;

		c += p.count;
		if (p.output < 0)
			continue;
		f->half_decoded |= (p.flags & TRACE_DECODED) != 0;
		l = level_of(f, m->height, m->width);
		if (!l || l->count == HEAD_MAX_PARTS)
			return false;
		l->parts[l->count++] = p;
	}
	return true;
}

bool head_gather_levels(struct head_finder *f)
{
	for (int i = 0; i < f->trace.map_count; i++)
		if (!add_parts(f, &f->trace.maps[i]))
			return false;
	qsort(f->levels, (size_t)f->level_count, sizeof(*f->levels), by_size);
	return f->level_count > 0;
}

/* ---- Where a part lies in its output ---- */

int head_rows_a_cell(const struct head_finder *f, const struct head_part *p)
{
	const struct trace_channel *c = &p->map->channel[p->from];
	const struct shape *s = &f->g->outputs[p->output]->shape;
	int64_t row = s->rank > 0 ? s->dim[s->rank - 1] : 0;
	bool rows = s->rank == 2 || s->rank == 3 ||
		    (s->rank == 4 && s->dim[0] == 1 && s->dim[1] == 1);

	if (p->count > 1)
		rows = rows && c[1].first == c[0].first + 1;
	if (!rows || row < 1 || c->step < row || c->step % row)
		return 1;
	return (int)(c->step / row);
}

bool head_place_part(const struct head_part *p, int anchors,
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

bool head_is_activated(const struct head_part *p)
{
	return p->flags & (TRACE_SIGMOID | TRACE_SOFTMAX);
}

static bool has_name(const struct head_finder *f, const struct head_part *p,
		     const char *const *words)
{
	const char *a = p->map->value->name;
	/* a map may be the graph's input, which no node makes */
	const struct node *n = p->map->value->producer;
	const char *b = n ? n->name : a;
	const char *o = f->g->outputs[p->output]->name;

	for (; *words; words++)
		if (strcasestr(a, *words) || strcasestr(b, *words) ||
		    (f->g->output_count > 1 && strcasestr(o, *words)))
			return true;
	return false;
}

static bool named_box(const struct head_finder *f, const struct head_part *p)
{
	static const char *const words[] = { "box", "reg", "loc", "dis_pred",
					     NULL };

	return has_name(f, p, words);
}

static bool named_object(const struct head_finder *f, const struct head_part *p)
{
	static const char *const words[] = { "obj", "center", "ctr", NULL };

	return has_name(f, p, words);
}

/* Two maps: the activated one holds the classes; else their names decide, else
 * their channel counts. */
static bool roles_of_two(const struct head_finder *f, struct head_level *l)
{
	const struct head_part *a = &l->parts[0], *b = &l->parts[1];
	bool first_box;

	if (head_is_activated(a) != head_is_activated(b))
		first_box = head_is_activated(b);
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

/* Numbers of a part for each box. */
static int fields_of(const struct head_finder *f, const struct head_part *p)
{
	return p->count / head_rows_a_cell(f, p);
}

/* The part of so many raw numbers a box, by name where there are several. */
static const struct head_part *
find_part(const struct head_finder *f, const struct head_level *l, int fields,
	  bool (*named)(const struct head_finder *, const struct head_part *),
	  bool raw)
{
	const struct head_part *found = NULL;

	for (int i = 0; i < l->count; i++) {
		const struct head_part *p = &l->parts[i];

		if (p != l->box && fields_of(f, p) == fields &&
		    !(raw && head_is_activated(p)) &&
		    (!found || (named(f, p) && !named(f, found))))
			found = p;
	}
	return found;
}

static bool has_activated(const struct head_level *l)
{
	for (int i = 0; i < l->count; i++)
		if (head_is_activated(&l->parts[i]))
			return true;
	return false;
}

/* Points of a face or hand: pairs of raw numbers, beside a box, its score and
 * either an objectness or scores that are activated. */
static bool is_landmarks(const struct head_finder *f,
			 const struct head_level *l, const struct head_part *p)
{
	int fields = fields_of(f, p);

	return !head_is_activated(p) && fields % 2 == 0 && fields > 4 &&
	       (l->count > 3 || (!l->object && has_activated(l)));
}

/* Three maps or more: four numbers are a box, one is the objectness. Landmarks
 * are not used. */
static bool roles_of_more(const struct head_finder *f, struct head_level *l)
{
	bool landmarks = false;

	l->box = find_part(f, l, 4, named_box, true);
	l->object = find_part(f, l, 1, named_object, false);
	for (int i = 0; i < l->count; i++) {
		const struct head_part *p = &l->parts[i];

		if (p == l->box || p == l->object)
			continue;
		if (is_landmarks(f, l, p)) {
			landmarks = true;
			continue;
		}
		if (l->score)
			return false;
		l->score = p;
	}
	return l->box && (l->object || landmarks) && l->score;
}

bool head_find_roles(struct head_finder *f)
{
	for (int i = 0; i < f->level_count; i++) {
		struct head_level *l = &f->levels[i];

		if (l->count < 2 || l->count != f->levels[0].count)
			return false;
		if (l->count == 2 ? !roles_of_two(f, l) : !roles_of_more(f, l))
			return false;
	}
	return true;
}
