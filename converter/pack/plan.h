/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_PLAN_H
#define DBC_CONVERTER_PACK_PLAN_H

#include "base/diag.h"
#include "converter/lower/device_model.h"

/*
 * Gives every tensor its place. Reshapes, splits and concatenations become
 * ranges of a common buffer where they can, elementwise operators write over
 * an input that nobody needs any more; what is left is packed by size and
 * lifetime. Sets arena_bytes to the exact end of the last byte in use.
 */
int plan_memory(struct device_model *m, struct diag *d);
/* No plan can do with less: the most that is alive at one operator. */
uint64_t plan_lower_bound(const struct device_model *m);

#endif
