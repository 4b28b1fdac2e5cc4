/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_DATAFLOW_H
#define DBC_CONVERTER_HEADS_HEAD_DATAFLOW_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * Traces each element of the outputs of a graph back to a channel and cell of
 * one of the last convolutions, and records the operators between. Reshapes,
 * transposes, concatenations and the like are evaluated on the numbers of the
 * elements, so that any arrangement is understood.
 */
enum {
	TRACE_SIGMOID = 1,
	TRACE_SOFTMAX = 2,
	TRACE_POSITIVE = 4, /* relu, softplus */
	TRACE_EXP = 8,
	TRACE_AFFINE = 16, /* arithmetic with constants: decoding */
	TRACE_MIXED = 32,  /* from several elements, or by another operator */
	TRACE_SCALED =
		64, /* multiplied by one constant, and nothing after it */
};

/* A map of the network that the decoding reads; [C][H][W], batch 1. */
struct trace_map {
	const struct value *value;
	int channels, height, width;
	/* The place of each channel: cell i is element first + i * step of the
	 * output; output -1: in no output, or in another order. */
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
	uint32_t **marks;      /* of the elements, for trace_element() */
	int64_t *base;
};

/* Where one element of an output comes from. */
struct trace_element {
	const struct trace_map *map; /* NULL: a constant, or not known */
	int channel, cell;
	unsigned flags;
};

struct trace_element trace_element(const struct trace *t, int output,
				   int64_t i);

/* Elements that cannot be traced count as mixed, and all do where the marks
 * would need more than the graph's budget for a run. -1 when memory is
 * exhausted. */
int trace_outputs(const struct graph *g, struct arena *a, struct trace *out,
		  struct diag *d);

#endif
