/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_EVAL_CONV_DEPTHWISE_H
#define DBC_EVALUATOR_EVAL_CONV_DEPTHWISE_H

#include "evaluator/conv_eval.h"

/* One input and output channel a group, bias included; x and y: the image. -1
 * with a diagnostic. */
int conv_depthwise(const struct conv_eval *c, const float *x, float *y);

#endif
