/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_FINDER_H
#define DBC_CONVERTER_HEADS_HEAD_FINDER_H

#include "converter/heads/head.h"
#include "converter/heads/head_dataflow.h"

#define HEAD_MAX_PARTS 8 /* of a level */

/* TRACE_* flags of an output that the model decodes itself. */
enum { TRACE_DECODED = TRACE_AFFINE | TRACE_MIXED | TRACE_SCALED };

/* Consecutive channels of a map that reach one output in the same way. */
struct head_part {
	const struct trace_map *map;
	int from, count, output;
	unsigned flags; /* TRACE_* */
	int per_cell;   /* boxes of a cell by the output's rows; 1: planes */
};

/*
 * The numbers of boxes with one meaning. Number k of box a is channel first +
 * a * anchor + k * field of the part.
 */
struct head_role {
	const struct head_part *part; /* NULL: there are none */
	int first, anchor, field;
	int count; /* numbers of each box */
};

/* The parts of one grid size. The roles point into `parts`. */
struct head_level {
	int height, width;
	struct head_part parts[HEAD_MAX_PARTS];
	int count;
	struct head_role box, size, object, score, points;
	int anchors; /* boxes a cell */
};

/* The facts that head_recognise() has found; the families read them. */
struct head_finder {
	const struct graph *g;
	struct arena *arena;
	struct head *out;
	struct trace trace;
	int height, width;                             /* of the input image */
	struct head_level levels[DBP_HEAD_MAX_LEVELS]; /* finest first */
	int level_count;
	int bins;          /* numbers for each side of a box; 1: no DFL */
	bool planes;       /* the boxes a cell are not in the outputs' shapes */
	bool locate_only;  /* the box form is not asked for */
	bool half_decoded; /* an output is computed from a map in an unknown way
			    */
	bool scaled;       /* a part is multiplied by a constant at the end */
	struct dbp_head head; /* fields for head_new() */
};

/* Records why the outputs are not understood; returns false. */
bool head_unknown(struct head_finder *f, const char *why);
/* The activation that is still to be applied to scores. */
uint8_t head_score_activation(const struct head_role *r);
/* Allocates f->out from f->head and fills in its levels from f->levels, with
 * no anchors and offset 0. False with a reason. */
bool head_build_levels(struct head_finder *f);
/* Offset of the box centres from the cell's corner: a share of the stride
 * plus pixels. */
void head_set_offsets(struct head_finder *f, float cells, float pixels);
/* Key points in every level: sets the fields of f->head for head_new(). */
void head_use_points(struct head_finder *f, int fields,
		     enum dbp_point_form form, float scale);

#endif
