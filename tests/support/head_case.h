/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_HEAD_CASE_H
#define DBC_TESTS_HEAD_CASE_H

/*
 * A family of heads: a graph as its exporters write it, and a plain decoder of
 * the outputs, written from papers and the authors' descriptions. The test
 * recognises the graph and compares boxes, scores and key points of all
 * candidates with the plain decoder's.
 */
#include "ir/graph.h"
#include "tests/support/head_graphs.h"

#define HEAD_CASE_MOST 20000
#define HEAD_CASE_POINTS 10

/* What the plain decoder makes of one candidate. */
struct head_expected {
	double box[4], score;
	double points[2 * HEAD_CASE_POINTS];
};

struct head_decoded {
	struct head_expected *list; /* HEAD_CASE_MOST of them */
	int count;
	const float *const *out; /* the outputs of the graph */
	double width, height;    /* of the input */
};

struct head_case {
	const char *kind; /* as head_find() names it */
	int height, width, points;
	void (*write)(struct head_graph *g);
	/* Candidates in the order of the packed head: levels, cells, boxes. */
	void (*decode)(struct head_decoded *d);
};

/* A test of cmocka. */
void head_case_check(const struct head_case *c);
/* The same for a graph from whose end this was cut off. */
void head_case_check_cut(const struct head_case *c, struct graph_cut cut);

/* The head written as a file of --head reads back bit for bit. */
struct graph;
struct head;
void head_case_round_trip(const struct graph *g, const struct head *h);

/* The next candidate. */
struct head_expected *head_case_add(struct head_decoded *d);
void head_case_center(struct head_expected *e, double x, double y, double w,
		      double h);
double head_case_sigmoid(double x);
/* The largest of `count` numbers. */
double head_case_largest(const float *v, int count, int step);

#endif
