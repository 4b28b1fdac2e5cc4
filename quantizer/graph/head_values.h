/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRAPH_HEAD_VALUES_H
#define DBC_QUANTIZER_GRAPH_HEAD_VALUES_H

#include <stdbool.h>

#include "ir/graph.h"

/* v is a head of the network: the decode tail or the caller reads it, and the
 * quantization loss is measured there. */
bool value_is_head(const struct value *v);

#endif
