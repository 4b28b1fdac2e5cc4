/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/latency.h"

#include <string.h>

#include "converter/measure/op_times.h"

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

/* What the times of a model come from. */
struct time_sources {
	double total, estimated;
	enum cost_source worst; /* of what is not estimated */
};

static void add_time(struct time_sources *s, const struct cost_target *target,
		     const char *kernel, double us)
{
	enum cost_source source = cost_source_of(target, kernel);

	s->total += us;
	if (source == COST_ESTIMATED)
		s->estimated += us;
	else if (source < s->worst)
		s->worst = source;
}

static double share_estimated(const struct time_sources *s)
{
	return s->total > 0 ? s->estimated / s->total : 1;
}

static const char *source_name(const struct time_sources *s)
{
	if (share_estimated(s) > ESTIMATED_MAX)
		return "estimated";
	return s->worst == COST_SIMULATED ? "simulated" : "measured";
}

static struct time_sources sources_of(const struct cost_target *target,
				      const struct packed *p)
{
	struct time_sources s = { .worst = COST_MEASURED };

	for (int i = 0; i < p->layer_count; i++)
		add_time(&s, target, p->layers[i].kernel,
			 latency_of_layer(target, &p->layers[i]));
	return s;
}

double latency_estimated(const struct cost_target *target,
			 const struct packed *p)
{
	const struct time_sources s = sources_of(target, p);

	return share_estimated(&s);
}

const char *latency_source(const struct cost_target *target,
			   const struct packed *p)
{
	const struct time_sources s = sources_of(target, p);

	return source_name(&s);
}

int latency_of_file(const struct cost_target *target,
		    const struct packed_file *f, double *us,
		    const char **source, struct diag *d)
{
	struct time_sources s = { .worst = COST_MEASURED };
	struct op_times ops = { 0 };
	int err = packed_file_status(f, op_times_prepare(&f->model, &ops),
				     "cannot be described", d);

	for (uint32_t i = 0; !err && i < ops.count; i++) {
		const struct op_time *o = &ops.ops[i];
		/* only operators with weights multiply */
		const struct cost_work work = {
			.kernel = o->kernel,
			.macs = strstr(o->kernel, "_w") ?
					(int64_t)o->work.steps :
					0,
			.outputs = (int64_t)o->outputs,
			.window_rows = (int64_t)o->window_rows,
			.memory_bytes = (int64_t)o->work.bytes
		};

		add_time(&s, target, o->kernel, cost_latency_us(target, &work));
	}
	op_times_free(&ops);
	*us = s.total;
	*source = source_name(&s);
	return err;
}
