/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/code_range.h"

static struct code_range range_of(int bits, bool is_signed)
{
	double levels = (double)((int64_t)1 << bits);

	return (struct code_range){ is_signed ? -levels / 2 : 0,
				    is_signed ? levels / 2 - 1 : levels - 1,
				    bits, is_signed };
}

struct code_range quantize_code_range(const struct node *n)
{
	enum dtype t = n->outputs[0]->dtype;
	int64_t most = t == DT_I32 ? 16 : 8, bits = node_int(n, "bits", most);

	bits = bits < 1 || bits > most ? most : bits;
	return range_of((int)bits,
			t == DT_I32 ? node_int(n, "signed", 0) : t == DT_I8);
}

struct code_range quant_code_range(const struct node *n, int bits)
{
	struct code_range r = range_of(bits, node_int(n, "signed", 1) != 0);

	if (node_int(n, "narrow", 0) != 0) {
		r.low += r.is_signed;
		r.high -= !r.is_signed;
	}
	return r;
}
