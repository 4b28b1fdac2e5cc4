/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_ACTIVATIONS_ACTIVATION_BITS_H
#define DBC_QUANTIZER_ACTIVATIONS_ACTIVATION_BITS_H

#include "quantizer/internal.h"

/*
 * Clears few[root] of those groups of values that lose most for the
 * multiplications that read them, until a tenth of all reads 8 bits. Values
 * must have their quants of few bits.
 */
int few_bits_raise(const struct graph *g, const struct samples *samples,
		   const uint32_t *root, bool *few, int jobs,
		   const struct progress *p, struct diag *d);

#endif
