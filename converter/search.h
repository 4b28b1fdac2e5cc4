/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_SEARCH_H
#define DBC_CONVERTER_SEARCH_H

#include "converter/convert.h"

/*
 * Quantizes and packs a prepared graph, within the limits of the
 * configuration where that is possible. Layers get their widths by a search
 * (with photos, and unless --uniform): the table of what each may become is
 * put through a knapsack, the choice is rounded, packed and measured by
 * running it, and the limits of the next try follow from what it came to.
 * Fills in v->packed and v->search.
 */
int search_pack(const struct config *c, const struct cost_target *target,
		struct conversion *v, const struct samples *samples,
		const struct input_range *range, progress_fn *progress,
		void *progress_ctx, struct diag *d);

/* Modelled time of an operator and of a packed model, microseconds. */
double search_layer_us(const struct cost_target *target,
		       const struct packed_layer *l);
double search_latency_us(const struct cost_target *target,
			 const struct packed *p);

#endif
