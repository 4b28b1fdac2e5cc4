/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_LEVELS_H
#define DBC_CONVERTER_HEADS_HEAD_LEVELS_H

#include "converter/heads/head_finder.h"

/*
 * Maps of one size form a level. In a level one map, or some channels of a
 * map, holds the boxes, another the class scores, and often a third the
 * objectness (confidence that the cell holds any object).
 */

/* Fills in the levels, finest first, from the maps that reach an output;
 * false where there is none, or too many. */
bool head_gather_levels(struct head_finder *f);
/* Sets the roles of the parts of each level; false where that is not clear. */
bool head_find_roles(struct head_finder *f);
bool head_is_activated(const struct head_part *p);
/* Candidates for each cell, from the rows of the part's output. */
int head_rows_a_cell(const struct head_finder *f, const struct head_part *p);
/* Converts a part; false unless field k of anchor a is channel
 * a * fields + k of the part. */
bool head_place_part(const struct head_part *p, int anchors,
		     struct dbp_head_part *out);

#endif
