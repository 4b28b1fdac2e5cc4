/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_PACKED_DECIBELS_H
#define TESTS_SUPPORT_PACKED_DECIBELS_H

#include "converter/pack/pack.h"

/* Runs a packed model of one input and one output, of `count` floats each.
 * Returns the signal-to-noise ratio of the output against `want`, in decibels.
 */
double packed_decibels(const struct packed *p, const float *input,
		       const float *want, int count, struct diag *d);
/* The same against the output of the float graph. */
double packed_decibels_of(const struct packed *p, const struct graph *g,
			  const float *input, int count, struct diag *d);

#endif
