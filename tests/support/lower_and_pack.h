/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_LOWER_AND_PACK_H
#define TESTS_LOWER_AND_PACK_H

#include "converter/pack/pack.h"

/* Lowers a quantized graph, plans its memory and packs it, without
 * preprocessing or head. 0, or -1 with a diagnostic. */
int lower_and_pack(const struct graph *g, const struct config *c,
		   struct arena *a, struct packed *out, struct diag *d);

#endif
