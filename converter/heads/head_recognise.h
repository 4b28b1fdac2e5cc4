/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_RECOGNISE_H
#define DBC_CONVERTER_HEADS_HEAD_RECOGNISE_H

#include "converter/heads/head.h"

/* Finds the head from the graph alone; see head_find(). */
int head_recognise(const struct graph *g, const struct config *c,
		   struct arena *a, struct head *out, struct diag *d);
/* Finds only where boxes, objectness and scores lie, as the levels of `out`;
 * their box form stays open. `data` is NULL where that is not clear. */
int head_locate(const struct graph *g, const struct config *c, struct arena *a,
		struct head *out, struct diag *d);

#endif
