/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_MARKS_H
#define DBC_CONVERTER_HEADS_HEAD_MARKS_H

#include "ir/graph.h"

/* The mark of an element: its number in the maps plus one, and TRACE_* flags.
 */
#define MARK_NUMBER_BITS 25
#define MARK_NUMBER_MASK ((1u << MARK_NUMBER_BITS) - 1)
#define MARK_UNKNOWN MARK_NUMBER_MASK
#define MARK_NONE 0u /* a constant */

/* An operator of the network, not of the decoding. */
bool head_is_network(const struct node *n);
/* The operand of a node that stores numbers in another way, or is a part of
 * the convolution before it (its scale, its bias); NULL for other nodes. */
const struct value *head_kept(const struct node *n);
/* Marks the outputs of a node from its inputs; `marks` by the values' ids. */
void head_mark_node(const struct node *n, uint32_t *const *marks);

#endif
