/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRAPH_SCALE_GROUPS_H
#define DBC_QUANTIZER_GRAPH_SCALE_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"

/*
 * Which values the device holds in integers, and which of them share one
 * scale. scale_group[id] is the group of value id: the id of one of the
 * group's values, its leader; SCALE_GROUP_FLOAT where the device holds the
 * value in float.
 */
#define SCALE_GROUP_FLOAT UINT32_MAX

/* Returns the groups, by value id, in the arena; NULL: out of memory.
 * (*trained_grids)[group] is the Quant node whose grid the group has, or
 * NULL. */
uint32_t *scale_groups_assign(const struct graph *g, struct arena *a,
			      const struct node ***trained_grids);

/* While groups are being joined (union-find): the leader of a value that has a
 * group. */
uint32_t scale_group_find(uint32_t *scale_group, uint32_t id);
/* Afterwards: makes every entry the leader itself. */
void scale_groups_settle(const struct graph *g, uint32_t *scale_group);

/* By group: weighted nodes read it, and all its producers can clamp to fewer
 * codes than 8 bits have. In the arena; NULL: out of memory. */
bool *scale_groups_low_bit(const struct graph *g, const uint32_t *scale_group,
			   struct arena *a);

#endif
