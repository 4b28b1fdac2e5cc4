/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixed-precision activations: measures for each scale group of few bits what
 * the heads lose when it alone is quantized. With one width for all, those that
 * lose most per multiply-accumulate are raised to 8 bits (greedy by that
 * ratio).
 */
#include "quantizer/activations/activation_bits.h"

#include <stdlib.h>

#include "quantizer/graph/integer_nodes.h"
#include "quantizer/graph/scale_groups.h"
#include "quantizer/simulate/fake_quantize.h"
#include "quantizer/simulate/head_error.h"

#define RAISED_SHARE 0.1 /* of all multiply-accumulates may read 8 bits */

struct group_rounding {
	const uint32_t *scale_group;
	uint32_t group; /* the only one that is quantized */
};

static bool is_in_group(const void *ctx, const struct value *v)
{
	const struct group_rounding *r = ctx;

	return v->quant && r->scale_group[v->id] == r->group;
}

static void round_value(const void *ctx, const struct value *v, float *data)
{
	(void)ctx;
	fake_quantize(v->quant, data, shape_elements(&v->shape));
}

static int largest_ratio_first(const void *a, const void *b)
{
	const struct activation_group *x = a, *y = b;
	double left = x->loss * y->macs, right = y->loss * x->macs;

	if (left != right)
		return left > right ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

static void count_macs(const struct graph *g, const uint32_t *scale_group,
		       struct activation_groups *out)
{
	for (const struct node *n = g->first; n; n = n->next) {
		uint32_t of;

		if (!node_has_weights(n))
			continue;
		of = scale_group[n->inputs[0]->id];
		out->all_macs += (double)node_macs(n);
		for (int k = 0; k < out->count; k++)
			if (out->rows[k].group == of)
				out->rows[k].macs += (double)node_macs(n);
	}
}

int activation_groups_list(const struct graph *g, const uint32_t *scale_group,
			   const bool *low_bit, struct arena *a,
			   struct activation_groups *out)
{
	*out = (struct activation_groups){
		arena_array(a, g->value_count, sizeof(*out->rows)), 0, 0
	};
	if (!out->rows)
		return -1;
	for (uint32_t i = 0; i < g->value_count; i++)
		if (scale_group[i] == i && low_bit[i])
			out->rows[out->count++].group = i;
	count_macs(g, scale_group, out);
	return 0;
}

int activation_groups_measure(const struct graph *g,
			      const struct samples *samples,
			      const uint32_t *scale_group,
			      struct activation_groups *groups, int jobs,
			      const struct progress *p, struct diag *d)
{
	size_t count = (size_t)groups->count;
	struct group_rounding *r;
	struct head_change *changes;
	struct arena scratch;
	double *loss;
	int err = -1;

	arena_init(&scratch, 0);
	r = arena_array(&scratch, count, sizeof(*r));
	changes = arena_array(&scratch, count, sizeof(*changes));
	loss = arena_array(&scratch, count, sizeof(*loss));
	if (!r || !changes || !loss) {
		diag_error(d, "out of memory");
		goto done;
	}
	for (size_t i = 0; i < count; i++) {
		r[i] = (struct group_rounding){ scale_group,
						groups->rows[i].group };
		changes[i] = (struct head_change){ .touches = is_in_group,
						   .change = round_value,
						   .ctx = &r[i] };
	}
	err = head_error_measure(g, samples, jobs, changes, groups->count, loss,
				 p, d);
	for (size_t i = 0; !err && i < count; i++)
		groups->rows[i].loss = loss[i];
done:
	arena_free(&scratch);
	return err;
}

void activation_bits_raise(struct activation_groups *groups, uint8_t *bits)
{
	double raised = 0;

	qsort(groups->rows, (size_t)groups->count, sizeof(*groups->rows),
	      largest_ratio_first);
	for (int i = 0; i < groups->count; i++) {
		const struct activation_group *at = &groups->rows[i];

		if (raised + at->macs > RAISED_SHARE * groups->all_macs)
			continue;
		raised += at->macs;
		bits[at->group] = 8;
	}
}
