/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_SIMULATE_PAIRED_RUN_H
#define DBC_QUANTIZER_SIMULATE_PAIRED_RUN_H

#include "base/diag.h"
#include "ir/graph.h"
#include "ir/samples.h"

/*
 * Runs the float network (reference) and the fake-quantized network in
 * lockstep, node by node, over several samples at once. The rounding of each
 * layer thus sees the errors of all layers before it. Values live from their
 * producer to their last reader. The quantized side holds real values on the
 * grids of value->quant.
 */
struct paired_run {
	const struct graph *g;
	int jobs;
	int count; /* samples */
	int *left; /* readers that are still to run, by value id */
	/* [sample][value id]; NULL: not alive */
	void **reference, **quantized;
};

/*
 * Takes at most `most` samples, evenly spread, and as many as fit in
 * `most_bytes`, at least one. Activations must have their scales. -1 with a
 * diagnostic; the run must be freed in any case.
 */
int paired_run_init(struct paired_run *run, const struct graph *g, int jobs,
		    const struct samples *s, int most, size_t most_bytes,
		    struct diag *d);
void paired_run_free(struct paired_run *run);

/* Constants that one side reads instead of the node's own; NULL: the node's. */
struct paired_run_constants {
	const void *weights, *bias;
};
/* Computes n on both sides, and frees the values that have no more readers. */
int paired_run_step(struct paired_run *run, const struct node *n,
		    struct paired_run_constants reference,
		    struct paired_run_constants quantized, struct diag *d);

static inline const float *paired_run_reference(const struct paired_run *run,
						int sample,
						const struct value *v)
{
	return run->reference[(size_t)sample * run->g->value_count + v->id];
}

static inline const float *paired_run_quantized(const struct paired_run *run,
						int sample,
						const struct value *v)
{
	return run->quantized[(size_t)sample * run->g->value_count + v->id];
}

/* Squared error over variance, averaged over all heads; after the last step
 * before the decode tail. */
double paired_run_loss(const struct paired_run *run);

#endif
