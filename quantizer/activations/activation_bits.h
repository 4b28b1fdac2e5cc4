/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_ACTIVATION_BITS_H
#define DBC_QUANTIZER_ACTIVATIONS_ACTIVATION_BITS_H

#include "base/parallel.h"
#include "ir/graph.h"
#include "ir/samples.h"

/*
 * Mixed-precision activations: clears low_bit[group] of the scale groups that
 * lose most for the multiply-accumulates that read them, until a tenth of all
 * multiply-accumulates reads 8 bits. Values must have their scales of fewer
 * bits.
 */
int activation_bits_raise(const struct graph *g, const struct samples *samples,
			  const uint32_t *scale_group, bool *low_bit, int jobs,
			  const struct progress *p, struct diag *d);

#endif
