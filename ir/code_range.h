/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_CODE_RANGE_H
#define DBC_IR_CODE_RANGE_H

#include "ir/graph.h"

/* The codes that a rounding node can give. */
struct code_range {
	double low, high;
	int bits;
	bool is_signed;
};

/* Of a QuantizeLinear, from its type and its attributes `bits` and `signed`:
 * codes of 2 to 8 bits, or of 16 in an I32. */
struct code_range quantize_code_range(const struct node *n);
/* Of a Quant (QONNX) with that many bits, from `signed` and `narrow`. */
struct code_range quant_code_range(const struct node *n, int bits);

#endif
