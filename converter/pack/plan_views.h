/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_PLAN_VIEWS_H
#define DBC_CONVERTER_PACK_PLAN_VIEWS_H

#include "converter/lower/device_model.h"

/*
 * First step of memory planning: tensors that are parts (views) of others. A
 * view begins `rows` rows and `columns` elements into its parent. It has the
 * pitch of the parent or, with own_rows (a reshape), another row length; then
 * the parent must stay dense. Every tensor that is not a view gets an offset in
 * the second step (plan.c).
 */
struct view {
	uint32_t parent; /* DBP_NONE: separate memory */
	uint64_t rows, columns;
	bool own_rows;
	bool stays_dense; /* a view needs it */
};

/* Lifetime of memory: from operator first - 1 to last - 1, so that 0 is before
 * the first operator; last 0: never used. */
struct life {
	uint32_t first, last;
};

struct plan {
	struct device_model *m;
	struct view *views; /* by tensor */
	struct life *life;  /* by tensor, for those with separate memory */
};

/* Place of a tensor, in elements, in the memory of `root`. */
struct plan_place {
	uint32_t root;
	uint64_t start, pitch;
};
struct plan_place plan_place(const struct plan *p, uint32_t tensor);

/* Makes views of reshapes, slices and concatenations. */
void plan_views(struct plan *p);
/* Lets elementwise operators overwrite an input that is not read later; needs
 * the lifetimes. */
void plan_in_place(struct plan *p);

#endif
