/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_CODEBOOK_H
#define DBC_QUANTIZER_WEIGHTS_CODEBOOK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

#define CODEBOOK_MOST 16 /* levels: codes of 4 bits */

/* What a channel's weights multiply, and where they aim. */
struct codebook_aim {
	const double *covariance; /* [length][length] */
	double damping;           /* on top of each variance */
	const double *target;     /* [length] */
	int length;
};

/* A channel's codes, two's complement of `bits`, and what each stands for: the
 * code as an unsigned number is its place in `levels`. */
struct codebook {
	int bits; /* 2 to 4 */
	int8_t *codes;
	double scale;
	int8_t levels[CODEBOOK_MOST]; /* times the scale */
	double loss;                  /* squared error of the output */
};

struct codebook_work; /* of one thread */
/* NULL when memory is exhausted. */
struct codebook_work *codebook_work_new(int length, struct arena *a);

/*
 * From codes and what they stand for, values[1 << bits], to levels of the
 * channel's own and the codes that go with them; the loss does not rise by
 * more than rounding the levels to int8 costs.
 */
int codebook_find(const struct codebook_aim *aim, const double *values,
		  struct codebook *book, struct codebook_work *w,
		  struct diag *d);

#endif
