/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output_names.h"

#include <stdbool.h>
#include <string.h>

#define MAX_CHARS 120

const char *output_name(const char *name, struct arena *a)
{
	char *out = arena_strndup(a, name, MAX_CHARS);

	for (char *c = out; c && *c; c++) {
		bool plain = (*c >= 'A' && *c <= 'Z') ||
			     (*c >= 'a' && *c <= 'z') ||
			     (*c >= '0' && *c <= '9') || strchr("._-", *c);

		if (!plain)
			*c = '_';
	}
	/* these two name the output folder itself and its parent */
	if (out && (!strcmp(out, ".") || !strcmp(out, "..")))
		return arena_strdup(a, "_");
	return out;
}

static bool is_taken(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Whether name i is left to another: to one that needed no change, else to the
 * first. */
static bool must_yield(const char *const *names, const char *const *wanted,
		       int count, int i)
{
	bool same = wanted && !strcmp(names[i], wanted[i]);

	if (!same && is_taken(names, i, names[i]))
		return true;
	for (int k = 0; wanted && !same && k < count; k++)
		if (k != i && !strcmp(names[k], names[i]) &&
		    !strcmp(names[k], wanted[k]))
			return true;
	return false;
}

int output_names_make_unique(const char **names, const char *const *wanted,
			     int count, struct arena *a)
{
	for (int i = 0; i < count; i++) {
		const char *other = names[i];

		if (!must_yield(names, wanted, count, i))
			continue;
		for (int k = 2; other && is_taken(names, count, other); k++)
			other = arena_printf(a, "%s_%d", names[i], k);
		if (!other)
			return -1;
		names[i] = other;
	}
	return 0;
}
