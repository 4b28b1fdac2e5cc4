/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_NETWORK_BLOCKS_H
#define DBC_TESTS_NETWORK_BLOCKS_H

#include "tests/support/network_builder.h"

/* A random part of a network, from the map `x` to another one; NULL: what was
 * picked does not fit. */
const char *net_block(struct network *n, const char *x);

#endif
