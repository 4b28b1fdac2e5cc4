/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_PLAN_VIEWS_H
#define DBC_CONVERTER_PACK_PLAN_VIEWS_H

#include "converter/lower/device_model.h"

/*
 * Planning memory. First, tensors that are parts of others: a view lies
 * `rows` rows and `columns` elements into its parent, and has the parent's
 * pitch or (own_rows: a reshape) rows of its own, for which the parent must
 * stay dense. Then every tensor that is part of none gets an offset.
 */
struct view {
	uint32_t parent; /* DBP_NONE: memory of its own */
	uint64_t rows, columns;
	bool own_rows;
	bool stays_dense; /* somebody relies on it */
};

/* When memory is in use: from operator first - 1 to last - 1, so that 0 is
 * before the first operator; last 0: never. */
struct life {
	uint32_t first, last;
};

struct plan {
	struct device_model *m;
	struct view *views; /* by tensor */
	struct life *life;  /* by tensor, of those with memory of their own */
};

/* Where a tensor lies: elements into the memory of `root`. */
struct place {
	uint32_t root;
	uint64_t start, pitch;
};
struct place plan_place(const struct plan *p, uint32_t tensor);

/* Reshapes, slices, concatenations. */
void plan_views(struct plan *p);
/* Elementwise operators over an input that ends there; needs the lives. */
void plan_in_place(struct plan *p);

#endif
