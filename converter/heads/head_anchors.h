/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_ANCHORS_H
#define DBC_CONVERTER_HEADS_HEAD_ANCHORS_H

#include "converter/heads/head.h"

/* Anchors as a model holds them: centre x, y, width, height in pixels of the
 * input. */
struct head_anchor_list {
	float *numbers;
	uint32_t count;
};

/* Reads a constant of four numbers for each anchor; false if `v` is none, or
 * memory is exhausted. */
bool head_anchors_read(const struct graph *g, const struct value *v,
		       bool corners, bool normalized, bool y_first,
		       struct arena *a, struct head_anchor_list *out);

#endif
