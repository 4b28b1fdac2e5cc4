/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_TAPE_H
#define DBC_QUANTIZER_TAPE_H

#include "ir/diag.h"
#include "ir/graph.h"

/*
 * A forward run up to the heads that keeps every value, and its reverse. Float,
 * or with activations rounded as on the device (gradients go straight through,
 * but not where a code is clipped). One thread's own.
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

/* Weights and biases that a run reads instead of the graph's own, by the node's
 * place among all; an entry of NULLs: the graph's. */
struct tape_constants {
	const float *weights, *bias;
};
/* Graph inputs are t->value of their ids, and are to be filled in before.
 * coded: activations that have a quant are rounded. `constants` may be NULL. */
int tape_forward(struct tape *t, const struct tape_constants *constants,
		 bool coded, struct diag *d);

/* What a loss gains, an array a node or NULL; is added to. */
struct tape_gradients {
	float *weights, *bias;
};
/*
 * From the gradients of the heads, which tape_seed() makes (zeros to be filled
 * in; NULL: out of memory). each() is told, for every node, the gradient of its
 * first output before a fused activation. All but `t` may be NULL.
 */
float *tape_seed(struct tape *t, const struct value *head);
typedef void tape_each(void *ctx, const struct node *n, const float *dout);
int tape_backward(struct tape *t, const struct tape_constants *constants,
		  const struct tape_gradients *gradients, tape_each *each,
		  void *ctx, struct diag *d);

#endif
