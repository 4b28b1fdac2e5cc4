/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_ACTIVATION_H
#define DBC_EVALUATOR_ACTIVATION_H

#include "ir/graph.h"

/* y[i] = act(y[i]). */
void activation_apply_f32(const struct activation *act, float *y, int64_t n);

#endif
