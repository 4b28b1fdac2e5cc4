/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_ELEMENT_H
#define DBC_EVALUATOR_ELEMENT_H

#include "ir/graph.h"

/* Element i of a buffer of type t as int64. A float that does not fit
 * saturates, NaN gives 0. For doubles: tensor_element(). */
int64_t element_int(enum dtype t, const void *data, int64_t i);
/* Stores v as element i, with C's integer conversions (bool: v != 0). */
void element_store_int(enum dtype t, void *data, int64_t i, int64_t v);

#endif
