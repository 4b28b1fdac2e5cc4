/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_ELTWISE_H
#define DBC_CONVERTER_LOWER_LOWER_ELTWISE_H

#include "ir/graph.h"
#include "schemas/dbp.h"

/* The device's float operator for an operator of two operands; 0: none. */
enum dbp_binary lower_binary_kind(enum op op);

#endif
