/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_SIMULATE_GRADIENT_TAPE_H
#define DBC_QUANTIZER_SIMULATE_GRADIENT_TAPE_H

#include "base/diag.h"
#include "ir/graph.h"

/*
 * Reverse-mode differentiation of the float network up to the heads: a forward
 * run that keeps every value, and a backward run. For one thread.
 */
struct gradient_tape {
	const struct graph *g;
	bool *leads;      /* by value id: depends on a weighted node */
	float **value;    /* by value id; NULL: constant or not computed */
	float **gradient; /* by value id; lives from the value's last reader to
			   * its producer */
};

/* The first node up to the heads that has no gradient; NULL: all have one. */
const struct node *gradient_tape_obstacle(const struct graph *g);

/* -1 with a diagnostic; free it in any case. */
int gradient_tape_init(struct gradient_tape *t, const struct graph *g,
		       struct diag *d);
void gradient_tape_free(struct gradient_tape *t);

/* The caller fills in the graph inputs first: value[id of the input]. */
int gradient_tape_forward(struct gradient_tape *t, struct diag *d);

/* The gradient of a head, zeros for the caller to fill in; NULL: out of
 * memory. */
float *gradient_tape_seed(struct gradient_tape *t, const struct value *head);
/* Gets the gradient of each node's first output, before a fused activation. */
typedef void gradient_visitor(void *ctx, const struct node *n,
			      const float *dout);
/* From the seeds back to the first node. */
int gradient_tape_backward(struct gradient_tape *t, gradient_visitor *each,
			   void *ctx, struct diag *d);

#endif
