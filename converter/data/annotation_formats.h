/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_ANNOTATION_FORMATS_H
#define DBC_CONVERTER_DATA_ANNOTATION_FORMATS_H

#include "converter/data/annotation_list.h"

/* One reader for each format, in the files annotations_*.c. */
int annotations_read_coco(struct annotation_list *l, const char *path);
int annotations_read_yolo(struct annotation_list *l, const char *folder);
int annotations_read_voc(struct annotation_list *l, const char *folder);
int annotations_read_csv(struct annotation_list *l, const char *path);
int annotations_read_metadata(struct annotation_list *l, const char *path);
int annotations_read_folders(struct annotation_list *l, const char *folder);

#endif
