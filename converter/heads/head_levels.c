/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_levels.h"

#include <stdlib.h>

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

/* Boxes of a cell, from the rows of the part's output; 1 for planes. */
static int rows_a_cell(const struct head_finder *f, const struct head_part *p)
{
	const struct trace_channel *c = &p->map->channel[p->from];
	const struct shape *s = &f->g->outputs[p->output]->shape;
	int64_t row = s->rank > 0 ? s->dim[s->rank - 1] : 0;
	bool rows = s->rank == 2 || s->rank == 3 ||
		    (s->rank == 4 && s->dim[0] == 1 && s->dim[1] == 1);

	if (p->count > 1)
		rows = rows && c[1].first == c[0].first + 1;
	/* a single cell shows it by its rows alone */
	if (rows && row > 0 && p->map->height * p->map->width == 1)
		return p->count % row ? 1 : (int)(p->count / row);
	if (!rows || row < 1 || c->step < row || c->step % row)
		return 1;
	return (int)(c->step / row);
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
		l = level_of(f, m->height, m->width);
		if (!l || l->count == HEAD_MAX_PARTS)
			return false;
		p.per_cell = rows_a_cell(f, &p);
		l->parts[l->count++] = p;
	}
	return true;
}

bool head_is_activated(const struct head_part *p)
{
	return p->flags & (TRACE_SIGMOID | TRACE_SOFTMAX);
}

/* Scores may be products of maps (PicoDet) if another part is not decoded. */
static bool is_half_decoded(const struct head_level *l)
{
	bool any = false, raw = false;

	for (int i = 0; i < l->count; i++) {
		const struct head_part *p = &l->parts[i];
		bool decoded = p->flags & (TRACE_AFFINE | TRACE_MIXED);

		raw |= !decoded;
		any |= decoded && !head_is_activated(p);
	}
	return any || !raw;
}

bool head_gather_levels(struct head_finder *f)
{
	for (int i = 0; i < f->trace.map_count; i++)
		if (!add_parts(f, &f->trace.maps[i]))
			return false;
	qsort(f->levels, (size_t)f->level_count, sizeof(*f->levels), by_size);
	for (int i = 0; i < f->level_count; i++) {
		const struct head_level *l = &f->levels[i];

		f->half_decoded |= is_half_decoded(l);
		for (int k = 0; k < l->count; k++)
			f->scaled |= (l->parts[k].flags & TRACE_SCALED) != 0;
	}
	return f->level_count > 0;
}

/* ---- Where a role lies in its output ---- */

struct head_role head_role_of(const struct head_part *p, int anchors, int first,
			      int count)
{
	return (struct head_role){ .part = p,
				   .first = first,
				   .anchor = p->count / anchors,
				   .field = 1,
				   .count = count };
}

static int64_t place_of(const struct head_role *r, int anchor, int number)
{
	const struct head_part *p = r->part;
	int channel = r->first + anchor * r->anchor + number * r->field;

	if (channel < 0 || channel >= p->count)
		return -1;
	return p->map->channel[p->from + channel].first;
}

bool head_place_role(const struct head_role *r, int anchors,
		     struct dbp_head_part *out)
{
	int64_t first = place_of(r, 0, 0);
	int64_t anchor = anchors > 1 ? place_of(r, 1, 0) - first : 0;
	int64_t field = r->count > 1 ? place_of(r, 0, 1) - first : 0;

	if (first < 0 || anchor < 0 || field < 0)
		return false;
	*out = (struct dbp_head_part){
		.output = (uint32_t)r->part->output,
		.first = (uint32_t)first,
		.cell = (uint32_t)r->part->map->channel[r->part->from].step,
		.anchor = (uint32_t)anchor,
		.field = (uint32_t)field,
	};
	for (int a = 0; a < anchors; a++)
		for (int k = 0; k < r->count; k++)
			if (place_of(r, a, k) != first + a * anchor + k * field)
				return false;
	return true;
}
