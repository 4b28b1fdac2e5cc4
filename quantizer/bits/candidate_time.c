/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/bits/candidate_time.h"

static int64_t activation_bytes(const struct node *n)
{
	const struct value *x = n->inputs[0], *y = n->outputs[0];

	return shape_elements(&x->shape) +
	       shape_elements(&y->shape) * (y->quant ? 1 : 4);
}

int candidate_largest_code(const struct weighted_layer *l,
			   const struct rounded_layer *r)
{
	int most = 0;

	for (int64_t i = 0; i < l->channels * l->length; i++) {
		int size = r->codes[i] < 0 ? -r->codes[i] : r->codes[i];

		most = size > most ? size : most;
	}
	return most;
}

double candidate_time(const struct cost_target *target,
		      const struct weighted_layer *l, int bits, int most,
		      int input_bits)
{
	struct dbp_kernel kernel = { .weight_bits = bits,
				     .weight_most = most,
				     .input_most = 1 << (input_bits - 1) };
	char name[64];
	struct cost_work w = { .kernel = name,
			       .memory_bytes = activation_bytes(l->node) };

	cost_work_of_conv(&w, l->node);
	w.weight_bytes = l->channels * l->length * bits / 8;
	cost_kernel_of_conv(&kernel, l->node);
	dbp_kernel_name(name, sizeof(name), &kernel);
	return cost_latency_us(target, &w);
}
