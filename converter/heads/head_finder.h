/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_FINDER_H
#define DBC_CONVERTER_HEADS_HEAD_FINDER_H

#include "converter/heads/head.h"
#include "converter/heads/head_dataflow.h"

/* What head_recognise() knows so far, shared by the files that it is in. */
#define HEAD_MAX_PARTS 6 /* of a level */

enum { DECODED = TRACE_AFFINE | TRACE_MIXED | TRACE_SCALED };

/* Channels of a map that are outputs. */
struct part {
	const struct trace_map *map;
	int from, count, output;
	unsigned flags;
};

struct level {
	int height, width;
	struct part parts[HEAD_MAX_PARTS];
	int count;
	const struct part *box, *object, *score;
};

struct finder {
	const struct graph *g;
	const struct config *c;
	struct arena *arena;
	struct head *out;
	struct trace trace;
	int height, width; /* of the input */
	struct level levels[DBP_HEAD_MAX_LEVELS];
	int level_count;
	bool places_only; /* not what the boxes' numbers mean */
	bool half_decoded;
	struct dbp_head head;
};

/* The outputs are not understood, and why; false. */
bool head_unknown(struct finder *f, const char *why);

/* Fills in the levels, finest first: what comes out as the network made it,
 * at most activated. */
bool head_gather_levels(struct finder *f);
/* Which part of each level is what; false where that is not clear. */
bool head_find_roles(struct finder *f);
bool head_is_activated(const struct part *p);
/* How many candidates a cell has, by the rows of its output. */
int head_rows_a_cell(const struct finder *f, const struct part *p);
/* Field k of anchor a must be channel a * fields + k of the map. */
bool head_place_part(const struct part *p, int anchors,
		     struct dbp_head_part *out);

/* Heads whose boxes are still to be decoded, family by family. */
bool head_find_raw(struct finder *f);

#endif
