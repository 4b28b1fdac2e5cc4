/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_yaml_place.h"

static uint32_t cells_of(const struct head_yaml_level *l)
{
	return l->level.columns * l->level.rows;
}

static uint32_t boxes_of(const struct head_yaml_level *l)
{
	return cells_of(l) * l->level.anchors;
}

/* How the numbers of a box lie in an output. */
struct part_layout {
	uint32_t base; /* elements of the levels before */
	uint32_t cell, anchor, field;
};

/* [..., channels, rows, columns] of this level alone. */
static bool is_planes(const struct shape *s, const struct head_yaml_level *l)
{
	return s->rank >= 3 && s->dim[s->rank - 1] == l->level.columns &&
	       s->dim[s->rank - 2] == l->level.rows;
}

static struct part_layout planes(const struct head_yaml_level *l,
				 uint32_t fields)
{
	return (struct part_layout){ 0, 1, fields * cells_of(l), cells_of(l) };
}

/* [..., numbers, boxes]: the boxes of all levels in the output. */
static struct part_layout long_planes(const struct head_yaml_level *l,
				      uint32_t before, uint32_t boxes)
{
	return (struct part_layout){ before, l->level.anchors, 1, boxes };
}

/* [..., boxes, numbers] */
static struct part_layout rows(const struct head_yaml_level *l, uint32_t before,
			       uint32_t numbers)
{
	return (struct part_layout){ before * numbers,
				     numbers * l->level.anchors, numbers, 1 };
}

/* Boxes of the levels before `level` whose part is in the same output, and of
 * all such levels. */
static void count_boxes(const struct head_yaml *r, uint32_t level, size_t part,
			uint32_t *before, uint32_t *all)
{
	const struct head_yaml_part *mine =
		(const void *)((const char *)&r->levels[level] + part);

	*before = *all = 0;
	for (uint32_t i = 0; i < r->level_count; i++) {
		const struct head_yaml_level *l = &r->levels[i];
		const struct head_yaml_part *p =
			(const void *)((const char *)l + part);

		if (p->at.output != mine->at.output)
			continue;
		*before += i < level ? boxes_of(l) : 0;
		*all += boxes_of(l);
	}
}

static bool find_layout(const struct head_yaml *r, uint32_t level, size_t part,
			const struct head_yaml_part *p, uint32_t fields,
			struct part_layout *out)
{
	const struct head_yaml_level *l = &r->levels[level];
	const struct shape *s = &r->g->outputs[p->at.output]->shape;
	int64_t last = s->rank ? s->dim[s->rank - 1] : 1;
	uint32_t before, all;

	count_boxes(r, level, part, &before, &all);
	if (is_planes(s, l) && all == boxes_of(l))
		*out = planes(l, fields);
	else if (last == all && shape_elements(s) >= (int64_t)all * fields &&
		 (fields != all || l->level.anchors > 1))
		*out = long_planes(l, before, all);
	else if (last >= fields && shape_elements(s) == last * all)
		*out = rows(l, before, (uint32_t)last);
	else
		return false;
	return true;
}

static void use(uint32_t *number, uint32_t found)
{
	if (*number == DBP_NONE)
		*number = found;
}

static int place(struct head_yaml *r, uint32_t level, size_t part,
		 const char *name, uint32_t fields)
{
	struct head_yaml_level *l = &r->levels[level];
	struct head_yaml_part *p = (void *)((char *)l + part);
	struct part_layout at = { .field = 1 };

	if (p->at.output == DBP_NONE)
		return 0;
	if (p->at.cell == DBP_NONE &&
	    !find_layout(r, level, part, p, fields, &at))
		return yaml_error(&r->f, l->at, r->d,
				  "the place of '%s' in output '%s' is not "
				  "clear: give its 'first', 'cell', 'anchor' "
				  "and 'field'",
				  name, r->g->outputs[p->at.output]->name);
	if (l->level.anchors == 1)
		at.anchor = 0;
	use(&p->at.field, at.field);
	use(&p->at.cell, at.cell);
	use(&p->at.anchor, at.anchor);
	use(&p->at.first, at.base + p->column * p->at.field);
	return 0;
}

int head_yaml_place(struct head_yaml *r, uint32_t level)
{
	const struct dbp_head *h = &r->head;
	bool apart = r->levels[level].size.at.output != DBP_NONE;
	uint32_t box = apart ? 2 : h->bins ? 4u * h->bins : 4;
	uint32_t points = (uint32_t)h->point_count * h->point_fields;
#define PART(name) offsetof(struct head_yaml_level, name)

	return place(r, level, PART(box), "box", box) ||
			       place(r, level, PART(size), "size", 2) ||
			       place(r, level, PART(object), "object", 1) ||
			       place(r, level, PART(score), "score",
				     h->class_count) ||
			       place(r, level, PART(points), "points", points) ?
		       -1 :
		       0;
}
