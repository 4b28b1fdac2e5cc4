/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_NETWORK_LAYERS_H
#define DBC_TESTS_NETWORK_LAYERS_H

#include "tests/support/network_builder.h"

/* Single layers of random form. Those that may not fit the input give NULL. */

/* Batch norm with the statistics of the sample, as training leaves them. */
const char *net_batch_norm(struct network *n, const char *x);
/* One of every kind, as one node or spelled out. */
const char *net_activation(struct network *n, const char *x);

struct net_conv {
	int64_t cout, group, kernel[2], stride[2], dilation[2];
	int64_t pads[4]; /* of 1-D: begin and end in [0] and [1] */
	bool bias;
	const char *auto_pad; /* NULL: pads */
};

/* A kernel of k on each side that keeps rows and columns. */
struct net_conv net_conv_same(struct network *n, int64_t cout, int64_t k);
const char *net_conv(struct network *n, const char *x,
		     const struct net_conv *c);
/* Any form. */
const char *net_random_conv(struct network *n, const char *x);
const char *net_conv_transpose(struct network *n, const char *x);
const char *net_pool(struct network *n, const char *x);

#endif
