/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_FAMILIES_H
#define DBC_CONVERTER_HEADS_HEAD_FAMILIES_H

#include "converter/heads/head_family.h"

#define FAMILY(id) extern const struct head_family head_family_##id;
#include "converter/heads/head_families.def"
#undef FAMILY

/* Row i of head_families.def; NULL past the end. */
const struct head_family *head_family_at(int i);
/* The first row of that name with a usual preprocessing; NULL: there is none.
 * Rows of one name have the same. */
const struct head_family *head_family_named(const char *name);

#endif
