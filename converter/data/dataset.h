/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_DATA_DATASET_H
#define DBC_CONVERTER_DATA_DATASET_H

#include <stdint.h>

#include "base/diag.h"

enum item_kind { ITEM_PHOTO, ITEM_NPY, ITEM_PB };

struct dataset_item {
	char *path; /* to open: holds the dataset's own folder */
	char *name; /* relative to the folder; what messages and digests use */
	enum item_kind kind;
};

/* Photos and tensors by name; nothing of them is held in memory. */
struct dataset {
	struct dataset_item *items;
	int count;
};

/*
 * `path` is a folder (searched with its subfolders: .jpg .jpeg .png .npy .pb
 * in any case, names sorted by their bytes, hidden entries left out), a text
 * file of paths, one a line, relative to the file's own folder (in the order
 * of the file; empty lines and lines that begin with '#' are skipped), or a
 * single photo or tensor. An empty dataset is an error. Free it in any case.
 */
int dataset_open(struct dataset *s, const char *path, struct diag *d);
void dataset_close(struct dataset *s);

/* SHA-256 over count, then name and content of each item in order: the same
 * on every machine, wherever the folder lies. */
int dataset_digest(const struct dataset *s, uint8_t sha256[32], struct diag *d);

#endif
