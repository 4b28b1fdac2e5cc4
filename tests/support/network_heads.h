/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_NETWORK_HEADS_H
#define DBC_TESTS_NETWORK_HEADS_H

#include "tests/support/network_builder.h"

/* What exporters put behind the last map: classes of the pooled map, boxes a
 * cell, or nothing. */
const char *net_head(struct network *n, const char *x);

#endif
