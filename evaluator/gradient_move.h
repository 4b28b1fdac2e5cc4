/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_GRADIENT_MOVE_H
#define DBC_EVALUATOR_GRADIENT_MOVE_H

#include "evaluator/gradient_internal.h"

/* Operators that select, reorder, repeat or pad: OPF_S and Pad. */
gradient_fn gradient_move;
/* gradient_move() takes the node: float inputs, padding with 0. */
bool gradient_can_move(const struct node *n);

#endif
