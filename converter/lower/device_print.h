/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_DEVICE_PRINT_H
#define DBC_CONVERTER_LOWER_DEVICE_PRINT_H

#include <stdio.h>

#include "converter/lower/device_model.h"

/* The operator's name as --dump-after prints it, "conv"; NULL: none. */
const char *dev_op_name(enum dbp_op_kind kind);

/*
 * Prints a device model as text, a line for each input, constant, operator and
 * output; a tensor is %INDEX:
 *
 *	input %0 s8 1x6x5x8 scale=0.0078 zero_point=0 "x"
 *	const %2 f32 8
 *	%1 = conv(%0) {kernel=3x3, pad=1x1, bits=8} : s8 1x6x5x6 ...
 *	output %1
 *
 * Parameters at their usual values are left out: stride and dilation of 1,
 * pads of 0, one group. After plan_memory() a tensor has `offset=` (bytes, in
 * the arena or the data section) and, where its rows are not dense, `pitch=`
 * (elements); an operator that only gave memory another name is `dropped`.
 * 0, or -1 where writing fails.
 */
int dev_print(const struct device_model *m, FILE *out);

#endif
