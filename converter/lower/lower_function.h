/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_FUNCTION_H
#define DBC_CONVERTER_LOWER_LOWER_FUNCTION_H

#include "converter/lower/lower_state.h"

/* The float tensor that the operator of n, one of a single operand, makes of
 * tensor x. The fused activation is not applied. */
uint32_t lower_function_f32(struct lower *l, const struct node *n, uint32_t x);

#endif
