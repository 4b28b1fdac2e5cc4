/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_PHOTOS_H
#define DBC_CLI_SUITE_PHOTOS_H

#include "cli/suite_file.h"
#include "converter/data/dataset.h"

/* The photos of a suite: each once, however many slices hold it, and none that
 * no slice holds. */
struct suite_photos {
	struct dataset dataset;
	struct suite_photo *known; /* of each photo of the dataset */
	int **of_slice;            /* for each slice its photos, ascending */
	int *slice_counts;
	struct annotations labels, metadata; /* photo_count 0: none */
	bool has_labels;
	struct arena arena;
};

/*
 * Reads labels, the table of metadata and the names of all photos, and decides
 * which slice holds which. Photos that are not labelled are in no slice, unless
 * it says that its photos are empty. A slice may have no photo. -1 with a
 * diagnostic; close it in any case.
 */
int suite_photos_open(struct suite_photos *p, struct suite *s, struct diag *d);
void suite_photos_close(struct suite_photos *p);

#endif
