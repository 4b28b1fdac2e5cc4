/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_ROLES_H
#define DBC_CONVERTER_HEADS_HEAD_ROLES_H

#include "converter/heads/head_finder.h"

/*
 * In a level one part holds the boxes, another the class scores, and often
 * others the objectness (confidence that the cell holds any object), key points
 * or the sizes of the boxes. They are told by the numbers that each has for a
 * box and by activations; names decide only where these do not.
 */

/* Sets the roles of the parts of each level; false where that is not clear. */
bool head_find_roles(struct head_finder *f);
/* Sets `anchors` of each level, `planes`, `bins` and the class count; false
 * where the parts do not match. With planes it counts as if a cell had one
 * box. */
bool head_measure_roles(struct head_finder *f);
/* Planes of a level hold so many boxes a cell: false unless their channels are
 * that many times the numbers of a box. */
bool head_split_planes(struct head_level *l, int anchors);

#endif
