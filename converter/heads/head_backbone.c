/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/heads/head_backbone.h"

static int64_t first_of(const struct node *n, const char *name)
{
	const struct attr *a = node_attr(n, name);

	return a && a->kind == ATTR_INTS && a->count ? a->ints[0] : 1;
}

static void count_pool(const struct node *n, struct head_backbone *b)
{
	int64_t kernel = first_of(n, "kernel_shape");

	if (first_of(n, "strides") == 2)
		b->strided_pools++;
	else if (kernel == 3 || kernel == 7)
		b->odd_pools = true;
	if (first_of(n, "strides") == 1 && kernel >= 5)
		b->flat_pools++;
}

static void count_conv(const struct node *n, struct head_backbone *b)
{
	const struct value *w = n->inputs[1];
	int64_t groups = node_int(n, "group", 1);

	if (w && groups > 1 && groups == w->shape.dim[0])
		b->depthwise++;
	else if (w && w->shape.rank == 4 && w->shape.dim[2] >= 3)
		b->convolutions++;
}

static bool is_swish(const struct node *n)
{
	const struct value *y = n->outputs[0];

	for (int i = 0; i < y->use_count; i++) {
		const struct node *user = y->uses[i];

		if (user->op == OP_MUL && (user->inputs[0] == n->inputs[0] ||
					   user->inputs[1] == n->inputs[0]))
			return true;
	}
	return false;
}

/* tanh(softplus(x)), which is then multiplied by x. */
static bool is_mish(const struct node *n)
{
	const struct node *before = n->op == OP_TANH ? n->inputs[0]->producer :
						       NULL;

	return before && before->op == OP_SOFTPLUS;
}

struct head_backbone head_backbone_of(const struct graph *g)
{
	struct head_backbone b = { 0 };

	for (const struct node *n = g->first; n; n = n->next) {
		if (n->op == OP_MAX_POOL)
			count_pool(n, &b);
		if (n->op == OP_CONV)
			count_conv(n, &b);
		b.leaky += n->op == OP_LEAKY_RELU;
		b.mish += n->op == OP_MISH || is_mish(n);
		b.swish += n->op == OP_SWISH ||
			   (n->op == OP_SIGMOID && is_swish(n));
	}
	return b;
}
