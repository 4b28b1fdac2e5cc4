/* SPDX-License-Identifier: Apache-2.0 */
/* Which activations keep 8 bits although fewer are asked for. */
#include "quantizer/activations/activation_bits.h"

#include <stdlib.h>

#include "quantizer/simulate/head_error.h"
#include "quantizer/simulate/paired_run.h"

#define RAISED 0.1 /* of all multiplications may read 8 bits */

struct group {
	uint32_t root;
	double macs; /* of what reads it */
	double loss; /* of the heads, with this group rounded alone */
};

struct rounding {
	const uint32_t *root;
	uint32_t of;
};

static int round_group(void *ctx, const struct value *v, void *data)
{
	const struct rounding *r = ctx;

	if (v->quant && r->root[v->id] == r->of)
		twin_round(v->quant, data, shape_elements(&v->shape));
	return 0;
}

static int dearest_first(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	double left = x->loss * y->macs, right = y->loss * x->macs;

	if (left != right)
		return left > right ? -1 : 1;
	return x->root < y->root ? -1 : x->root > y->root;
}

static int list_groups(const struct graph *g, const uint32_t *root,
		       const bool *few, struct group *list, double *all)
{
	int count = 0;

	*all = 0;
	for (uint32_t i = 0; i < g->value_count; i++)
		if (root[i] == i && few[i])
			list[count++].root = i;
	for (const struct node *n = g->first; n; n = n->next) {
		uint32_t of;

		if (!domain_has_weights(n))
			continue;
		of = root[n->inputs[0]->id];
		*all += (double)node_macs(n);
		for (int k = 0; k < count; k++)
			if (list[k].root == of)
				list[k].macs += (double)node_macs(n);
	}
	return count;
}

int few_bits_raise(const struct graph *g, const struct samples *samples,
		   const uint32_t *root, bool *few, int jobs,
		   const struct progress *p, struct diag *d)
{
	struct group *list = calloc(g->value_count + 1, sizeof(*list));
	double all = 0, raised = 0;
	struct probe probe;
	int count, err;

	if (!list)
		return diag_error(d, "out of memory");
	count = list_groups(g, root, few, list, &all);
	err = probe_init(&probe, g, samples, jobs, d);
	for (int i = 0; !err && i < count; i++) {
		struct rounding r = { root, list[i].root };

		err = probe_loss(&probe, round_group, &r, &list[i].loss, d);
		if (p->report)
			p->report(p->ctx, p->stage, i + 1, count);
	}
	probe_free(&probe);
	qsort(list, (size_t)count, sizeof(*list), dearest_first);
	for (int i = 0; !err && i < count; i++) {
		if (raised + list[i].macs > RAISED * all)
			continue;
		raised += list[i].macs;
		few[list[i].root] = false;
	}
	free(list);
	return err;
}
