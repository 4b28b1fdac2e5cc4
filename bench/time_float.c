/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_float MODEL.onnx [RUNS]: milliseconds of the float
 * evaluator on one thread, the fastest of RUNS (default 20) after a warm-up:
 * the graph as it is quantized (N,H,W,C), then as its author wrote it, and a
 * hash of the outputs of each. For bench/peers.py.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "bench/cpu_seconds.h"
#include "converter/onnx/model_load.h"
#include "evaluator/evaluator.h"

static size_t bytes_of(const struct value *v)
{
	return (size_t)shape_elements(&v->shape) * dtype_size(v->dtype);
}

/* The same for every graph: inputs within [0, 1). */
static const void **make_inputs(const struct graph *g, struct arena *a)
{
	const void **in = arena_array(a, (size_t)g->input_count, sizeof(*in));
	uint32_t seed = 1;

	for (int i = 0; in && i < g->input_count; i++) {
		size_t count = bytes_of(g->inputs[i]) / sizeof(float);
		float *x = arena_array(a, count, sizeof(*x));

		for (size_t k = 0; x && k < count; k++) {
			seed = seed * 1664525u + 1013904223u;
			x[k] = (float)(seed >> 8) / (1 << 24);
		}
		in[i] = x;
	}
	return in;
}

/* FNV-1a over the bytes of all outputs. */
static uint64_t hash_outputs(const struct graph *g, const struct evaluator *e)
{
	uint64_t h = 14695981039346656037u;

	for (int i = 0; i < g->output_count; i++) {
		const uint8_t *p = evaluator_output(e, i);

		for (size_t k = 0; k < bytes_of(g->outputs[i]); k++)
			h = (h ^ p[k]) * 1099511628211u;
	}
	return h;
}

static int time_graph(const struct graph *g, int runs, struct arena *a,
		      struct diag *d)
{
	struct evaluator *e = g ? evaluator_new(g, d) : NULL;
	const void **in = e ? make_inputs(g, a) : NULL;
	double best = 1e30;
	int err = in ? 0 : -1;

	for (int i = 0; !err && i <= runs; i++) {
		double start = cpu_seconds(), took;

		err = evaluator_run(e, in, NULL, NULL, d);
		took = cpu_seconds() - start;
		if (i && took < best)
			best = took;
	}
	if (!err)
		printf("%.3f %016llx ", best * 1e3,
		       (unsigned long long)hash_outputs(g, e));
	evaluator_free(e);
	return err;
}

int main(int argc, char **argv)
{
	int runs = argc > 2 ? atoi(argv[2]) : 20, err;
	struct arena a = { 0 };
	struct config c;
	struct diag d;
	uint8_t sha[32];

	config_init(&c);
	c.model_path = argc > 1 ? argv[1] : "";
	diag_init(&d);
	err = time_graph(model_prepare(&c, &a, sha, &d), runs, &a, &d) ||
	      time_graph(model_load(&c, &a, sha, NULL, &d), runs, &a, &d);
	printf("\n");
	for (size_t i = 0; err && i < d.count; i++)
		fprintf(stderr, "%s\n", d.entries[i].text);
	diag_free(&d);
	arena_free(&a);
	return err ? 1 : 0;
}
