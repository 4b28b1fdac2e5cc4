/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_ANNOTATION_FORMATS_H
#define DBC_CONVERTER_DATA_ANNOTATION_FORMATS_H

#include "converter/data/annotations.h"

/* Labels as they are read, in any order. */
struct annotation_entry {
	const char *key;
	size_t order;
	bool has_box;
	struct annotation_box box;
};

struct annotation_list {
	struct annotations *out;
	struct diag *d;
	struct annotation_entry *entries; /* malloc'ed */
	size_t count, capacity;
	uint32_t name_capacity;
};

/* `name` without its folders and suffix, in the arena; NULL: no memory. */
const char *annotation_key(struct annotation_list *l, const char *name);
/* A photo, and (box not NULL) a box on it; coordinates must be finite. `key`
 * must live as long as the arena. */
int annotation_add(struct annotation_list *l, const char *key,
		   const struct annotation_box *box);
/* The class of that name, a new one where there is none; -1: an error. */
int annotation_class(struct annotation_list *l, const char *name);
/* Makes room for class ids up to `id`. */
int annotation_class_id(struct annotation_list *l, int64_t id);
/* Gives classes ids in alphabetical order. */
int annotation_sort_classes(struct annotation_list *l);
/* A whole text file of at most 256 MiB, NUL behind it; NULL: an error. */
char *annotation_text(const char *path, size_t *bytes, struct diag *d);

/* One row a format. */
int annotations_read_coco(struct annotation_list *l, const char *path);
int annotations_read_yolo(struct annotation_list *l, const char *folder);
int annotations_read_voc(struct annotation_list *l, const char *folder);
int annotations_read_csv(struct annotation_list *l, const char *path);
int annotations_read_folders(struct annotation_list *l, const char *folder);

/* Calls `each` for every entry of a folder with that ending (NULL: each
 * subfolder), sorted by name. */
typedef int annotation_each(struct annotation_list *l, const char *folder,
			    const char *name);
int annotation_files(struct annotation_list *l, const char *folder,
		     const char *ending, annotation_each *each);

#endif
