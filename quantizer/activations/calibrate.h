/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_CALIBRATE_H
#define DBC_QUANTIZER_ACTIVATIONS_CALIBRATE_H

#include "base/parallel.h"
#include "ir/samples.h"
#include "quantizer/activations/channel_means.h"
#include "quantizer/activations/channel_ranges.h"
#include "quantizer/activations/histogram.h"

/* What calibration observes. */
struct calibration {
	struct histogram **values;     /* by value id: leaders of scale groups,
					* and values where channel groups
					* begin; NULL: the others */
	struct channel_means *means;   /* by value id */
	struct channel_ranges *ranges; /* by scale group */
	bool *infinite; /* by value id: some numbers are not finite */
	size_t value_count;
	int samples;
};

/* Runs the float network over the samples. p: NULL: no progress. -1 with a
 * diagnostic. */
int calibrate(const struct graph *g, const struct samples *samples,
	      const struct channel_groups *groups, int jobs, struct arena *a,
	      struct calibration *out, const struct progress *p,
	      struct diag *d);

#endif
