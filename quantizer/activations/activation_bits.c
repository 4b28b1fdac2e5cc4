/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mixed-precision activations: measures for each scale group of few bits what
 * the heads lose when it alone is quantized, and raises those to 8 bits that
 * lose most per multiply-accumulate (greedy by that ratio).
 */
#include "quantizer/activations/activation_bits.h"

#include <stdlib.h>

#include "quantizer/graph/integer_nodes.h"
#include "quantizer/graph/scale_groups.h"
#include "quantizer/simulate/fake_quantize.h"
#include "quantizer/simulate/head_error.h"

#define RAISED_SHARE 0.1 /* of all multiply-accumulates may read 8 bits */

struct activation_group {
	uint32_t group;
	double macs; /* of its readers */
	double loss; /* of the heads, with this group quantized alone */
};

struct group_rounding {
	const uint32_t *scale_group;
	uint32_t group; /* the only one that is quantized */
};

static int round_group(void *ctx, const struct value *v, void *data)
{
	const struct group_rounding *r = ctx;

	if (v->quant && r->scale_group[v->id] == r->group)
		fake_quantize(v->quant, data, shape_elements(&v->shape));
	return 0;
}

static int largest_ratio_first(const void *a, const void *b)
{
	const struct activation_group *x = a, *y = b;
	double left = x->loss * y->macs, right = y->loss * x->macs;

	if (left != right)
		return left > right ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

static int list_groups(const struct graph *g, const uint32_t *scale_group,
		       const bool *low_bit, struct activation_group *list,
		       double *all)
{
	int count = 0;

	*all = 0;
	for (uint32_t i = 0; i < g->value_count; i++)
		if (scale_group[i] == i && low_bit[i])
			list[count++].group = i;
	for (const struct node *n = g->first; n; n = n->next) {
		uint32_t of;

		if (!node_has_weights(n))
			continue;
		of = scale_group[n->inputs[0]->id];
		*all += (double)node_macs(n);
		for (int k = 0; k < count; k++)
			if (list[k].group == of)
				list[k].macs += (double)node_macs(n);
	}
	return count;
}

int activation_bits_raise(const struct graph *g, const struct samples *samples,
			  const uint32_t *scale_group, bool *low_bit, int jobs,
			  const struct progress *p, struct diag *d)
{
	struct activation_group *list =
		calloc(g->value_count + 1, sizeof(*list));
	double all = 0, raised = 0;
	struct head_error head_error;
	int count, err;

	if (!list)
		return diag_error(d, "out of memory");
	count = list_groups(g, scale_group, low_bit, list, &all);
	err = head_error_init(&head_error, g, samples, jobs, d);
	for (int i = 0; !err && i < count; i++) {
		struct group_rounding r = { scale_group, list[i].group };

		err = head_error_measure(&head_error, round_group, &r,
					 &list[i].loss, d);
		if (p->report)
			p->report(p->ctx, p->stage, i + 1, count);
	}
	head_error_free(&head_error);
	qsort(list, (size_t)count, sizeof(*list), largest_ratio_first);
	for (int i = 0; !err && i < count; i++) {
		if (raised + list[i].macs > RAISED_SHARE * all)
			continue;
		raised += list[i].macs;
		low_bit[list[i].group] = false;
	}
	free(list);
	return err;
}
