/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pads as large as the kernel, as in SqueezeNet's last layer and in FCN: some
 * windows lie outside of the input altogether, which the device does not read.
 * A Pad in front takes what is too much. The same for a ConvTranspose with
 * outputs far behind those that its last input reaches.
 */
#include "ir/window.h"
#include "passes/passes.h"

/* What of each pad stays with the node: every window holds a cell. */
static bool split_pads(const struct window *w, int64_t *kept, int64_t *moved)
{
	bool some = false;

	for (int i = 0; i < 2; i++) {
		int64_t most = window_reach(w, i) - 1;
		int64_t begin = w->pad_begin[i], end = w->pad_end[i];

		kept[i] = begin < most ? begin : most;
		kept[2 + i] = end < most ? end : most;
		moved[i] = begin - kept[i];
		moved[2 + i] = end - kept[2 + i];
		some = some || moved[i] || moved[2 + i];
	}
	return some;
}

static int pad_before(struct graph *g, struct node *n, const int64_t *moved)
{
	struct value *in[2] = { n->inputs[0] }, *out;
	int first = n->layout == LAYOUT_NHWC ? 1 : 2;
	int64_t pads[8] = { 0 };
	struct shape s = in[0]->shape;

	for (int i = 0; i < 2; i++) {
		pads[first + i] = moved[i];
		pads[4 + first + i] = moved[2 + i];
		s.dim[first + i] += moved[i] + moved[2 + i];
	}
	in[1] = graph_const_i64(g, n->name, 8, pads);
	out = graph_value(g, in[0]->name, in[0]->dtype, &s);
	if (!in[1] || !out ||
	    !graph_node(g, OP_PAD, n->name, in, 2, &out, 1, n))
		return -1;
	return graph_set_input(g, n, 0, out);
}

static int64_t max_i64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Cells behind the input of a ConvTranspose, so that its last output is less
 * than a stride behind those that an input reaches; and the pads and the
 * output_padding that keep the size of the output. */
static bool extend_transposed(const struct window *w, int64_t *pads,
			      int64_t *extra, int64_t *added)
{
	for (int i = 0; i < 2; i++) {
		int64_t stride = w->stride[i], reach = window_reach(w, i);
		int64_t most = (w->in[i] - 1) * stride + reach - 1 + stride;
		int64_t size, missing = max_i64(w->out[i] - most, 0);

		added[i] = 0;
		added[2 + i] = (missing + stride - 1) / stride;
		size = (w->in[i] + added[2 + i] - 1) * stride + reach -
		       w->pad_begin[i] - w->out[i];
		pads[i] = w->pad_begin[i];
		pads[2 + i] = max_i64(size, 0);
		extra[i] = max_i64(-size, 0);
	}
	return added[2] || added[3];
}

static int pad_transposed(struct graph *g, struct node *n,
			  const struct window *w)
{
	int64_t pads[4], extra[2], added[4];

	if (!extend_transposed(w, pads, extra, added))
		return 0;
	node_drop_attr(n, "auto_pad");
	node_drop_attr(n, "output_shape");
	return pad_before(g, n, added) ||
	       node_set_ints(g, n, "pads", pads, 4) ||
	       node_set_ints(g, n, "output_padding", extra, 2);
}

static int pad_conv(struct graph *g, struct node *n, const struct window *w)
{
	int64_t kept[4], moved[4];

	if (!split_pads(w, kept, moved))
		return 0;
	node_drop_attr(n, "auto_pad");
	return pad_before(g, n, moved) || node_set_ints(g, n, "pads", kept, 4);
}

int pass_pad_windows(struct graph *g, const struct config *c, struct diag *d)
{
	(void)c;
	for (struct node *n = g->first; n; n = n->next) {
		struct window w;

		if ((n->op != OP_CONV && n->op != OP_CONV_TRANSPOSE) ||
		    n->inputs[0]->shape.rank != 4)
			continue;
		if (window_of(n, &w, d))
			return -1;
		if (n->op == OP_CONV ? pad_conv(g, n, &w) :
				       pad_transposed(g, n, &w))
			return diag_error(d, "out of memory");
	}
	return 0;
}
