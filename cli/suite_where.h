/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_WHERE_H
#define DBC_CLI_SUITE_WHERE_H

#include "base/yaml_file.h"
#include "converter/data/annotations.h"
#include "converter/measure/detection_ap.h"

/* One condition of `where`: a key and what its value must be. */
struct suite_condition {
	const char *key;
	enum suite_comparison {
		SUITE_IS,     /* one of the values, which may be patterns */
		SUITE_IS_NOT, /* none of them */
		SUITE_LESS,
		SUITE_AT_MOST,
		SUITE_MORE,
		SUITE_AT_LEAST,
	} how;
	const char **values; /* of SUITE_IS and SUITE_IS_NOT */
	int value_count;
	double number; /* of the others */
	size_t line;   /* in the suite, from 1 on */
	enum suite_level {
		SUITE_LEVEL_CLASS,
		SUITE_LEVEL_PHOTO,     /* name, folder, boxes */
		SUITE_LEVEL_GEOMETRY,  /* size, width, height, area of a box */
		SUITE_LEVEL_ATTRIBUTE, /* not looked up yet */
		SUITE_LEVEL_PHOTO_ATTRIBUTE,
		SUITE_LEVEL_BOX_ATTRIBUTE,
	} level;
};

/* All conditions of a slice; every one must hold. */
struct suite_where {
	struct suite_condition *list;
	int count;
};

/* Reads a mapping of keys to values: `night: true`, `class: [person, pet]`,
 * `distance: ">= 7"`, `place: "!= porch"`, `name: "hall*"`. Memory is the
 * arena's. -1 with a diagnostic. */
int suite_where_read(struct suite_where *w, struct yaml_file *f,
		     yaml_node_t *map, struct arena *a, struct diag *d);

/* What a key is about: SUITE_LEVEL_ATTRIBUTE where it is none of our own. */
enum suite_level suite_where_level(const char *key);

/* What is known of a photo. */
struct suite_photo {
	const char *name;                     /* below the folder of photos */
	const struct annotated_photo *labels; /* NULL: none */
	const struct annotated_photo *described; /* of a table; NULL: none */
};

/*
 * Decides of each attribute whether it is one of boxes or of photos. -1 with a
 * diagnostic, `suite` before it, if no photo and no box has it; tables: labels
 * and table, each with `photo_count` 0 where there is none.
 */
int suite_where_resolve(struct suite_where *w, const char *suite,
			const struct annotations *const tables[2],
			struct diag *d);

/* Whether the photo is in the slice; `classes` has a name for each class of the
 * labels. */
bool suite_where_photo(const struct suite_where *w, const struct suite_photo *p,
		       const struct annotations *labels);
/* Whether a true box counts; p->labels holds it. */
bool suite_where_box(const struct suite_where *w, const struct suite_photo *p,
		     const struct ap_truth *t);
/* Whether a detection has the size, width, height and area. */
bool suite_where_size(const struct suite_where *w,
		      const struct dbrt_detection *b);
/* Whether a class of that name counts. */
bool suite_where_class(const struct suite_where *w, const char *name);
/* Whether there is a condition of that level. */
bool suite_where_has(const struct suite_where *w, enum suite_level level);

#endif
