/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_where.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

/* The areas of COCO, in pixels. */
#define SMALL (32. * 32)
#define MEDIUM (96. * 96)

/* ---- Reading ---- */

enum suite_level suite_where_level(const char *key)
{
	static const struct {
		const char *key;
		enum suite_level level;
	} own[] = {
		{ "class", SUITE_LEVEL_CLASS },
		{ "name", SUITE_LEVEL_PHOTO },
		{ "folder", SUITE_LEVEL_PHOTO },
		{ "boxes", SUITE_LEVEL_PHOTO },
		{ "size", SUITE_LEVEL_GEOMETRY },
		{ "width", SUITE_LEVEL_GEOMETRY },
		{ "height", SUITE_LEVEL_GEOMETRY },
		{ "area", SUITE_LEVEL_GEOMETRY },
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!strcmp(own[i].key, key))
			return own[i].level;
	return SUITE_LEVEL_ATTRIBUTE;
}

/* The comparison that a value begins with; *rest: what is behind it. */
static enum suite_comparison comparison_of(const char *text, const char **rest)
{
	static const struct {
		const char *sign;
		enum suite_comparison how;
	} signs[] = { /* the longer ones first */
		      { "<=", SUITE_AT_MOST },
		      { ">=", SUITE_AT_LEAST },
		      { "!=", SUITE_IS_NOT },
		      { "<", SUITE_LESS },
		      { ">", SUITE_MORE }
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t n = strlen(signs[i].sign);

		if (strncmp(text, signs[i].sign, n))
			continue;
		*rest = text + n + strspn(text + n, " ");
		return signs[i].how;
	}
	*rest = text;
	return SUITE_IS;
}

static int read_value(struct suite_condition *c, struct yaml_file *f,
		      const yaml_node_t *at, struct arena *a, struct diag *d)
{
	const char *rest;
	enum suite_comparison how = comparison_of(yaml_text(at), &rest);

	if (how != SUITE_IS && how != SUITE_IS_NOT) {
		if (c->value_count || text_to_double(rest, &c->number))
			return yaml_error(f, at, d,
					  "key '%s': '%s' compares with no "
					  "number",
					  c->key, yaml_text(at));
		c->how = how;
		return 0;
	}
	if (c->value_count && how != c->how)
		return yaml_error(f, at, d,
				  "key '%s' mixes != and other values", c->key);
	c->how = how;
	c->values[c->value_count] = arena_strdup(a, rest);
	return c->values[c->value_count++] ? 0 : diag_error(d, "out of memory");
}

static int read_condition(struct suite_condition *c, struct yaml_file *f,
			  const yaml_node_t *key, yaml_node_t *value,
			  struct arena *a, struct diag *d)
{
	yaml_node_t *item;
	size_t count = 1;

	if (!yaml_text(key))
		return yaml_error(f, key, d, "a key of 'where' is no text");
	while (value->type == YAML_SEQUENCE_NODE &&
	       yaml_item(f, value, (int)count))
		count++;
	c->key = arena_strdup(a, yaml_text(key));
	c->values = arena_array(a, count, sizeof(*c->values));
	if (!c->key || !c->values)
		return diag_error(d, "out of memory");
	c->line = key->start_mark.line + 1;
	c->level = suite_where_level(c->key);
	if (yaml_text(value))
		return read_value(c, f, value, a, d);
	for (int i = 0; (item = yaml_item(f, value, i)); i++) {
		if (!yaml_text(item))
			return yaml_error(f, item, d,
					  "key '%s' holds a list in a list",
					  c->key);
		if (read_value(c, f, item, a, d))
			return -1;
		if (c->how > SUITE_IS_NOT)
			return yaml_error(f, item, d,
					  "key '%s': a comparison stands alone",
					  c->key);
	}
	if (c->value_count)
		return 0;
	return yaml_error(f, value, d, "key '%s' needs a value or a list",
			  c->key);
}

int suite_where_read(struct suite_where *w, struct yaml_file *f,
		     yaml_node_t *map, struct arena *a, struct diag *d)
{
	yaml_node_t *key, *value;
	size_t count = 0;

	if (map->type != YAML_MAPPING_NODE)
		return yaml_error(f, map, d,
				  "'where' is a mapping of keys to values");
	while (yaml_entry(f, map, (int)count, &key, &value))
		count++;
	w->list = arena_array(a, count + 1, sizeof(*w->list));
	if (!w->list)
		return diag_error(d, "out of memory");
	for (int i = 0; yaml_entry(f, map, i, &key, &value); i++)
		if (read_condition(&w->list[w->count++], f, key, value, a, d))
			return -1;
	return 0;
}

/* ---- Attributes of photos, or of boxes ---- */

/* The name in the list that is most like `name`; *best: how unlike, at most. */
static void nearest_in(const struct attributes *a, const char *name,
		       const char **near, int *best)
{
	for (int i = 0; i < a->count; i++) {
		int distance = text_distance(name, a->list[i].name);

		if (distance < *best) {
			*best = distance;
			*near = a->list[i].name;
		}
	}
}

static int unknown_attribute(const struct suite_condition *c, const char *suite,
			     const struct annotations *const tables[2],
			     struct diag *d)
{
	const char *near = NULL;
	int best = 4;

	for (int t = 0; t < 2; t++)
		for (int i = 0; i < tables[t]->photo_count; i++) {
			const struct annotated_photo *p = &tables[t]->photos[i];

			nearest_in(&p->attributes, c->key, &near, &best);
			for (int k = 0; k < p->box_count; k++)
				nearest_in(&p->boxes[k].attributes, c->key,
					   &near, &best);
		}
	diag_error(d, "%s:%zu: no photo and no box has the attribute '%s'",
		   suite, c->line, c->key);
	if (near)
		diag_hint(d, "did you mean '%s'?", near);
	else
		diag_hint(d, "keys are class, name, folder, boxes, size, "
			     "width, height, area, and attributes of the "
			     "labels or of the table 'metadata'");
	return -1;
}

static void look_up(struct suite_condition *c, const struct annotations *table)
{
	for (int i = 0; i < table->photo_count; i++) {
		const struct annotated_photo *p = &table->photos[i];

		for (int k = 0; k < p->box_count; k++)
			if (attributes_find(&p->boxes[k].attributes, c->key)) {
				c->level = SUITE_LEVEL_BOX_ATTRIBUTE;
				return;
			}
		if (attributes_find(&p->attributes, c->key))
			c->level = SUITE_LEVEL_PHOTO_ATTRIBUTE;
	}
}

int suite_where_resolve(struct suite_where *w, const char *suite,
			const struct annotations *const tables[2],
			struct diag *d)
{
	for (int i = 0; i < w->count; i++) {
		struct suite_condition *c = &w->list[i];

		for (int t = 0; t < 2 && c->level == SUITE_LEVEL_ATTRIBUTE; t++)
			look_up(c, tables[t]);
		if (c->level == SUITE_LEVEL_ATTRIBUTE)
			return unknown_attribute(c, suite, tables, d);
	}
	return 0;
}

/* ---- Whether they hold ---- */

static bool compares(const struct suite_condition *c, double x)
{
	switch (c->how) {
	case SUITE_LESS:
		return x < c->number;
	case SUITE_AT_MOST:
		return x <= c->number;
	case SUITE_MORE:
		return x > c->number;
	default:
		return x >= c->number;
	}
}

/* Numbers are equal as numbers: 7 is 7.0. */
static bool equals(const char *value, const char *wanted)
{
	double x, y;

	if (!text_to_double(value, &x) && !text_to_double(wanted, &y))
		return x == y;
	return !fnmatch(wanted, value, 0);
}

/* No value meets no condition. */
static bool holds(const struct suite_condition *c, const char *value)
{
	double x;

	if (!value)
		return false;
	if (c->how > SUITE_IS_NOT)
		return !text_to_double(value, &x) && compares(c, x);
	for (int i = 0; i < c->value_count; i++)
		if (equals(value, c->values[i]))
			return c->how == SUITE_IS;
	return c->how == SUITE_IS_NOT;
}

static bool holds_number(const struct suite_condition *c, double x)
{
	char text[32];

	snprintf(text, sizeof(text), "%.9g", x);
	return holds(c, text);
}

bool suite_where_class(const struct suite_where *w, const char *name)
{
	for (int i = 0; i < w->count; i++) {
		const struct suite_condition *c = &w->list[i];
		bool named = false;

		if (c->level != SUITE_LEVEL_CLASS)
			continue;
		for (int k = 0; k < c->value_count; k++)
			named |= !strcasecmp(c->values[k], name);
		if (named != (c->how == SUITE_IS))
			return false;
	}
	return true;
}

/* True boxes of the classes, without ignored ones. */
static int boxes_on(const struct suite_where *w, const struct suite_photo *p,
		    const struct annotations *labels)
{
	int count = 0;

	for (int i = 0; p->labels && i < p->labels->box_count; i++) {
		const struct annotation_box *b = &p->labels->boxes[i];
		const char *name = labels->class_names[b->class_id];

		count += !b->ignore && (!name || suite_where_class(w, name));
	}
	return count;
}

static const char *photo_attribute(const struct suite_photo *p,
				   const char *name)
{
	const char *value = NULL;

	if (p->described)
		value = attributes_find(&p->described->attributes, name);
	if (!value && p->labels)
		value = attributes_find(&p->labels->attributes, name);
	return value;
}

static bool holds_of_photo(const struct suite_where *w,
			   const struct suite_condition *c,
			   const struct suite_photo *p,
			   const struct annotations *labels)
{
	const char *slash = strrchr(p->name, '/');
	char folder[4096];

	if (c->level == SUITE_LEVEL_PHOTO_ATTRIBUTE)
		return holds(c, photo_attribute(p, c->key));
	if (!strcmp(c->key, "boxes"))
		return holds_number(c, boxes_on(w, p, labels));
	if (!strcmp(c->key, "name"))
		return holds(c, slash ? slash + 1 : p->name);
	snprintf(folder, sizeof(folder), "%.*s",
		 slash ? (int)(slash - p->name) : 0, p->name);
	return holds(c, folder);
}

bool suite_where_photo(const struct suite_where *w, const struct suite_photo *p,
		       const struct annotations *labels)
{
	for (int i = 0; i < w->count; i++) {
		const struct suite_condition *c = &w->list[i];

		if ((c->level == SUITE_LEVEL_PHOTO ||
		     c->level == SUITE_LEVEL_PHOTO_ATTRIBUTE) &&
		    !holds_of_photo(w, c, p, labels))
			return false;
	}
	return true;
}

static bool holds_of_size(const struct suite_condition *c, double width,
			  double height)
{
	double area = width * height;

	if (!strcmp(c->key, "width"))
		return holds_number(c, width);
	if (!strcmp(c->key, "height"))
		return holds_number(c, height);
	if (!strcmp(c->key, "area"))
		return holds_number(c, area);
	return holds(c, area < SMALL  ? "small" :
			area < MEDIUM ? "medium" :
					"large");
}

static bool has_size(const struct suite_where *w, double width, double height)
{
	for (int i = 0; i < w->count; i++)
		if (w->list[i].level == SUITE_LEVEL_GEOMETRY &&
		    !holds_of_size(&w->list[i], width, height))
			return false;
	return true;
}

bool suite_where_size(const struct suite_where *w,
		      const struct dbrt_detection *b)
{
	return has_size(w, (double)b->x2 - (double)b->x1,
			(double)b->y2 - (double)b->y1);
}

bool suite_where_box(const struct suite_where *w, const struct suite_photo *p,
		     const struct ap_truth *t)
{
	const struct attributes *own = &p->labels->boxes[t->label].attributes;

	for (int i = 0; i < w->count; i++) {
		const struct suite_condition *c = &w->list[i];

		if (c->level == SUITE_LEVEL_BOX_ATTRIBUTE &&
		    !holds(c, attributes_find(own, c->key)))
			return false;
	}
	return has_size(w, (double)t->x2 - (double)t->x1,
			(double)t->y2 - (double)t->y1);
}

bool suite_where_has(const struct suite_where *w, enum suite_level level)
{
	for (int i = 0; i < w->count; i++)
		if (w->list[i].level == level)
			return true;
	return false;
}
