/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_SEARCH_H
#define DBC_CONVERTER_SEARCH_H

#include "base/arena.h"
#include "base/diag.h"
#include "converter/pack/pack.h"
#include "ir/config.h"
#include "quantizer/bits/cost.h"
#include "quantizer/quantizer.h"

/* A model that the search has built, or one that it could have built. */
struct search_point {
	bool built;         /* false: all but the loss is estimated */
	double weight_bits; /* mean bits per weight in the file */
	int64_t dbp_bytes, ram_bytes;
	double latency_us;
	double predicted_loss, loss; /* error over variance of the heads */
	/* On held-out photos; NAN: not measured. agreement_low: the end of its
	 * interval. Where an agreement is asked for, on photos that calibrated
	 * as well. */
	double agreement, agreement_low, sqnr_db;
};
/* More than all builds of all presets need. */
#define SEARCH_POINTS 1024

struct search_result {
	struct search_point *points; /* [SEARCH_POINTS] */
	int point_count;
	int chosen;    /* the point of the result */
	bool searched; /* false: every layer has the bits asked for */
	bool raised;   /* more bytes than asked for, for the agreement */
	struct quantizer_layer *layers;
	int layer_count;
};

/* How a packed model compares with the float model. */
struct search_score {
	/* and the lower end of its interval; NAN: there is nothing to agree
	 * on */
	double agreement, low;
	double sqnr_db;
};

/*
 * What the search needs from the rest of the conversion. Both return 0, or -1
 * with a diagnostic.
 */
struct search_steps {
	/* Rounds the weights to the widths that the quantizer has chosen and
	 * packs the model; *loss is error over variance of the heads, on
	 * calibration samples. */
	int (*build)(void *ctx, struct packed *out, double *loss,
		     struct diag *d);
	/* Compares a packed model with the float model, on the samples held
	 * out, or on `all`: some that calibrated as well. */
	int (*measure)(void *ctx, const struct packed *p, bool all,
		       struct search_score *out, struct diag *d);
	void *ctx;
};

struct search_input {
	const struct config *c;
	/* The quantizer's own. Its `coded` is cleared where only a model that
	 * is used where it is stored fits the memory. */
	struct cost_target *target;
	struct quantizer *q;
	/* Samples of the user: the first `calibrated` of `samples` calibrate,
	 * the rest is held out. samples 0: data-free. */
	int samples, calibrated;
	struct search_steps steps;
	struct arena *arena; /* of the results */
};

/*
 * Quantizes and packs a model within the limits of the configuration, where
 * that is possible. Mixed precision (with samples, and without --uniform):
 * the candidates of every layer go through a knapsack, the chosen widths are
 * rounded, packed and measured, and the limits of the next try follow from
 * the size, time and memory of that model. Without limits or at 8 bits, every
 * layer gets the bits asked for.
 */
int search_run(const struct search_input *in, struct packed *packed,
	       struct search_result *result, struct diag *d);

#endif
