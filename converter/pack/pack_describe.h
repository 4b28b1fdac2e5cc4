/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_PACK_DESCRIBE_H
#define DBC_CONVERTER_PACK_PACK_DESCRIBE_H

#include "converter/pack/pack.h"

/* Fills out->layers from the device model and the packed bytes: one entry for
 * each operator of the file, in its order. tensor_ids: ids in the file, by
 * tensor. -1: out of memory. */
int pack_describe(const struct device_model *m, const uint32_t *tensor_ids,
		  struct packed *out, struct arena *a);

#endif
