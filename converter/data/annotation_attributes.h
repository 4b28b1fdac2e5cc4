/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_ANNOTATION_ATTRIBUTES_H
#define DBC_CONVERTER_DATA_ANNOTATION_ATTRIBUTES_H

#include "base/arena.h"

#define ATTRIBUTES_MAX 256 /* of one photo or box in a file */

/* What is known of a photo or a box beside its class: names and values, as
 * text ("true", "7.5", "porch"). */
struct attribute {
	const char *name, *value;
};

struct attributes {
	struct attribute *list;
	int count;
};

/* The value of that name; NULL: none. */
const char *attributes_find(const struct attributes *a, const char *name);
/* Adds a copy of both texts; a later value of a name replaces the earlier one.
 * -1: out of memory. */
int attributes_add(struct attributes *a, const char *name, const char *value,
		   struct arena *arena);

#endif
