/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_ORIGIN_H
#define DBC_CONVERTER_HEADS_HEAD_ORIGIN_H

#include "converter/heads/head_finder.h"

/*
 * Boxes that the model decodes itself: where boxes, objectness, scores and key
 * points lie in the outputs, and what is known of the training code from the
 * maps before the decoding.
 */
struct head_decoded {
	uint32_t candidates;
	struct dbp_head_part box, object, score, points;
	uint32_t classes; /* columns of scores */
	bool background;
	uint32_t point_count, point_fields; /* 0: none */

	unsigned box_flags, score_flags; /* TRACE_* */
	bool listed;                     /* all in one output */
	bool shared_map;                 /* box and scores come from one map */
	bool has_object, constant_object;
	int levels, bins; /* maps of that many sizes; 1: no distribution */
};

/* False where the outputs hold no decoded boxes. */
bool head_find_decoded(const struct head_finder *f, struct head_decoded *out);

#endif
