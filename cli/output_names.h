/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_OUTPUT_NAMES_H
#define DBC_CLI_OUTPUT_NAMES_H

#include "base/arena.h"

/* `name` with each character that a file name should not contain replaced by
 * '_', at most 120 characters, in the arena; NULL when memory is exhausted. */
const char *output_name(const char *name, struct arena *a);

/*
 * Makes names differ: of equal ones that which is as wanted stays, else the
 * first; the others become "NAME_2", "NAME_3" and so on, past those that are
 * taken. `wanted` holds the names before they were changed, all different;
 * NULL: they were not. -1 when memory is exhausted.
 */
int output_names_make_unique(const char **names, const char *const *wanted,
			     int count, struct arena *a);

#endif
