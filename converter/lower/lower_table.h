/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_TABLE_H
#define DBC_CONVERTER_LOWER_LOWER_TABLE_H

#include "converter/lower/lower_state.h"

/*
 * How an operator is lowered: on integers where its output is held in 8 bits
 * and the integer form takes it; else in float, with conversions around. Both
 * NULL: the device has no kernel for it.
 */
struct lower_row {
	lower_fn *integer, *real;
};

const struct lower_row *lower_row_of(enum op op);

#endif
