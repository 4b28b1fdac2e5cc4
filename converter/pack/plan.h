/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_PLAN_H
#define DBC_CONVERTER_PACK_PLAN_H

#include "base/diag.h"
#include "converter/lower/device_model.h"

/*
 * Plans the memory of every tensor. Reshapes, splits and concatenations become
 * ranges of a common buffer where possible. Elementwise operators overwrite an
 * input that no later operator reads. The remaining buffers are placed by size
 * and lifetime. Sets arena_bytes to the end of the last byte in use. -1 with a
 * diagnostic.
 */
int plan_memory(struct device_model *m, struct diag *d);
/* Lower bound of every plan: the largest sum of live bytes at one operator. */
uint64_t plan_lower_bound(const struct device_model *m);

#endif
