/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LATENCY_H
#define DBC_CONVERTER_LATENCY_H

#include "base/diag.h"
#include "converter/pack/pack.h"
#include "converter/pack/packed_file.h"
#include "quantizer/bits/cost.h"

/* Modelled time of one operator and of a packed model, in microseconds. */
double latency_of_layer(const struct cost_target *target,
			const struct packed_layer *l);
double latency_of_model(const struct cost_target *target,
			const struct packed *p);
/* The share of the model's time that is estimated, 0 to 1. */
double latency_estimated(const struct cost_target *target,
			 const struct packed *p);
/* Where the model's time comes from: "measured", "simulated", or "estimated" if
 * more than a tenth of it is. */
const char *latency_source(const struct cost_target *target,
			   const struct packed *p);

/* The modelled time of a packed file; *source as latency_source() has it. -1
 * with a diagnostic. */
int latency_of_file(const struct cost_target *target,
		    const struct packed_file *f, double *us,
		    const char **source, struct diag *d);

#endif
