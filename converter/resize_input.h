/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_RESIZE_INPUT_H
#define DBC_CONVERTER_RESIZE_INPUT_H

#include "converter/convert.h"

/*
 * convert_model() that may take a smaller input: where c->allow_resize is set
 * and the latency limit is not met at the model's own size, sizes go down in
 * eighths, to multiples of 32 pixels (16 where the model's own are), until it
 * is. *used is c with the size that was taken. A model that cannot be resized
 * keeps its size, and a note says why.
 */
int convert_resized(const struct config *c, const struct cost_target *target,
		    struct conversion *out, struct config *used,
		    const struct dump *dump, const struct progress *progress,
		    struct diag *d);

#endif
