/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_LINES_H
#define DBRT_LINES_H

#include "runtime/walk.h"

/*
 * The lines of two float tensors along one axis: for each position of the
 * other dims, in order, where a line of the input and of the output begins.
 * The tensors agree in all dims but the axis.
 */
struct dbrt_lines {
	struct dbrt_walk walk;
	uint32_t done;		/* elements of the walk's row handed out */
	int32_t in_step, out_step; /* elements along the axis */
	uint32_t in_count, out_count;
	const float *in;
	void *out;
};

void dbrt_lines_start(struct dbrt_lines *l, const struct dbrt_model *m,
		      const struct dbp_tensor *x, const struct dbp_tensor *y,
		      uint32_t axis);
/* To the first, then the next line; 0: there is none. */
int dbrt_lines_next(struct dbrt_lines *l);

#endif
