/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/latency.h"

double latency_of_layer(const struct cost_target *target,
			const struct packed_layer *l)
{
	const struct cost_work work = { l->kernel, l->macs, l->weight_bytes,
					l->memory_bytes };

	return cost_latency_us(target, &work);
}

double latency_of_model(const struct cost_target *target,
			const struct packed *p)
{
	double total = 0;

	for (int i = 0; i < p->layer_count; i++)
		total += latency_of_layer(target, &p->layers[i]);
	return total;
}
