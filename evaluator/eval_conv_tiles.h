/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_EVAL_CONV_TILES_H
#define DBC_EVALUATOR_EVAL_CONV_TILES_H

#include "evaluator/conv_eval.h"

/* In N,H,W,C, bias included; x and y: the image. -1 with a diagnostic. */
int conv_tiles(const struct conv_eval *c, const float *x, float *y);

#endif
