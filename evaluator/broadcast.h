/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_BROADCAST_H
#define DBC_EVALUATOR_BROADCAST_H

#include "ir/graph.h"

/*
 * Walks an output row by row, with the element offsets of up to three
 * operands that broadcast into it (ONNX multidirectional broadcasting, the
 * rules of numpy). A row is a run along the last dim, in which an operand's
 * step is 0 or 1.
 */
struct broadcast {
	int rank, operands;
	int64_t dim[GRAPH_MAX_RANK], row; /* row: elements */
	int64_t stride[3][GRAPH_MAX_RANK];
	int64_t index[GRAPH_MAX_RANK];
	int64_t at[3], step[3]; /* of each operand, for the current row */
	int64_t rows_left;
};
void broadcast_begin(struct broadcast *b, const struct shape *out,
		     const struct shape *const *in, int operands);
/* Goes to the next row (at first, the first); false after the last. */
bool broadcast_next(struct broadcast *b);

#endif
