/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_SIMULATE_GRADIENT_TAPE_H
#define DBC_QUANTIZER_SIMULATE_GRADIENT_TAPE_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * A forward run of the float network up to the heads that keeps every value,
 * and its reverse. One thread's own.
 */
struct tape {
	const struct graph *g;
	bool *leads;      /* by value id: a weight or an input lies before */
	float **value;    /* by value id; NULL: constant or not computed */
	float **gradient; /* the same; lives from the last reader to the maker
			   */
};

/* The first node up to the heads that has no gradient; NULL: all have. */
const struct node *tape_obstacle(const struct graph *g);

int tape_init(struct tape *t, const struct graph *g, struct diag *d);
void tape_free(struct tape *t);

/* Graph inputs are t->value of their ids, and are to be filled in before. */
int tape_forward(struct tape *t, struct diag *d);

/*
 * From the gradients of the heads, which tape_seed() makes (zeros to be filled
 * in; NULL: out of memory). each() is told, for every node, the gradient of its
 * first output before a fused activation.
 */
float *tape_seed(struct tape *t, const struct value *head);
typedef void tape_each(void *ctx, const struct node *n, const float *dout);
int tape_backward(struct tape *t, tape_each *each, void *ctx, struct diag *d);

#endif
