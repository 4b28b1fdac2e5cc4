/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_SMALL_CONVERSION_H
#define DBC_TESTS_SMALL_CONVERSION_H

#include "converter/pack/pack.h"

/*
 * A conversion without the search: c->model_path is read, reshaped, quantized
 * on two random samples, lowered, packed and coded if `coded` is true. 0; 1
 * where the model is larger than a test has time for, about a tenth of a
 * second; -1 with a diagnostic.
 */
int convert_small(const struct config *c, bool coded, struct arena *a,
		  struct packed *out, struct diag *d);

#endif
