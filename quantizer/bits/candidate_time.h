/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_CANDIDATE_TIME_H
#define DBC_QUANTIZER_BITS_CANDIDATE_TIME_H

#include "quantizer/bits/cost.h"
#include "quantizer/weights/rounded_layer.h"

/* The largest size of a code. */
int candidate_largest_code(const struct weighted_layer *l,
			   const struct rounded_layer *r);
/* Microseconds, by the target's cost model, of a layer with tiles of `bits`
 * bits and codes up to `most`. */
double candidate_time(const struct cost_target *target,
		      const struct weighted_layer *l, int bits, int most,
		      int input_bits);

#endif
