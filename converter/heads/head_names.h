/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_NAMES_H
#define DBC_CONVERTER_HEADS_HEAD_NAMES_H

#include "converter/heads/head.h"

/*
 * Sets h->names: from `classes` (names separated by commas, or a file with one
 * name a line), else as a file set them, else from the model's metadata, else
 * the usual names of the family, or COCO's for a detector of 80 classes. -1
 * with a diagnostic where `classes` does not fit the model.
 */
int head_set_names(const struct graph *g, const char *classes, struct arena *a,
		   struct head *h, struct diag *d);
/* The number of names in `classes`; -1 with a diagnostic where it cannot be
 * read. */
int64_t head_count_names(const char *classes, struct arena *a, struct diag *d);

#endif
