/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_TENSOR_WALK_H
#define DBRT_TENSOR_WALK_H

/*
 * Walks tensors of any rank and pitch. A view gives a tensor six dims (leading
 * ones 1) and a stride for each. Size-1 dims have stride 0, so that walking a
 * view over larger dims broadcasts it. Slices and transposes are views with
 * other strides. A walk joins dims that are contiguous in all of its views and
 * yields rows that are as long as possible.
 */
#include "runtime/dbrt_internal.h"

struct dbrt_view {
	uint8_t *data; /* of element 0, ..., 0 */
	uint32_t size; /* bytes an element */
	uint32_t dims[DBP_MAX_RANK];
	int32_t stride[DBP_MAX_RANK]; /* in elements */
};

#define DBRT_WALK_VIEWS 4

struct dbrt_walk {
	uint32_t views;
	uint32_t n;                     /* elements of a row */
	uint8_t *at[DBRT_WALK_VIEWS];   /* a row's first element */
	int32_t inner[DBRT_WALK_VIEWS]; /* elements between its elements */
	uint32_t rank;                  /* dims outside of a row */
	uint32_t dims[DBP_MAX_RANK], index[DBP_MAX_RANK]; /* innermost first */
	ptrdiff_t step[DBRT_WALK_VIEWS][DBP_MAX_RANK];    /* bytes */
};

/* Computes one row; the walk's `at`, `inner` and `n` describe it. It may also
 * compute the next ones and move the walk to the last of them. */
typedef void dbrt_row(const void *ctx, struct dbrt_walk *w);

void dbrt_view_of(struct dbrt_view *view, const struct dbrt_model *m,
		  const struct dbp_tensor *t);
/* The dim of a view that is dim `axis` of a tensor. */
static inline uint32_t dbrt_view_axis(const struct dbp_tensor *t, uint32_t axis)
{
	return axis + DBP_MAX_RANK - t->rank;
}
/* Keeps only index `index` of a dim. */
void dbrt_view_pick(struct dbrt_view *view, uint32_t dim, uint32_t index);

/* Walks the dims of views[0], in their order; the others have the same dims,
 * or 1. */
void dbrt_walk_start(struct dbrt_walk *w, const struct dbrt_view *views,
		     uint32_t count);
/* Goes to the next row; 0 if there is none. */
int dbrt_walk_next(struct dbrt_walk *w);

/* Calls row() for all rows, in any order, on several threads if there is enough
 * to do. work: of an element, in copies of one, about. */
void dbrt_walk_rows(const struct dbrt_model *m, const struct dbrt_view *views,
		    uint32_t count, uint64_t work, dbrt_row *row,
		    const void *ctx);
/* The same for output 0 and the inputs (1 or 2) of an operator. */
void dbrt_walk_op(const struct dbrt_op_view *v, uint32_t inputs, uint64_t work,
		  dbrt_row *row, const void *ctx);

/* multiplier and shift as struct dbp_mul and dbp_rescale have them */
int dbrt_scaling_ok(uint32_t multiplier, uint32_t shift);
/* The 256 results of a rescale, for dbrt_map_views(). */
void dbrt_rescale_table(int8_t *table, const struct dbp_rescale *p,
			int32_t zero_in, int32_t zero_out);

/* For the checks. */
int dbrt_same_dims(const struct dbp_tensor *a, const struct dbp_tensor *b);
/* The same rank, and the same dims except for `axis`. */
int dbrt_same_dims_but(const struct dbp_tensor *a, const struct dbp_tensor *b,
		       uint32_t axis);
/* Equal type, scale and zero point: elements may be moved between them. */
int dbrt_same_type(const struct dbp_tensor *a, const struct dbp_tensor *b);
/* `t` broadcasts to `to` (numpy's rule: dims aligned at the last). */
int dbrt_broadcasts(const struct dbp_tensor *t, const struct dbp_tensor *to);

#endif
