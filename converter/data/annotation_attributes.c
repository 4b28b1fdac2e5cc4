/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/annotation_attributes.h"

#include <string.h>

static struct attribute *find(const struct attributes *a, const char *name)
{
	for (int i = 0; i < a->count; i++)
		if (!strcmp(a->list[i].name, name))
			return &a->list[i];
	return NULL;
}

const char *attributes_find(const struct attributes *a, const char *name)
{
	const struct attribute *found = find(a, name);

	return found ? found->value : NULL;
}

/* Room for one more: the list doubles at powers of two. */
static int grow(struct attributes *a, struct arena *arena)
{
	struct attribute *larger;

	if (a->count & (a->count - 1))
		return 0;
	larger = arena_array(arena, a->count ? 2 * (size_t)a->count : 1,
			     sizeof(*larger));
	if (!larger)
		return -1;
	if (a->count)
		memcpy(larger, a->list, (size_t)a->count * sizeof(*larger));
	a->list = larger;
	return 0;
}

int attributes_add(struct attributes *a, const char *name, const char *value,
		   struct arena *arena)
{
	struct attribute *to = find(a, name);
	const char *text = arena_strdup(arena, value);

	if (!text)
		return -1;
	if (to) {
		to->value = text;
		return 0;
	}
	if (grow(a, arena))
		return -1;
	to = &a->list[a->count];
	*to = (struct attribute){ arena_strdup(arena, name), text };
	if (!to->name)
		return -1;
	a->count++;
	return 0;
}
