/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/bits/cost.h"

#include <string.h>

static bool matches(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');
	size_t head, tail, length = strlen(name);

	if (!star)
		return strcmp(pattern, name) == 0;
	head = (size_t)(star - pattern);
	tail = strlen(star + 1);
	return length >= head + tail && strncmp(pattern, name, head) == 0 &&
	       strcmp(name + length - tail, star + 1) == 0;
}

/* The row for a kernel, NULL where none matches. */
static const struct cost_kernel *cost_kernel_find(const struct cost_target *t,
						  const char *kernel)
{
	for (int i = 0; i < t->kernel_count; i++)
		if (matches(t->kernels[i].pattern, kernel))
			return &t->kernels[i];
	return NULL;
}

/* Layers without multiply-accumulates move bytes, even where their row counts
 * multiply-accumulates. */
static double kernel_cycles(const struct cost_kernel *k,
			    const struct cost_work *w)
{
	double bytes = (double)w->memory_bytes;

	if (k && k->macs_per_cycle > 0 && w->macs > 0)
		return (double)w->macs / (k->macs_per_cycle * k->efficiency);
	if (k && k->bytes_per_cycle > 0)
		return bytes / (k->bytes_per_cycle * k->efficiency);
	return w->macs > 0 ? (double)w->macs : bytes;
}

double cost_latency_us(const struct cost_target *t, const struct cost_work *w)
{
	const struct cost_kernel *k = cost_kernel_find(t, w->kernel);
	double hz = (double)t->clock_hz;
	double cores = k && k->parallel ? t->cores : 1;
	double compute = kernel_cycles(k, w) / cores / hz;
	double traffic = (double)(w->weight_bytes + w->memory_bytes) /
			 t->memory_bytes_per_second;
	double setup = t->op_overhead_cycles + (k ? k->setup_cycles : 0);

	return 1e6 * ((compute > traffic ? compute : traffic) + setup / hz);
}
