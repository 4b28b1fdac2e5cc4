/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/latency.h"

#define ESTIMATED_MAX 0.1 /* share of a time that is called simulated */

double latency_of_layer(const struct cost_target *target,
			const struct packed_layer *l)
{
	const struct cost_work work = { .kernel = l->kernel,
					.macs = l->steps,
					.outputs = l->outputs,
					.window_rows = l->window_rows,
					.weight_bytes = l->weight_bytes,
					.memory_bytes = l->memory_bytes };

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

double latency_estimated(const struct cost_target *target,
			 const struct packed *p)
{
	double total = latency_of_model(target, p), estimated = 0;

	for (int i = 0; i < p->layer_count; i++)
		if (cost_source_of(target, p->layers[i].kernel) ==
		    COST_ESTIMATED)
			estimated += latency_of_layer(target, &p->layers[i]);
	return total > 0 ? estimated / total : 1;
}

const char *latency_source(const struct cost_target *target,
			   const struct packed *p)
{
	enum cost_source worst = COST_MEASURED;

	if (latency_estimated(target, p) > ESTIMATED_MAX)
		return "estimated";
	for (int i = 0; i < p->layer_count; i++)
		if (cost_source_of(target, p->layers[i].kernel) ==
		    COST_SIMULATED)
			worst = COST_SIMULATED;
	return worst == COST_SIMULATED ? "simulated" : "measured";
}
