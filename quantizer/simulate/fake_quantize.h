/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_SIMULATE_FAKE_QUANTIZE_H
#define DBC_QUANTIZER_SIMULATE_FAKE_QUANTIZE_H

#include <stdint.h>

#include "ir/graph.h"

/* Replaces n real values by the real values of their codes in q's grid (fake
 * quantization). Channels are innermost; all have one zero point. */
void fake_quantize(const struct quant *q, float *x, int64_t n);

#endif
