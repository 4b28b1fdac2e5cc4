/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_DEPTHWISE_COVARIANCE_H
#define DBC_QUANTIZER_WEIGHTS_DEPTHWISE_COVARIANCE_H

#include "quantizer/weights/input_covariance.h"
#include "quantizer/weights/input_patches.h"

/* Fills `out`, whose sizes and arrays are set, for a layer whose groups have
 * one input channel each: many of them at once, side by side. -1 with a
 * diagnostic. */
int depthwise_covariance_gather(const struct input_patches *from, int threads,
				struct input_covariance *out, struct diag *d);

#endif
