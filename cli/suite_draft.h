/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_DRAFT_H
#define DBC_CLI_SUITE_DRAFT_H

#include "cli/suite_file.h"

#define DRAFT_VALUES 8 /* of an attribute; with more, numbers are halved */

/*
 * Slices for what labels and the table of metadata (photo_count 0: none) know:
 * all photos, each class with a name, each size of boxes, photos without boxes,
 * each value of each attribute, or below and from the median. They expect
 * nothing yet. Memory is the suite's. -1: out of memory.
 */
int suite_draft_slices(struct suite *s, const struct annotations *labels,
		       const struct annotations *metadata);

#endif
