/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_ROUND_WEIGHTS_H
#define DBC_QUANTIZER_WEIGHTS_ROUND_WEIGHTS_H

#include "quantizer/weights/rounded_layer.h"
#include "quantizer/weights/rounding_target.h"
#include "quantizer/weights/weight_format.h"

/* Rounds a layer in the given format; codes that the model was trained with are
 * kept. The result is in the arena. -1 with a diagnostic. */
int layer_round(const struct rounding_target *target, struct weight_format f,
		int jobs, struct arena *a, struct rounded_layer *out,
		struct diag *d);

#endif
