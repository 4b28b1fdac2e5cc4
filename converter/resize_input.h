/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_RESIZE_INPUT_H
#define DBC_CONVERTER_RESIZE_INPUT_H

#include "converter/convert.h"

/*
 * convert_model() that may take a smaller input. Where c->allow_resize is set
 * and the model's own size does not meet the latency limit, smaller sizes are
 * tried: 7/8 to 3/8, rounded down to multiples of 32 pixels (of 16 where the
 * model's own size is one of 16). *used is c with the size that was taken; it
 * must outlive *out. A model that cannot be resized keeps its size, and a note
 * says why.
 */
int convert_resized(const struct config *c, const struct cost_target *target,
		    struct conversion *out, struct config *used,
		    const struct dump *dump, const struct progress *progress,
		    struct diag *d);

#endif
