/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_DECODE_H
#define DBRT_DECODE_H

#include "runtime/dbrt_internal.h"

/* A head and the outputs that it reads. */
struct dbrt_decoder {
	const struct dbp_head *head;
	const struct dbrt_head_output *outputs;
	float input_width, input_height; /* pixels */
};

/* One candidate. Its number counts the anchors of all cells, level by level. */
struct dbrt_candidate {
	const struct dbp_head_level *level;
	uint32_t column, row, anchor, cell;
};

const struct dbp_head_level *dbrt_head_levels(const struct dbp_head *h);
const float *dbrt_head_anchors(const struct dbp_head *h);
const uint32_t *dbrt_head_names(const struct dbp_head *h);
uint32_t dbrt_level_candidates(const struct dbp_head_level *l);
/* Floats of an anchor: 2, or 4 with its centre. */
uint32_t dbrt_anchor_numbers(const struct dbp_head *h);
/* More parts of the level; NULL: the head has none. */
const struct dbp_head_level_more *
dbrt_head_more(const struct dbp_head *h, const struct dbp_head_level *l);

/* The number must be below the sum over all levels. */
struct dbrt_candidate dbrt_candidate_at(const struct dbrt_decoder *d,
					uint32_t number);

/* The common part of the scores of a candidate. */
struct dbrt_scores {
	float object;       /* with its power; 1 without an object part */
	float largest, sum; /* softmax */
	uint32_t first;     /* element of class 0 */
	uint32_t step;
};
/* False if no class reaches the threshold. */
int dbrt_scores_of(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		   float threshold, struct dbrt_scores *s);
float dbrt_class_score(const struct dbrt_decoder *d,
		       const struct dbrt_candidate *c,
		       const struct dbrt_scores *s, uint32_t class_id);
/* Whether no cell around has a larger raw score of the class (and anchor). */
int dbrt_is_peak(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		 uint32_t class_id);

/* Corners in pixels of the input: x1, y1, x2, y2. */
void dbrt_box_of(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		 float box[4]);
/* Key point i in pixels of the input; `box` is that of the candidate. */
void dbrt_point_of(const struct dbrt_decoder *d, const struct dbrt_candidate *c,
		   const float box[4], uint32_t i, float xy[2]);

#endif
