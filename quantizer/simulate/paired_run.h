/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_SIMULATE_PAIRED_RUN_H
#define DBC_QUANTIZER_SIMULATE_PAIRED_RUN_H

#include "quantizer/quantizer.h"

/*
 * The float network and the quantized one side by side, over some samples at
 * once and node by node, so that the rounding of each layer sees what the
 * layers before it have left of the signal. Values live from their maker to
 * their last reader. The quantized side is simulated in float: real values
 * that lie on the grids of value->quant.
 */
struct twin {
	const struct graph *g;
	int jobs;
	int count;            /* samples */
	int *left;            /* readers to come, by value id */
	void **real, **coded; /* [sample][value id]; NULL: not alive */
};

/*
 * At most `most` samples, evenly spread, and no more than `most_bytes` hold.
 * Activations must have their scales. Free it in any case.
 */
int twin_init(struct twin *t, const struct graph *g, int jobs,
	      const struct samples *s, int most, size_t most_bytes,
	      struct diag *d);
void twin_free(struct twin *t);

/* Constants that a side reads instead of the node's own; NULL: its own. */
struct twin_constants {
	const void *weights, *bias;
};
/* Computes n on both sides, and lets go of what nobody reads any more. */
int twin_step(struct twin *t, const struct node *n, struct twin_constants real,
	      struct twin_constants coded, struct diag *d);

static inline const float *twin_real(const struct twin *t, int sample,
				     const struct value *v)
{
	return t->real[(size_t)sample * t->g->value_count + v->id];
}

static inline const float *twin_coded(const struct twin *t, int sample,
				      const struct value *v)
{
	return t->coded[(size_t)sample * t->g->value_count + v->id];
}

/* What the decode tail or the outside reads: where losses count. */
bool twin_is_head(const struct value *v);
/* Squared error over variance, the mean over all heads; once all nodes but
 * the tail's have been stepped through. */
double twin_loss(const struct twin *t);

/* Real values to those that q's codes stand for. n elements, channels
 * innermost. */
void twin_round(const struct quant *q, float *x, int64_t n);

#endif
