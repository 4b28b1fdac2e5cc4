/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_draft.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MAX_SLICES 4096

/* An attribute and its values, by first mention. */
struct known_values {
	const char *name;
	const char *values[DRAFT_VALUES];
	int count; /* DRAFT_VALUES + 1: more */
	double *numbers;
	int number_count, mention_count;
};

struct drafter {
	struct known_values list[ATTRIBUTES_MAX];
	int count;
};

/* ---- Slices ---- */

/* Adds a slice with one condition; key NULL: with none. */
static int add(struct suite *s, const char *name, const char *key,
	       enum suite_comparison how, const char *value, double number)
{
	struct suite_slice *to = &s->slices[s->slice_count];
	struct suite_condition *c;

	if (s->slice_count == MAX_SLICES)
		return 0;
	c = arena_array(&s->arena, 1, sizeof(*c));
	to->where.list = c;
	to->name = name;
	if (!name || !c)
		return -1;
	s->slice_count++;
	if (!key)
		return 0;
	to->where.count = 1;
	*c = (struct suite_condition){ .how = how,
				       .number = number,
				       .level = suite_where_level(key) };
	c->key = arena_strdup(&s->arena, key);
	c->values = arena_array(&s->arena, 1, sizeof(*c->values));
	if (!c->key || !c->values)
		return -1;
	if (!value)
		return 0;
	c->values[c->value_count++] = arena_strdup(&s->arena, value);
	return c->values[0] ? 0 : -1;
}

static int add_value(struct suite *s, const char *key, const char *value)
{
	return add(s, arena_printf(&s->arena, "%s %s", key, value), key,
		   SUITE_IS, value, 0);
}

/* ---- Attributes ---- */

static struct known_values *known_of(struct drafter *d, const char *name)
{
	for (int i = 0; i < d->count; i++)
		if (!strcmp(d->list[i].name, name))
			return &d->list[i];
	if (d->count == ATTRIBUTES_MAX)
		return NULL;
	d->list[d->count].name = name;
	return &d->list[d->count++];
}

static int note_number(struct known_values *k, double x)
{
	int n = k->number_count;

	if (!(n & (n - 1))) {
		size_t room = n ? 2 * (size_t)n : 1;
		void *larger = realloc(k->numbers, room * sizeof(*k->numbers));

		if (!larger)
			return -1;
		k->numbers = larger;
	}
	k->numbers[k->number_count++] = x;
	return 0;
}

static int note_value(struct known_values *k, const char *value)
{
	double x;
	int i = 0;

	k->mention_count++;
	while (i < k->count && i < DRAFT_VALUES && strcmp(k->values[i], value))
		i++;
	if (i == k->count && i < DRAFT_VALUES)
		k->values[i] = value;
	if (i == k->count && i <= DRAFT_VALUES)
		k->count++;
	return text_to_double(value, &x) ? 0 : note_number(k, x);
}

static int note_all(struct drafter *d, const struct attributes *a)
{
	for (int i = 0; i < a->count; i++) {
		const char *name = a->list[i].name;
		struct known_values *k = suite_where_level(name) ==
							 SUITE_LEVEL_ATTRIBUTE ?
						 known_of(d, name) :
						 NULL;

		if (k && note_value(k, a->list[i].value))
			return -1;
	}
	return 0;
}

static int note_table(struct drafter *d, const struct annotations *table)
{
	for (int i = 0; i < table->photo_count; i++) {
		const struct annotated_photo *p = &table->photos[i];

		if (note_all(d, &p->attributes))
			return -1;
		for (int k = 0; k < p->box_count; k++)
			if (note_all(d, &p->boxes[k].attributes))
				return -1;
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Below the median, and from there on. */
static int add_halves(struct suite *s, const struct known_values *k)
{
	size_t n = (size_t)k->number_count;
	double middle;
	const char *below, *above;

	qsort(k->numbers, n, sizeof(*k->numbers), by_number);
	middle = k->numbers[n / 2];
	/* where most are the least one, from the next one on */
	for (size_t i = n / 2; i < n && middle <= k->numbers[0]; i++)
		middle = k->numbers[i];
	below = arena_printf(&s->arena, "%s < %.6g", k->name, middle);
	above = arena_printf(&s->arena, "%s >= %.6g", k->name, middle);
	return add(s, below, k->name, SUITE_LESS, NULL, middle) ||
	       add(s, above, k->name, SUITE_AT_LEAST, NULL, middle);
}

static int add_attribute(struct suite *s, const struct known_values *k)
{
	if (k->count <= DRAFT_VALUES) {
		for (int i = 0; k->count > 1 && i < k->count; i++)
			if (add_value(s, k->name, k->values[i]))
				return -1;
		return 0;
	}
	return k->number_count == k->mention_count ? add_halves(s, k) : 0;
}

static int add_attributes(struct suite *s, const struct annotations *labels,
			  const struct annotations *metadata)
{
	struct drafter *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return -1;
	err = note_table(d, labels) || note_table(d, metadata);
	for (int i = 0; !err && i < d->count; i++)
		err = add_attribute(s, &d->list[i]);
	for (int i = 0; i < d->count; i++)
		free(d->list[i].numbers);
	free(d);
	return err;
}

/* ---- All ---- */

int suite_draft_slices(struct suite *s, const struct annotations *labels,
		       const struct annotations *metadata)
{
	static const char *const sizes[] = { "small", "medium", "large" };

	s->slices = arena_array(&s->arena, MAX_SLICES, sizeof(*s->slices));
	if (!s->slices || add(s, "all", NULL, SUITE_IS, NULL, 0))
		return -1;
	for (uint32_t i = 0; i < labels->class_count; i++)
		if (labels->class_names[i] &&
		    add_value(s, "class", labels->class_names[i]))
			return -1;
	for (int i = 0; labels->is_boxes && i < 3; i++)
		if (add_value(s, "size", sizes[i]))
			return -1;
	if (labels->is_boxes && add_value(s, "boxes", "0"))
		return -1;
	return add_attributes(s, labels, metadata);
}
