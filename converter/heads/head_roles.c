/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_roles.h"

#include <stdlib.h>
#include <string.h>

#include "converter/heads/head_levels.h"

/* Numbers of a part for each box. */
static int fields_of(const struct head_part *p)
{
	return p->count / p->per_cell;
}

static struct head_role whole(const struct head_part *p)
{
	return head_role_of(p, p->per_cell, 0, fields_of(p));
}

/* ---- Names ---- */

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

static bool named_points(const struct head_finder *f, const struct head_part *p)
{
	static const char *const words[] = { "landm", "kps", "kpt", "point",
					     "lmk",   "lms", "ldm", NULL };

	return has_name(f, p, words);
}

static bool named_class(const struct head_finder *f, const struct head_part *p)
{
	static const char *const words[] = { "cls", "class", "conf", "score",
					     NULL };

	return has_name(f, p, words);
}

static bool named_offset(const struct head_finder *f, const struct head_part *p)
{
	static const char *const words[] = { "off", "reg", NULL };

	return has_name(f, p, words);
}

static bool named_size(const struct head_finder *f, const struct head_part *p)
{
	static const char *const words[] = { "wh", "size", "scale", NULL };

	return has_name(f, p, words);
}

/* ---- Two parts ---- */

/* Distributions of 8, 16 or 17 bins for each of four sides. */
static bool is_distribution(int fields)
{
	return fields == 32 || fields == 64 || fields == 68;
}

/* A box and key points in one part, one score in the other. */
static bool with_points(struct head_level *l, const struct head_part *box,
			const struct head_part *score)
{
	int fields = fields_of(box);

	if (fields_of(score) != 1 || fields <= 4 || fields % 2 ||
	    is_distribution(fields) || head_is_activated(box))
		return false;
	/* planes of several boxes would look the same */
	if (box->per_cell == 1 && fields % 4 == 0 && l->height * l->width > 1)
		return false;
	l->box = head_role_of(box, box->per_cell, 0, 4);
	l->points = head_role_of(box, box->per_cell, 4, fields - 4);
	l->score = whole(score);
	return true;
}

/* The activated part holds the classes; else names decide, else channels. */
static bool roles_of_two(const struct head_finder *f, struct head_level *l)
{
	const struct head_part *a = &l->parts[0], *b = &l->parts[1];
	bool first_box;

	if (with_points(l, a, b) || with_points(l, b, a))
		return true;
	if (head_is_activated(a) != head_is_activated(b))
		first_box = head_is_activated(b);
	else if (named_box(f, a) != named_box(f, b))
		first_box = named_box(f, a);
	else if ((a->count == 64) != (b->count == 64))
		first_box = a->count == 64;
	else if ((fields_of(a) == 4) != (fields_of(b) == 4))
		first_box = fields_of(a) == 4;
	else if ((a->count % 4 == 0) != (b->count % 4 == 0))
		first_box = a->count % 4 == 0;
	else
		return false;
	l->box = whole(first_box ? a : b);
	l->score = whole(first_box ? b : a);
	return l->box.count % 4 == 0;
}

/* ---- Heat maps: centre and size in two parts of two numbers ---- */

static bool roles_of_heat_map(const struct head_finder *f, struct head_level *l)
{
	const struct head_part *pair[2] = { NULL, NULL };
	bool swapped;
	int pairs = 0;

	for (int i = 0; i < l->count; i++) {
		const struct head_part *p = &l->parts[i];

		if (p->per_cell > 1 || (p->count == 4 && l->count < 4))
			return false;
		if (p->count == 2 && !head_is_activated(p)) {
			if (pairs == 2)
				return false;
			pair[pairs++] = p;
		} else if (l->count == 4 && p->count > 4 &&
			   !head_is_activated(p) && p->count % 2 == 0 &&
			   !l->points.part) {
			l->points = whole(p);
		} else if (!l->score.part) {
			l->score = whole(p);
		} else {
			return false;
		}
	}
	if (pairs != 2 || !l->score.part)
		return false;
	/* the size comes first unless the names say otherwise */
	swapped = pair[0]->output > pair[1]->output;
	if (named_offset(f, pair[0]) != named_offset(f, pair[1]))
		swapped = named_offset(f, pair[0]);
	else if (named_size(f, pair[0]) != named_size(f, pair[1]))
		swapped = named_size(f, pair[1]);
	l->size = whole(pair[swapped]);
	l->box = whole(pair[!swapped]);
	return true;
}

/* ---- Three parts or more ---- */

static int by_place(const void *a, const void *b)
{
	const struct head_part *x = *(const struct head_part *const *)a;
	const struct head_part *y = *(const struct head_part *const *)b;
	int64_t first = x->map->channel[x->from].first;
	int64_t second = y->map->channel[y->from].first;

	return (first > second) - (first < second);
}

/*
 * YOLOv8 with key points, joined in one output: distributions, classes, and
 * points of three numbers (x, y, visibility). By the order they are no classes
 * and an angle.
 */
static bool roles_of_pose(struct head_level *l)
{
	const struct head_part *p[3] = { &l->parts[0], &l->parts[1],
					 &l->parts[2] };

	if (l->count != 3)
		return false;
	for (int i = 0; i < 3; i++)
		if (p[i]->per_cell > 1 || p[i]->output != p[0]->output)
			return false;
	qsort(p, 3, sizeof(*p), by_place);
	if (p[0]->count != 64 || p[2]->count % 3 || p[2]->count < 6 ||
	    head_is_activated(p[0]) || head_is_activated(p[2]))
		return false;
	l->box = whole(p[0]);
	l->score = whole(p[1]);
	l->points = whole(p[2]);
	return true;
}

static const struct head_part *find_box(const struct head_finder *f,
					const struct head_level *l)
{
	const struct head_part *found = NULL;

	for (int i = 0; i < l->count; i++) {
		const struct head_part *p = &l->parts[i];

		if (fields_of(p) == 4 && !head_is_activated(p) &&
		    (!found || (named_box(f, p) && !named_box(f, found))))
			found = p;
	}
	/* planes of two boxes a cell, as RetinaFace has them */
	for (int i = 0; i < l->count && !found; i++)
		if (l->parts[i].count == 8 && l->parts[i].per_cell == 1 &&
		    !head_is_activated(&l->parts[i]))
			found = &l->parts[i];
	return found;
}

static bool has_activated(const struct head_level *l)
{
	for (int i = 0; i < l->count; i++)
		if (head_is_activated(&l->parts[i]))
			return true;
	return false;
}

static bool has_single(const struct head_level *l)
{
	for (int i = 0; i < l->count; i++)
		if (fields_of(&l->parts[i]) == 1)
			return true;
	return false;
}

/* Points of a face or hand: pairs of raw numbers, beside activated scores, or
 * more parts than an objectness and classes. */
static bool is_points(const struct head_finder *f, const struct head_level *l,
		      const struct head_part *p)
{
	int fields = fields_of(p);

	if (head_is_activated(p) || fields % 2 || fields <= 4)
		return false;
	return has_activated(l) || l->count > 3 || named_points(f, p) ||
	       !has_single(l);
}

/* Whether the classes could be points as well: nothing is activated. */
static bool is_doubtful(const struct head_finder *f, const struct head_level *l)
{
	int fields = l->score.count;

	return !has_activated(l) && fields % 2 == 0 && fields > 4 &&
	       !named_class(f, l->score.part) &&
	       !named_object(f, l->object.part);
}

static bool set_score(const struct head_finder *f, struct head_level *l,
		      const struct head_part *first,
		      const struct head_part *second)
{
	bool object;

	if (!second) {
		l->score = whole(first);
		return true;
	}
	/* the part of one number is the objectness; of two such, the named */
	if (fields_of(first) == 1 && fields_of(second) == 1)
		object = named_object(f, second) && !named_object(f, first);
	else
		object = fields_of(second) == 1;
	l->object = whole(object ? second : first);
	l->score = whole(object ? first : second);
	return l->object.count == 1 && !is_doubtful(f, l);
}

static bool roles_of_more(const struct head_finder *f, struct head_level *l)
{
	const struct head_part *box = find_box(f, l),
			       *scores[2] = { NULL, NULL };
	int count = 0;

	if (!box)
		return false;
	l->box = whole(box);
	for (int i = 0; i < l->count; i++) {
		const struct head_part *p = &l->parts[i];

		if (p == box)
			continue;
		if (is_points(f, l, p) && !l->points.part)
			l->points = whole(p);
		else if (count < 2)
			scores[count++] = p;
		else
			return false;
	}
	return count && set_score(f, l, scores[0], scores[1]);
}

static void forget_roles(struct head_level *l)
{
	l->box = l->size = l->object = l->score = l->points =
		(struct head_role){ 0 };
}

bool head_find_roles(struct head_finder *f)
{
	for (int i = 0; i < f->level_count; i++) {
		struct head_level *l = &f->levels[i];

		if (l->count < 2 || l->count != f->levels[0].count)
			return false;
		if (l->count == 2) {
			if (!roles_of_two(f, l))
				return false;
			continue;
		}
		if (roles_of_pose(l) || roles_of_heat_map(f, l))
			continue;
		forget_roles(l);
		if (!roles_of_more(f, l))
			return false;
	}
	return true;
}

/* ---- Boxes a cell ---- */

static bool is_single(const struct head_role *r)
{
	return !r->part || r->part->per_cell == 1;
}

bool head_measure_roles(struct head_finder *f)
{
	const struct head_level *first = &f->levels[0];

	f->planes = true;
	for (int i = 0; i < f->level_count; i++) {
		struct head_level *l = &f->levels[i];

		l->anchors = l->box.part->per_cell;
		if (l->anchors != l->score.part->per_cell)
			return false;
		f->planes = f->planes && is_single(&l->box);
	}
	f->head.class_count = (uint32_t)first->score.count;
	f->bins = first->size.part ? 1 : first->box.count / 4;
	for (int i = 0; i < f->level_count; i++) {
		const struct head_level *l = &f->levels[i];

		if (l->score.count == first->score.count &&
		    l->box.count == first->box.count)
			continue;
		if (!f->planes)
			return false;
		f->bins = 0; /* boxes a cell differ from level to level */
	}
	return true;
}

static bool split(struct head_role *r, int anchors)
{
	if (!r->part)
		return true;
	if (r->part->count % anchors)
		return false;
	*r = head_role_of(r->part, anchors, 0, r->part->count / anchors);
	return true;
}

bool head_split_planes(struct head_level *l, int anchors)
{
	if (l->box.part->count != 4 * anchors)
		return false;
	l->anchors = anchors;
	return split(&l->box, anchors) && split(&l->score, anchors) &&
	       split(&l->object, anchors) && split(&l->points, anchors);
}
