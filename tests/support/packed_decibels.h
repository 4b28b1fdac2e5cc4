/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_PACKED_DECIBELS_H
#define TESTS_SUPPORT_PACKED_DECIBELS_H

#include "converter/pack/pack.h"

/* Runs a packed model of one input and one output, of `count` floats each: the
 * ratio of what it should give to what is wrong with that, in decibels. */
double packed_decibels(const struct packed *p, const float *input,
		       const float *want, int count, struct diag *d);
/* The same, of what the float graph gives. */
double packed_decibels_of(const struct packed *p, const struct graph *g,
			  const float *input, int count, struct diag *d);

#endif
