/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRAPH_CHANNEL_GROUPS_H
#define DBC_QUANTIZER_GRAPH_CHANNEL_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"

/*
 * Channels that may have separate scales, because only convolutions and sums
 * produce and read them, and everything between only moves them: see
 * channel_groups.c. A channel group is one channel on its way from its producer
 * to its readers. The values on the way share a scale group, and one zero
 * point.
 */
struct channel_groups {
	const uint32_t *scale_group; /* scale_groups_assign()'s */
	uint32_t **of;               /* by value id: the channel group of each
				      * channel, below count[scale group]; NULL:
				      * one scale for all channels */
	int *count;                  /* by scale group */
	size_t values;               /* that there are; later ones have none */
};

/* No value has channel groups. -1: out of memory. */
int channel_groups_init(struct channel_groups *groups, const struct graph *g,
			const uint32_t *scale_group, struct arena *a);
/* Finds all of them. Joins the scale groups of values that get one zero point:
 * scale_group is groups->scale_group. sums: Add and Sub may read and produce
 * them, too. -1: out of memory. */
int channel_groups_find(struct channel_groups *groups, const struct graph *g,
			uint32_t *scale_group,
			const struct node **trained_grids, bool sums,
			struct arena *a);
/* Channel groups begin at v: the one of channel c is of[v->id][0] + c. */
bool channel_groups_begin(const struct channel_groups *groups,
			  const struct value *v);
/* n is a convolution that may produce and read channel groups. */
bool channel_groups_conv(const struct node *n);
/* n is a sum or difference, channel by channel, of two values that may have
 * channel groups. */
bool channel_groups_sum(const struct node *n);
/* v is the output of a table that reads a convolution's output. */
bool channel_groups_behind_table(const struct value *v);

#endif
