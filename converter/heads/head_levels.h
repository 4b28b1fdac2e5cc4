/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_LEVELS_H
#define DBC_CONVERTER_HEADS_HEAD_LEVELS_H

#include "converter/heads/head_finder.h"

/*
 * Maps of one size form a level. Its parts are runs of channels that reach an
 * output in the same way.
 */

/* Fills in the levels, finest first, from the maps that reach an output;
 * false where there is none, or too many. */
bool head_gather_levels(struct head_finder *f);
/* Whether a sigmoid or softmax was applied. */
bool head_is_activated(const struct head_part *p);
/* A role of a part with all numbers of a box in a run: `count` of them, from
 * number `first` on. */
struct head_role head_role_of(const struct head_part *p, int anchors, int first,
			      int count);
/* Converts a role; false unless its numbers lie in steps. */
bool head_place_role(const struct head_role *r, int anchors,
		     struct dbp_head_part *out);

#endif
