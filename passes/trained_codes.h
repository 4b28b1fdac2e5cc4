/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_PASSES_TRAINED_CODES_H
#define DBC_PASSES_TRAINED_CODES_H

#include "ir/graph.h"

/* Numbers of a constant in steps of their channel's scale. */
struct trained_codes {
	int axis; /* -1: one scale */
	int64_t channels;
	int64_t inner; /* elements behind the axis */
	const float *scale;
	const int16_t *steps;
};

/* The channel of element i. */
static inline int64_t trained_codes_channel(const struct trained_codes *t,
					    int64_t i)
{
	return i / t->inner % t->channels;
}

/*
 * Stores the steps of the constant y in y->quant, as signed codes of the fewest
 * bits that hold them. Codes of a channel are shifted by a zero point only
 * where they need it to fit 8 bits. 1; 0 where a channel needs more than 8
 * bits; -1 when memory is exhausted.
 */
int trained_codes_set(struct graph *g, struct value *y,
		      const struct trained_codes *t);

/*
 * The numbers of the constant w times a factor for each entry of `axis`, with
 * the codes of w: the scales are multiplied, and steps change their sign with
 * a negative factor. 1: y has the codes, and `to` its values. 0: w has no
 * codes with scales along that axis. -1 when memory is exhausted.
 */
int trained_codes_scale(struct graph *g, const struct value *w, int axis,
			const double *factors, struct value *y, float *to);

#endif
