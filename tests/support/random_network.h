/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_RANDOM_NETWORK_H
#define DBC_TESTS_RANDOM_NETWORK_H

#include "tests/support/network_builder.h"

/*
 * A small random network as exporters write them, in the ONNX form of opsets
 * 11 to 20: pictures or signals, one input, one to three outputs of which some
 * are read by other nodes too. The same seed gives the same network.
 */
void random_network_build(struct network *n, uint32_t seed);
void random_network_free(struct network *n);

/* Input number `seed`, in the shape of the file: slopes, offsets and noise by
 * channel. */
void random_network_input(const struct network *n, uint32_t seed, double *x);

#endif
