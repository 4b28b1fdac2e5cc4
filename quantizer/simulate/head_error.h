/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_SIMULATE_HEAD_ERROR_H
#define DBC_QUANTIZER_SIMULATE_HEAD_ERROR_H

#include "base/diag.h"
#include "base/parallel.h"
#include "ir/graph.h"
#include "ir/samples.h"

/* A change to the float network. */
struct head_change {
	/* This node reads other constants; NULL: none does. */
	const struct node *node;
	const void *weights, *bias; /* NULL: its own */
	/* Values that are changed where they are computed; NULL: none. Several
	 * threads call both. */
	bool (*touches)(const void *ctx, const struct value *v);
	void (*change)(const void *ctx, const struct value *v, float *data);
	const void *ctx;
};

/*
 * The errors of the float network's heads after each change alone: squared
 * error over variance, summed over the heads and averaged over some samples.
 * They measure sensitivities. The network runs once per sample; for a change
 * only what depends on it is computed again. loss[i] is that of changes[i];
 * progress counts changes, over all samples. -1 with a diagnostic.
 */
int head_error_measure(const struct graph *g, const struct samples *samples,
		       int jobs, const struct head_change *changes, int count,
		       double *loss, const struct progress *p, struct diag *d);

#endif
