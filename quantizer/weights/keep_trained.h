/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_KEEP_TRAINED_H
#define DBC_QUANTIZER_WEIGHTS_KEEP_TRAINED_H

#include "quantizer/weights/rounded_layer.h"

/* Keeps the codes that the model was trained with, l->trained. -1: out of
 * memory. */
int keep_trained(const struct weighted_layer *l, struct arena *a,
		 struct rounded_layer *out);

#endif
