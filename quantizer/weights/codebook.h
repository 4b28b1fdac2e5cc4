/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_WEIGHTS_CODEBOOK_H
#define DBC_QUANTIZER_WEIGHTS_CODEBOOK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

#define CODEBOOK_MOST 16 /* levels: codes of 4 bits */

/* A channel's target weights, and the covariance of its inputs. */
struct codebook_problem {
	const double *covariance; /* [length][length] */
	double damping;           /* added to each variance */
	const double *target;     /* [length] */
	int length;
};

/* A channel's codes, two's complement of `bits`, and their levels: the code as
 * an unsigned number is the index into `levels`. */
struct codebook {
	int bits; /* 2 to 4 */
	int8_t *codes;
	double scale;
	int8_t levels[CODEBOOK_MOST]; /* in units of the scale */
	double loss;                  /* squared error of the output */
};

/* Working space of one thread. */
struct codebook_work;
/* NULL: out of memory. */
struct codebook_work *codebook_work_new(int length, struct arena *a);

/*
 * Improves codes and their levels, values[1 << bits] at first. The loss does
 * not rise by more than the rounding of the levels to int8 costs. -1 with a
 * diagnostic.
 */
int codebook_find(const struct codebook_problem *problem, const double *values,
		  struct codebook *book, struct codebook_work *w,
		  struct diag *d);

#endif
