/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_DATAFLOW_H
#define DBC_CONVERTER_HEADS_HEAD_DATAFLOW_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * Where each element of a graph's outputs comes from: which channel and cell
 * of which of the last convolutions, and what was done to it on the way.
 * Reshapes, transposes, concatenations and the like are followed by running
 * them over the elements' numbers, so that any arrangement is understood.
 */
enum {
	TRACE_SIGMOID = 1,
	TRACE_SOFTMAX = 2,
	TRACE_POSITIVE = 4, /* relu, softplus */
	TRACE_EXP = 8,
	TRACE_AFFINE = 16, /* arithmetic with constants: something decoded */
	TRACE_MIXED = 32,  /* made of several elements, or by what else */
	TRACE_SCALED = 64, /* by one constant, and nothing behind it */
};

/* A map of the network that the tail reads; [C][H][W] without a batch. */
struct trace_map {
	const struct value *value;
	int channels, height, width;
	/* Where each channel went: cell i is element first + i * step of an
	 * output, or, with output -1, it went nowhere or in no such order. */
	struct trace_channel {
		int output;
		int64_t first, step;
		uint8_t flags; /* TRACE_* */
	} * channel;
};

struct trace {
	struct trace_map *maps;
	int map_count;
	uint8_t *output_flags; /* of the first element of each output */
};

/* -1 when memory is exhausted. What cannot be followed counts as mixed. */
int trace_outputs(const struct graph *g, struct arena *a, struct trace *out,
		  struct diag *d);

#endif
