/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_CONV_H
#define DBC_CONVERTER_LOWER_LOWER_CONV_H

#include "converter/lower/lower_exact.h"
#include "converter/lower/lower_weights.h"

#define BIAS_MAX (1 << 30)

/* A convolution and the post-processing of its sums. */
struct conv {
	const struct node *n;
	enum dbp_op_kind kind;
	struct dbp_conv p;
	uint32_t x;
	struct shape out; /* N, H, W, C */
	struct weights w;
	const float *bias;      /* [outputs], or NULL: none */
	double gain, bias_gain; /* Gemm's alpha and beta */
	const struct activation *act;
	const struct quant *quant;   /* of the output of p.post; NULL: F32 */
	const struct value *result;  /* the output of the operator */
	struct exact_scaling *exact; /* [outputs] on trained grids; or NULL */
	bool float_bias;             /* added behind the float sums */
	const float *slopes; /* slopes for x < 0, one for each channel or one;
				NULL: none */
	int64_t slope_count;
};

/* One channel of an activation's scales. */
struct quant conv_channel_quant(const struct quant *q, uint32_t channel);

#endif
