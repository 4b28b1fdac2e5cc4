/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_LINES_H
#define DBRT_LINES_H

#include "runtime/tensor_walk.h"

/*
 * The lines along one axis of a float tensor and of the outputs: one line for
 * each position of the other dims, in which input 0 and the outputs agree.
 * Elements have 4 bytes.
 */
struct dbrt_lines {
	uint32_t in_count, out_count; /* elements of a line */
	int32_t in_step, out_step[2]; /* elements from one to the next */
	uint32_t flags;               /* of struct dbp_softmax */
	/* Lines that can be computed at once, and elements between them. */
	uint32_t lines;
	int32_t in_next, out_next;
};

/* One line, or more; returns how many. out[1] is NULL for operators of one
 * output. */
typedef uint32_t dbrt_line(const struct dbrt_lines *l, const float *in,
			   void *const *out);

/* Calls line() for all of them, for operators with struct dbp_softmax. */
void dbrt_for_lines(const struct dbrt_op_view *v, dbrt_line *line);

#endif
