/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_ANNOTATION_LIST_H
#define DBC_CONVERTER_DATA_ANNOTATION_LIST_H

#include "converter/data/annotations.h"

/* Labels in the order in which they are read. */
struct annotation_entry {
	const char *key;
	size_t order;
	bool has_box;
	struct annotation_box box;
	struct attributes attributes; /* of the photo */
};

struct annotation_list {
	struct annotations *out;
	struct diag *d;
	struct annotation_entry *entries; /* malloc'ed */
	size_t count, capacity;
	uint32_t name_capacity;
};

/* `name` without its folders and suffix, in the arena; NULL when memory is
 * exhausted. */
const char *annotation_key(struct annotation_list *l, const char *name);
/* Adds a photo, and a box on it if `box` is not NULL; coordinates must be
 * finite. `key` must live as long as the arena. */
int annotation_add(struct annotation_list *l, const char *key,
		   const struct annotation_box *box);
/* Adds a photo without a box. */
int annotation_add_photo(struct annotation_list *l, const char *key,
			 const struct attributes *a);
/* The id of the class of that name, added where there is none; -1: an error. */
int annotation_class(struct annotation_list *l, const char *name);
/* Makes room for class ids up to `id`. */
int annotation_class_id(struct annotation_list *l, int64_t id);
/* Renumbers the classes in alphabetical order. */
int annotation_sort_classes(struct annotation_list *l);
/* A whole text file of at most 256 MiB, without a byte order mark, with a NUL
 * after it (malloc); NULL
 * with a diagnostic. */
char *annotation_text(const char *path, size_t *bytes, struct diag *d);

/* ---- Folders ---- */

bool annotation_has_ending(const char *name, const char *ending);
bool annotation_is_folder(const char *path);
/* Whether annotation_files() visits an entry of the folder. */
bool annotation_is_wanted(const char *folder, const char *name,
			  const char *ending);
/* Calls `each` for every entry of a folder with that ending (NULL: for each
 * subfolder), sorted by name. */
typedef int annotation_each(struct annotation_list *l, const char *folder,
			    const char *name);
int annotation_files(struct annotation_list *l, const char *folder,
		     const char *ending, annotation_each *each);

#endif
