/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_HEAD_GRAPHS_H
#define DBC_TESTS_HEAD_GRAPHS_H

/*
 * Graphs, as text, that end as the exporters of detectors write their heads.
 * The network before is a convolution for each map, with random weights.
 */
#include <stddef.h>

#define HEAD_GRAPH_BYTES 65536

struct head_graph {
	char text[HEAD_GRAPH_BYTES];
	size_t length;
	int seed;
};

/* A graph with an input %x of 1x3xHxW. */
void head_graph_begin(struct head_graph *g, int height, int width);
void head_graph_add(struct head_graph *g, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* %NAME, a map of so many channels. */
void head_graph_map(struct head_graph *g, const char *name, int channels,
		    int stride);
/* %NAME: the map %FROM as rows of `numbers`, [1, n, numbers]. */
void head_graph_rows(struct head_graph *g, const char *name, const char *from,
		     int numbers);
/* %NAME: the map %FROM as [1, 3, rows, columns, numbers]. */
void head_graph_anchors(struct head_graph *g, const char *name,
			const char *from, int numbers, int rows, int columns);
/* Nodes that no output reads: a max pool on the input, and SiLU. */
void head_graph_pool(struct head_graph *g, int kernel, int stride);
void head_graph_swish(struct head_graph *g);
void head_graph_leaky(struct head_graph *g);
void head_graph_output(struct head_graph *g, const char *name);

#endif
