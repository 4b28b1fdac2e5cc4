/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_EVALUATOR_CONV_EVAL_H
#define DBC_EVALUATOR_CONV_EVAL_H

#include "evaluator/eval.h"
#include "evaluator/eval_gemm.h"
#include "ir/window.h"

/* A convolution of one image: x and y in either layout, as strides. */
struct conv_eval {
	const struct eval *e;
	struct window w;
	int64_t groups, in_per_group, out_per_group, taps;
	bool nhwc;
	int64_t in_channel, in_pixel;   /* strides of x */
	int64_t out_channel, out_pixel; /* and y */
	const float *weight, *bias;
	gemm_f32_fn *gemm;
};

int conv_init(struct conv_eval *c, const struct eval *e);
void conv_add_bias(const struct conv_eval *c, float *y);

#endif
