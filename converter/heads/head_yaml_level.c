/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a level and its parts: dbconvert(1) under HEADS. */
#include "converter/heads/head_yaml_level.h"

#include <stddef.h>
#include <string.h>

#include "converter/heads/head_anchors.h"

/* ---- A part ---- */

#define AT(member) offsetof(struct head_yaml_part, at.member)
static int set_part(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const struct head_yaml_key keys[] = {
		{ "output", head_yaml_output, AT(output) },
		{ "column", head_yaml_count,
		  offsetof(struct head_yaml_part, column) },
		{ "first", head_yaml_count, AT(first) },
		{ "cell", head_yaml_count, AT(cell) },
		{ "anchor", head_yaml_count, AT(anchor) },
		{ "field", head_yaml_count, AT(field) },
		{ 0 },
	};
	struct head_yaml_part *p = to;

	if (head_yaml_map(r, n, keys, p))
		return -1;
	if (p->at.output == DBP_NONE)
		return yaml_error(&r->f, n, r->d,
				  "key 'output' of a part is missing");
	return 0;
}

/* ---- Grid, strides, anchors ---- */

static int set_grid(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct head_yaml_level *l = to;
	const yaml_node_t *w = yaml_item(&r->f, n, 0);
	const yaml_node_t *h = yaml_item(&r->f, n, 1);

	if (!w || !h)
		return yaml_error(&r->f, n, r->d, "expected [columns, rows]");
	l->has_grid = true;
	return head_yaml_count(r, w, &l->level.columns) ||
			       head_yaml_count(r, h, &l->level.rows) ?
		       -1 :
		       0;
}

static int set_stride(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct head_yaml_level *l = to;
	const yaml_node_t *x = yaml_item(&r->f, n, 0);
	const yaml_node_t *y = yaml_item(&r->f, n, 1);
	double stride[2];

	x = x ? x : n;
	y = y ? y : x;
	/* boxes that are decoded already have none */
	if (head_yaml_number(r, x, 0, 1e6, &stride[0]) ||
	    head_yaml_number(r, y, 0, 1e6, &stride[1]))
		return -1;
	l->has_stride = true;
	l->level.stride_x = (float)stride[0];
	l->level.stride_y = (float)stride[1];
	return 0;
}

static int set_offset(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct head_yaml_level *l = to;
	double x;

	if (head_yaml_number(r, n, -1e3, 1e3, &x))
		return -1;
	l->has_offset = true;
	l->level.offset = (float)x;
	return 0;
}

/* Two numbers, width and height, or four: before them the place of the centre
 * from the cell's point. */
static int set_anchor(struct head_yaml *r, const yaml_node_t *n,
		      struct head_yaml_level *l)
{
	uint32_t count = yaml_item(&r->f, n, 2) ? 4 : 2;
	float *to = l->anchors + (size_t)count * l->anchor_count;

	if (l->anchor_count && count != l->anchor_numbers)
		return yaml_error(&r->f, n, r->d,
				  "expected as many numbers as in the anchor "
				  "before");
	l->anchor_numbers = count;
	for (uint32_t i = 0; i < count; i++) {
		const yaml_node_t *item = yaml_item(&r->f, n, (int)i);
		double x;

		if (!item || yaml_item(&r->f, n, 4))
			return yaml_error(&r->f, n, r->d,
					  "expected [width, height] or [x, y, "
					  "width, height]");
		if (head_yaml_number(r, item, i + 2 < count ? -1e6 : 1e-6, 1e6,
				     &x))
			return -1;
		to[i] = (float)x;
	}
	l->anchor_count++;
	return 0;
}

/* Anchors that an output of the model holds, a constant one. */
struct from_output {
	uint32_t output;
	uint8_t corners, normalized, y_first;
};

static int set_anchor_form(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	static const char *const forms[] = { "center", "corners" };

	return head_yaml_choice(r, n, forms, 2, to);
}

static int read_output(struct head_yaml *r, const yaml_node_t *n,
		       struct head_yaml_level *l)
{
#define FROM(member) offsetof(struct from_output, member)
	static const struct head_yaml_key keys[] = {
		{ "output", head_yaml_output, FROM(output) },
		{ "form", set_anchor_form, FROM(corners) },
		{ "normalized", head_yaml_flag, FROM(normalized) },
		{ "y-first", head_yaml_flag, FROM(y_first) },
		{ 0 },
	};
	struct from_output from = { .output = DBP_NONE };
	struct head_anchor_list list;

	if (head_yaml_map(r, n, keys, &from))
		return -1;
	if (from.output == DBP_NONE)
		return yaml_error(&r->f, n, r->d,
				  "key 'output' of the anchors is missing");
	if (!head_anchors_read(r->g, r->g->outputs[from.output], from.corners,
			       from.normalized, from.y_first, r->arena, &list))
		return yaml_error(&r->f, n, r->d,
				  "output '%s' holds no anchors: it is no "
				  "constant of four numbers each",
				  r->g->outputs[from.output]->name);
	l->anchors = list.numbers;
	l->anchor_count = list.count;
	l->anchor_numbers = 4;
	return 0;
}

static int set_anchors(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	struct head_yaml_level *l = to;
	const yaml_node_t *item;
	int count = 0;

	if (n->type == YAML_MAPPING_NODE)
		return read_output(r, n, l);
	if (n->type != YAML_SEQUENCE_NODE)
		return yaml_error(&r->f, n, r->d,
				  "expected [[width, height], ...]");
	while (yaml_item(&r->f, n, count))
		count++;
	if (count > HEAD_YAML_MAX_ANCHORS)
		return yaml_error(&r->f, n, r->d, "more than %d anchors",
				  HEAD_YAML_MAX_ANCHORS);
	l->anchors = arena_array(r->arena, 4 * (size_t)count + 1,
				 sizeof(*l->anchors));
	if (!l->anchors)
		return diag_error(r->d, "out of memory");
	while ((item = yaml_item(&r->f, n, (int)l->anchor_count)))
		if (set_anchor(r, item, l))
			return -1;
	return 0;
}

/* ---- Levels ---- */

static const struct head_yaml_part not_given = {
	.at = { DBP_NONE, DBP_NONE, DBP_NONE, DBP_NONE, DBP_NONE },
};

static int read_level(struct head_yaml *r, const yaml_node_t *n,
		      struct head_yaml_level *l)
{
#define LEVEL(member) offsetof(struct head_yaml_level, member)
	static const struct head_yaml_key keys[] = {
		{ "grid", set_grid, 0 },
		{ "stride", set_stride, 0 },
		{ "offset", set_offset, 0 },
		{ "per-cell", head_yaml_count, LEVEL(per_cell) },
		{ "anchors", set_anchors, 0 },
		{ "box", set_part, LEVEL(box) },
		{ "size", set_part, LEVEL(size) },
		{ "object", set_part, LEVEL(object) },
		{ "score", set_part, LEVEL(score) },
		{ "points", set_part, LEVEL(points) },
		{ 0 },
	};

	*l = (struct head_yaml_level){ .at = n,
				       .box = not_given,
				       .size = not_given,
				       .object = not_given,
				       .score = not_given,
				       .points = not_given };
	return head_yaml_map(r, n, keys, l);
}

int head_yaml_levels(struct head_yaml *r, const yaml_node_t *n, void *to)
{
	const yaml_node_t *item;

	(void)to;
	while ((item = yaml_item(&r->f, n, (int)r->level_count))) {
		if (r->level_count == DBP_HEAD_MAX_LEVELS)
			return yaml_error(&r->f, n, r->d, "more than %d levels",
					  DBP_HEAD_MAX_LEVELS);
		if (read_level(r, item, &r->levels[r->level_count++]))
			return -1;
	}
	return 0;
}
