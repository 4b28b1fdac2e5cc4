/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_ANNOTATIONS_H
#define DBC_CONVERTER_DATA_ANNOTATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

#define ANNOTATIONS_MAX_CLASSES 65535

struct annotation_box {
	float x1, y1, x2, y2; /* see annotations.normalized */
	uint32_t class_id;    /* index into class_names */
	bool ignore;          /* a crowd (COCO), difficult (VOC) */
};

struct annotated_photo {
	const char *key; /* its name without folders and suffix, except with
			  * a folder a class: that stays */
	struct annotation_box *boxes; /* one of them where is_boxes is false */
	int box_count;
};

/* What people say is on photos. */
struct annotations {
	struct arena arena;
	const char *format; /* "COCO", "YOLO", "Pascal VOC", ... */
	bool is_boxes;      /* false: a class a photo */
	bool normalized; /* coordinates are shares of the photo, not pixels */
	bool missing_is_empty; /* a photo that is not here shows nothing */
	struct annotated_photo *photos; /* sorted by key */
	int photo_count;
	const char **class_names; /* NULL entries: the labels have no names */
	uint32_t class_count;
};

/*
 * Reads labels, told apart by what they are: a .json file (COCO), a folder of
 * .txt files (YOLO; names from classes.txt, obj.names or data.yaml in it or
 * above it) or of .xml files (Pascal VOC), a .csv file of lines `photo,class`,
 * or a folder with a folder a class. -1 with one diagnostic. Free in any case.
 */
int annotations_read(struct annotations *a, const char *path, struct diag *d);
void annotations_free(struct annotations *a);
/* `name`: a photo's path below the folder of photos; NULL: not labelled. */
const struct annotated_photo *annotations_of(const struct annotations *a,
					     const char *name);

#endif
