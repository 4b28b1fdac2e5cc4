/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_HEAD_TAILS_H
#define DBC_TESTS_HEAD_TAILS_H

/* Nodes of heads that decode their boxes, for an input of HEAD_TAIL_SIDE, and a
 * plain decoder of tables of boxes and scores. */
#include <stdbool.h>

#include "tests/support/head_case.h"

#define HEAD_TAIL_SIDE 64

/* %NAME: maps of the levels of strides 8, 16, ... as [1, channels, n]; those of
 * a level are %NAME0, ... */
void head_tail_planes(struct head_graph *g, const char *name, int channels,
		      int levels);
/* %places [1, 2, n], x and y of each cell in strides, and %steps [1, 1, n]. */
void head_tail_places(struct head_graph *g, double offset, int levels);
/* %dist [1, 4, cells]: the means of the distributions %dfl. */
void head_tail_means(struct head_graph *g, int bins, int cells);
/* %box [1, 4, n] in pixels, from the distances %dist in strides. */
void head_tail_corners(struct head_graph *g);
void head_tail_centers(struct head_graph *g);

/* Where the numbers of a candidate are. */
struct head_rows {
	int box, score; /* outputs */
	int candidates;
	int box_cell, box_field, score_cell, score_field; /* steps */
	int object;         /* its number; 0: none */
	int first, classes; /* numbers of the classes */
	bool center;
	double scale; /* of the boxes' unit in pixels */
};

void head_tail_decode(struct head_decoded *d, const struct head_rows *r);

/* Tests of cmocka, see head_case_check(). */
void head_tail_check(const char *kind, void (*write)(struct head_graph *g),
		     void (*decode)(struct head_decoded *d));
void head_tail_check_cut(const char *kind, void (*write)(struct head_graph *g),
			 void (*decode)(struct head_decoded *d),
			 struct graph_cut cut);

#endif
