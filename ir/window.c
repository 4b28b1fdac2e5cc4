/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ir/window.h"

enum auto_pad { PAD_EXPLICIT, PAD_SAME_UPPER, PAD_SAME_LOWER, PAD_VALID };

static bool is_global(enum op op)
{
	return op == OP_GLOBAL_AVERAGE_POOL || op == OP_GLOBAL_MAX_POOL;
}

static bool has_weights(enum op op)
{
	return op == OP_CONV || op == OP_CONV_TRANSPOSE;
}

/* The index of spatial dim i in the arrays of struct window. */
static int spatial_slot(const struct window *w, int i)
{
	return 2 - w->spatial + i;
}

static int read_input(const struct node *n, struct window *w, struct diag *d)
{
	const struct value *x = node_input(n, 0);

	if (!x || !shape_known(&x->shape))
		return node_error(d, n, "the shape of its input is not known");
	const struct shape *s = &x->shape;
	if (s->rank < 3 || s->rank > 4)
		return node_error(d, n,
				  "input '%s' has %d dimensions, "
				  "expected 3 or 4 (1-D or 2-D)",
				  x->name, s->rank);

	bool nhwc = n->layout == LAYOUT_NHWC;
	w->spatial = s->rank - 2;
	w->batch = s->dim[0];
	w->channels = s->dim[nhwc ? s->rank - 1 : 1];
	for (int i = 0; i < 2; i++) {
		w->kernel[i] = w->stride[i] = w->dilation[i] = 1;
		w->in[i] = 1;
	}
	for (int i = 0; i < w->spatial; i++)
		w->in[spatial_slot(w, i)] = s->dim[(nhwc ? 1 : 2) + i];
	if (w->in[0] < 1 || w->in[1] < 1)
		return node_error(d, n, "input '%s' is empty", x->name);
	return 0;
}

/*
 * Reads an attribute with one number for each spatial dim, each in [min,
 * WINDOW_MAX]. 1 if it is absent, 0 if it was read.
 */
static int read_dims(const struct node *n, const char *name, int64_t min,
		     const struct window *w, int64_t *out, struct diag *d)
{
	int64_t v[2];
	int count = node_ints(n, name, v, 2);

	if (count == 0 && !node_attr(n, name))
		return 1;
	if (count != w->spatial)
		return node_error(d, n,
				  "attribute '%s' has %d numbers, "
				  "expected %d",
				  name, count, w->spatial);
	for (int i = 0; i < count; i++) {
		if (v[i] < min || v[i] > WINDOW_MAX)
			return node_error(d, n,
					  "attribute '%s' holds %lld, "
					  "expected %lld to %d",
					  name, (long long)v[i], (long long)min,
					  WINDOW_MAX);
		out[spatial_slot(w, i)] = v[i];
	}
	return 0;
}

static int kernel_of_weights(const struct node *n, struct window *w,
			     bool declared, struct diag *d)
{
	const struct value *v = node_input(n, 1);

	if (!v || !shape_known(&v->shape))
		return node_error(d, n, "the shape of its weight is not known");
	if (v->shape.rank != w->spatial + 2)
		return node_error(d, n,
				  "weight '%s' has %d dimensions, "
				  "expected %d",
				  v->name, v->shape.rank, w->spatial + 2);
	for (int i = 0; i < w->spatial; i++) {
		int64_t k = v->shape.dim[2 + i];
		int64_t *kernel = &w->kernel[spatial_slot(w, i)];

		if (k < 1 || k > WINDOW_MAX)
			return node_error(d, n,
					  "weight '%s' has a kernel of "
					  "%lld, expected 1 to %d",
					  v->name, (long long)k, WINDOW_MAX);
		if (declared && *kernel != k)
			return node_error(d, n,
					  "attribute 'kernel_shape' "
					  "says %lld, weight '%s' has %lld",
					  (long long)*kernel, v->name,
					  (long long)k);
		*kernel = k;
	}
	return 0;
}

static int read_kernel(const struct node *n, struct window *w, struct diag *d)
{
	int absent = read_dims(n, "kernel_shape", 1, w, w->kernel, d);

	if (absent < 0)
		return -1;
	if (has_weights(n->op))
		return kernel_of_weights(n, w, !absent, d);
	if (absent)
		return node_error(d, n, "attribute 'kernel_shape' is missing");
	return 0;
}

static int read_auto_pad(const struct node *n, enum auto_pad *mode,
			 struct diag *d)
{
	static const char *const names[] = { "NOTSET", "SAME_UPPER",
					     "SAME_LOWER", "VALID" };
	const char *s = node_string(n, "auto_pad", "NOTSET");

	for (int i = 0; i < 4; i++) {
		if (strcmp(s, names[i]) == 0) {
			*mode = (enum auto_pad)i;
			return 0;
		}
	}
	return node_error(d, n,
			  "attribute 'auto_pad' is '%s', expected "
			  "NOTSET, SAME_UPPER, SAME_LOWER or VALID",
			  s);
}

/* Attribute pads: all begins, then all ends. */
static int read_pads(const struct node *n, struct window *w, struct diag *d)
{
	int64_t v[4];
	int count = node_ints(n, "pads", v, 4);

	if (count == 0)
		return 0;
	if (count != 2 * w->spatial)
		return node_error(d, n,
				  "attribute 'pads' has %d numbers, "
				  "expected %d",
				  count, 2 * w->spatial);
	for (int i = 0; i < count; i++) {
		if (v[i] < 0 || v[i] > WINDOW_MAX)
			return node_error(d, n,
					  "attribute 'pads' holds %lld, "
					  "expected 0 to %d",
					  (long long)v[i], WINDOW_MAX);
	}
	for (int i = 0; i < w->spatial; i++) {
		w->pad_begin[spatial_slot(w, i)] = v[i];
		w->pad_end[spatial_slot(w, i)] = v[w->spatial + i];
	}
	return 0;
}

int64_t window_reach(const struct window *w, int dim)
{
	return w->dilation[dim] * (w->kernel[dim] - 1) + 1;
}

static int64_t max_i64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Pads computed from auto_pad or output_shape can be too large as well. */
static int check_pads(const struct node *n, const struct window *w,
		      struct diag *d)
{
	for (int i = 0; i < 2; i++) {
		int64_t pad = max_i64(w->pad_begin[i], w->pad_end[i]);

		if (pad > WINDOW_MAX)
			return node_error(d, n, "a padding of %lld is over %d",
					  (long long)pad, WINDOW_MAX);
	}
	return 0;
}

/* Splits a total padding in halves. An odd cell goes to the end for
 * SAME_UPPER, else to the begin. */
static void share_padding(struct window *w, int i, int64_t total,
			  enum auto_pad mode)
{
	int64_t half = total / 2;

	w->pad_begin[i] = mode == PAD_SAME_UPPER ? half : total - half;
	w->pad_end[i] = total - w->pad_begin[i];
}

/* Output size of a Conv or pool along slot i (ONNX Conv and MaxPool, opset 22).
 */
static int window_size(const struct node *n, struct window *w, int i,
		       enum auto_pad mode, struct diag *d)
{
	int64_t reach = window_reach(w, i), stride = w->stride[i];

	if (mode == PAD_SAME_UPPER || mode == PAD_SAME_LOWER) {
		int64_t out = (w->in[i] + stride - 1) / stride;
		int64_t total = (out - 1) * stride + reach - w->in[i];

		w->out[i] = out;
		share_padding(w, i, max_i64(total, 0), mode);
		return 0;
	}
	int64_t room = w->in[i] + w->pad_begin[i] + w->pad_end[i] - reach;
	if (room < 0)
		return node_error(d, n,
				  "a kernel that reaches over %lld cells "
				  "does not fit into %lld (with padding)",
				  (long long)reach, (long long)(room + reach));
	w->out[i] = room / stride + 1;
	if (mode == PAD_EXPLICIT && room % stride != 0 && !has_weights(n->op) &&
	    node_int(n, "ceil_mode", 0) != 0) {
		/* a last window that starts behind the input is dropped */
		if (w->out[i] * stride < w->in[i] + w->pad_begin[i])
			w->out[i]++;
	}
	return 0;
}

static int too_large(const struct node *n, struct diag *d)
{
	return node_error(d, n, "its output would have more than %lld elements",
			  (long long)GRAPH_MAX_ELEMENTS);
}

/*
 * ConvTranspose (opset 22): without pads the output has stride * (in - 1) +
 * reach + output_padding cells. output_shape (or in * stride for SAME) sets
 * another size: a smaller one by pads, a larger one by cells at the end.
 */
static int transposed_size(const struct node *n, struct window *w, int i,
			   enum auto_pad mode, int64_t extra, int64_t wanted,
			   struct diag *d)
{
	int64_t stride = w->stride[i];
	int64_t full = stride * (w->in[i] - 1) + window_reach(w, i) + extra;

	if (wanted == 0 && (mode == PAD_SAME_UPPER || mode == PAD_SAME_LOWER))
		wanted = w->in[i] * stride;
	if (wanted != 0) {
		w->out[i] = wanted;
		share_padding(w, i, max_i64(full - wanted, 0), mode);
	} else {
		w->out[i] = full - w->pad_begin[i] - w->pad_end[i];
	}
	if (w->out[i] < 1)
		return node_error(d, n, "its pads leave no output");
	if (w->out[i] > GRAPH_MAX_ELEMENTS)
		return too_large(n, d);
	return 0;
}

static int transpose_output(const struct node *n, struct window *w,
			    enum auto_pad mode, struct diag *d)
{
	int64_t extra[2] = { 0, 0 }, wanted[2] = { 0, 0 }, v[4];
	int count = node_ints(n, "output_shape", v, 4);

	if (read_dims(n, "output_padding", 0, w, extra, d) < 0)
		return -1;
	/* Some exporters write batch and channels too. */
	if (count != 0 && count != w->spatial && count != w->spatial + 2)
		return node_error(d, n,
				  "attribute 'output_shape' has %d "
				  "numbers, expected %d",
				  count, w->spatial);
	for (int i = 0; count != 0 && i < w->spatial; i++) {
		int64_t size = v[count - w->spatial + i];

		if (size < 1 || size > GRAPH_MAX_ELEMENTS)
			return node_error(d, n,
					  "attribute 'output_shape' "
					  "holds %lld",
					  (long long)size);
		wanted[spatial_slot(w, i)] = size;
	}
	for (int i = 0; i < 2; i++) {
		if (transposed_size(n, w, i, mode, extra[i], wanted[i], d))
			return -1;
	}
	return check_pads(n, w, d);
}

/*
 * Every window of a pool must contain a cell of the input: its first tap lies
 * before the input's end, its last tap behind the begin, and with a dilation
 * of at most the input's size some tap is inside.
 */
static int check_pool(const struct node *n, const struct window *w,
		      struct diag *d)
{
	for (int i = 0; i < 2; i++) {
		int64_t reach = window_reach(w, i);

		if (w->pad_begin[i] >= reach || w->pad_end[i] >= reach)
			return node_error(d, n,
					  "pads of %lld and %lld are "
					  "not smaller than the kernel's "
					  "reach of %lld",
					  (long long)w->pad_begin[i],
					  (long long)w->pad_end[i],
					  (long long)reach);
		if (w->kernel[i] > 1 && w->dilation[i] > w->in[i])
			return node_error(d, n,
					  "dilation %lld is larger than "
					  "its input of %lld",
					  (long long)w->dilation[i],
					  (long long)w->in[i]);
	}
	return 0;
}

static void whole_input(struct window *w)
{
	for (int i = 0; i < 2; i++) {
		w->kernel[i] = w->in[i];
		w->out[i] = 1;
	}
}

int window_of(const struct node *n, struct window *w, struct diag *d)
{
	enum auto_pad mode = PAD_EXPLICIT;

	memset(w, 0, sizeof(*w));
	if (read_input(n, w, d))
		return -1;
	if (is_global(n->op)) {
		whole_input(w);
		return 0;
	}
	if (read_kernel(n, w, d) || read_auto_pad(n, &mode, d) ||
	    read_dims(n, "strides", 1, w, w->stride, d) < 0 ||
	    read_dims(n, "dilations", 1, w, w->dilation, d) < 0)
		return -1;
	/* Some files have both; then auto_pad is used. */
	if (mode == PAD_EXPLICIT && read_pads(n, w, d))
		return -1;
	if (n->op == OP_CONV_TRANSPOSE)
		return transpose_output(n, w, mode, d);
	for (int i = 0; i < 2; i++) {
		if (window_size(n, w, i, mode, d))
			return -1;
	}
	if (has_weights(n->op))
		return check_pads(n, w, d);
	return check_pool(n, w, d) || check_pads(n, w, d) ? -1 : 0;
}

struct shape window_output(const struct window *w, const struct node *n,
			   int64_t channels)
{
	bool nhwc = n->layout == LAYOUT_NHWC;
	struct shape s = { .rank = w->spatial + 2 };

	s.dim[0] = w->batch;
	s.dim[nhwc ? s.rank - 1 : 1] = channels;
	for (int i = 0; i < w->spatial; i++)
		s.dim[(nhwc ? 1 : 2) + i] = w->out[spatial_slot(w, i)];
	return s;
}
