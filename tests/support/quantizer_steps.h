/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_QUANTIZER_STEPS_H
#define TESTS_SUPPORT_QUANTIZER_STEPS_H

#include "quantizer/graph/channel_groups.h"
#include "tests/support/fixture.h"

/* Gives the layers of g separate constants and finds its channel groups, sums
 * included. */
void find_channel_groups(struct fixture *f, struct graph *g,
			 struct channel_groups *groups);
/* Output of the float graph for a random input; both have `elements`. */
void run_float(struct fixture *f, const struct graph *g, float *y,
	       int elements);

#endif
