/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_PAIRS_H
#define DBC_CONVERTER_LOWER_LOWER_PAIRS_H

#include "converter/lower/lower_state.h"

/*
 * A sum or product of two activations on trained grids. The device rounds
 * halves up, training to even, and with scales that are simple fractions of
 * each other halves are frequent.
 */
struct pair_operator {
	const struct node *n; /* Add, Sub or Mul, with a Relu or Clip */
	/* of the device's integers: of a and b, or of their product */
	int64_t multiplier_a, multiplier_b;
	int shift;
	int8_t clamp_min, clamp_max;
};

enum pair_form {
	PAIR_INTEGER, /* the integers give the codes of training */
	PAIR_TABLE,   /* a table of all pairs of codes does */
	PAIR_FLOAT    /* only floats do */
};

/* PAIR_INTEGER also where a grid is not from training. */
enum pair_form pair_form_find(const struct pair_operator *p);
/* Lowers n to an index of the pair of codes, and a table. */
int pair_lower_table(struct lower *l, const struct pair_operator *p);

#endif
