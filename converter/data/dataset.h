/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_DATASET_H
#define DBC_CONVERTER_DATA_DATASET_H

#include <stdint.h>

#include "base/diag.h"

enum item_kind { ITEM_PHOTO, ITEM_NPY, ITEM_PB };

struct dataset_item {
	char *path; /* to open it; includes the folder of the dataset */
	char *name; /* relative to the folder; for messages and digests */
	enum item_kind kind;
};

#define DATASET_LEFTOVERS 8 /* kinds of files that are no samples */

/* Photos and tensors by name; their contents are not in memory. */
struct dataset {
	struct dataset_item *items;
	int count;
	/* Files of a folder that are not read, and an ending of each kind. */
	int left_out[DATASET_LEFTOVERS];
	char left_out_ending[DATASET_LEFTOVERS][12];
};

/*
 * `path` is a folder, a list or a single photo or tensor. A folder is searched
 * with its subfolders for photos (image_file_name()), .npy and .pb (upper or
 * lower case); names are sorted by bytes and hidden entries are skipped. A note
 * says how many there are and what is left out. A list is a text file
 * with one path on each line, relative to the folder of the list; empty lines
 * and lines that begin with '#' are skipped. An empty dataset is an error.
 * Close it in any case.
 */
int dataset_open(struct dataset *s, const char *path, struct diag *d);
void dataset_close(struct dataset *s);

/* SHA-256 over the count, then the name and content of each item in order. It
 * does not depend on the machine or the place of the folder. */
int dataset_digest(const struct dataset *s, uint8_t sha256[32], struct diag *d);
/* SHA-256 of the content of one item. */
int dataset_item_digest(const struct dataset_item *item, uint8_t sha256[32],
			struct diag *d);

#endif
