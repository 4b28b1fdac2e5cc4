/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/small_conversion.h"

#include "converter/heads/head_find.h"
#include "converter/lower/lower.h"
#include "converter/onnx/model_load.h"
#include "converter/pack/pack_encode.h"
#include "converter/pack/plan.h"
#include "ir/budget.h"
#include "passes/pipeline.h"
#include "quantizer/quantizer.h"
#include "tests/support/random_input.h"

#define SAMPLES 2
#define MOST_WORK 3000000
#define MOST_ELEMENTS 300000
#define MOST_NODES 200

/* The quantizer runs a network some dozen times. */
static bool is_small(const struct graph *g)
{
	int64_t work = 0, elements = 0;

	for (const struct node *n = g->first; n; n = n->next) {
		int64_t w = node_work(n);

		if (w < 0 || w > MOST_WORK)
			return false;
		work += w;
		if (work > MOST_WORK)
			return false;
	}
	for (size_t i = 0; i < g->value_count; i++) {
		int64_t e = shape_elements(&g->values[i]->shape);

		elements += e > 0 ? e : 0;
		if (elements > MOST_ELEMENTS)
			return false;
	}
	return g->node_count <= MOST_NODES;
}

static int fill(void *ctx, int index, float *const *inputs, struct diag *d)
{
	const struct graph *g = ctx;

	(void)d;
	for (int i = 0; i < g->input_count; i++)
		random_input(inputs[i],
			     (int)shape_elements(&g->inputs[i]->shape),
			     (uint32_t)(index + 1));
	return 0;
}

static int quantize(struct graph *g, const struct config *c, bool coded,
		    struct diag *d)
{
	const struct cost_target target = { .coded = coded };
	struct samples samples = { SAMPLES, fill, g };
	struct quantizer *q =
		quantizer_new(g, c, &target, &samples, NULL, NULL, d);
	int err = !q || quantizer_set_preset(q, 0, d) ||
		  quantizer_round(q, NULL, d);

	quantizer_free(q);
	return err ? -1 : 0;
}

static int pack(struct graph *g, const struct config *c,
		const struct head *head, bool coded, struct arena *a,
		struct packed *out, struct diag *d)
{
	struct device_model m;
	struct preprocess p;

	if (preprocess_init(&p, g, c, head_preprocess(head), d) ||
	    quantize(g, c, coded, d) || dev_init(&m, a, d) ||
	    lower_graph(g, c, &m, d) || plan_memory(&m, d) ||
	    pack_model(&m, &p, head, c, a, out, d))
		return -1;
	return pack_encode(out, coded, a, d);
}

int convert_small(const struct config *c, bool coded, struct arena *a,
		  struct packed *out, struct diag *d)
{
	uint8_t sha256[32];
	struct graph *g = model_load(c, a, sha256, NULL, d);
	struct head head;

	if (!g || head_find(g, c, a, &head, d))
		return -1;
	if (!is_small(g))
		return 1;
	if (pipeline_finish(g, c, NULL, d) || lower_check_operators(g, d))
		return -1;
	return is_small(g) ? pack(g, c, &head, coded, a, out, d) : 1;
}
