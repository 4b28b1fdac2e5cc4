/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_ANNOTATIONS_H
#define DBC_CONVERTER_DATA_ANNOTATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "converter/data/annotation_attributes.h"

#define ANNOTATIONS_MAX_CLASSES 65535

struct annotation_box {
	float x1, y1, x2, y2; /* see annotations.normalized */
	uint32_t class_id;    /* index into class_names */
	bool ignore;          /* a crowd (COCO), difficult (VOC) */
	struct attributes attributes;
};

struct annotated_photo {
	const char *key; /* name without folders and suffix; with one folder for
			    each class the folder stays */
	struct annotation_box *boxes; /* exactly one if is_boxes is false */
	int box_count;
	struct attributes attributes;
};

/* The labels of a set of photos. */
struct annotations {
	struct arena arena;
	const char *format;    /* "COCO", "YOLO", "Pascal VOC", ... */
	bool is_boxes;         /* false: one class for each photo */
	bool normalized;       /* coordinates from 0 to 1, not pixels */
	bool missing_is_empty; /* a photo without labels has no objects */
	struct annotated_photo *photos; /* sorted by key */
	int photo_count;
	const char **class_names; /* NULL entries: the labels have no names */
	uint32_t class_count;
};

/*
 * Reads labels in any of these formats: a .json file (COCO), a folder of .txt
 * files (YOLO; names from classes.txt, obj.names or data.yaml in it or above
 * it) or of .xml files (Pascal VOC), a .csv file of lines `photo,class`, or a
 * folder with one folder for each class. -1 with one diagnostic. Free in any
 * case.
 */
int annotations_read(struct annotations *a, const char *path, struct diag *d);
/* Reads what is known of photos beside their labels: a .csv file whose first
 * line has the titles `photo,NAME,...`. Its photos have attributes only. */
int annotations_read_photos(struct annotations *a, const char *path,
			    struct diag *d);
void annotations_free(struct annotations *a);
/* Labels of a photo by its path below the folder of photos; NULL: none. */
const struct annotated_photo *annotations_of(const struct annotations *a,
					     const char *name);

#endif
