/* SPDX-License-Identifier: Apache-2.0 */
#include "quantizer/bits/cost.h"

#include <string.h>

/* Whether a pattern matches the first `length` characters of a name. */
static bool matches_first(const char *pattern, const char *name, size_t length)
{
	const char *star = strchr(pattern, '*');
	size_t head = star ? (size_t)(star - pattern) : strlen(pattern);
	size_t tail = star ? strlen(star + 1) : 0;

	if (!star && head != length)
		return false;
	return length >= head + tail && strncmp(pattern, name, head) == 0 &&
	       (!tail || !strncmp(name + length - tail, star + 1, tail));
}

/* Whether it matches the name, or the name up to one of its dots. */
static bool matches(const char *pattern, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (name[i] == '.' && matches_first(pattern, name, i))
			return true;
	return matches_first(pattern, name, length);
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
	double bytes = (double)w->memory_bytes, more;

	if (!k)
		return w->macs > 0 ? (double)w->macs : bytes;
	more = k->output_cycles * (double)w->outputs +
	       k->window_cycles * (double)w->window_rows;
	if (w->macs > 0)
		more += k->byte_cycles * (bytes + (double)w->weight_bytes);
	if (k->macs_per_cycle > 0 && w->macs > 0)
		return (double)w->macs / (k->macs_per_cycle * k->efficiency) +
		       more;
	if (k->bytes_per_cycle > 0)
		return bytes / (k->bytes_per_cycle * k->efficiency) + more;
	return (w->macs > 0 ? (double)w->macs : bytes) + more;
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

enum cost_source cost_source_of(const struct cost_target *t, const char *kernel)
{
	const struct cost_kernel *k = cost_kernel_find(t, kernel);

	if (k && k->source && !strncmp(k->source, "measured", 8))
		return COST_MEASURED;
	if (k && k->source && !strncmp(k->source, "simulated", 9))
		return COST_SIMULATED;
	return COST_ESTIMATED;
}

/* ---- Work of convolutions ---- */

void cost_kernel_of_conv(struct dbp_kernel *k, const struct node *n)
{
	const struct shape *s = &n->inputs[1]->shape;
	const struct shape *y = &n->outputs[0]->shape;
	int64_t strides[4] = { 1, 1 }, dilations[4] = { 1, 1 };
	int64_t groups = node_int(n, "group", 1), outputs;

	node_ints(n, "strides", strides, 4);
	node_ints(n, "dilations", dilations, 4);
	k->kind = n->op == OP_CONV_TRANSPOSE ? "conv_transpose" : "conv";
	k->kernel_h = s->rank > 2 ? s->dim[2] : 1;
	k->kernel_w = s->rank > 3 ? s->dim[3] : 1;
	k->stride_w = s->rank > 3 ? strides[1] : 1;
	k->dilated = dilations[0] > 1 || dilations[1] > 1;
	k->depthwise = groups > 1 && s->dim[1] == 1 && groups == s->dim[0] &&
		       n->op == OP_CONV;
	outputs = n->op == OP_CONV_TRANSPOSE ? s->dim[1] * groups : s->dim[0];
	k->columns =
		(n->op == OP_CONV_TRANSPOSE ? s->dim[0] / groups : s->dim[1]) *
		k->kernel_h * k->kernel_w;
	k->pixels = outputs ? shape_elements(y) / outputs : 0;
}

static int64_t round_up(int64_t n, int64_t to)
{
	return (n + to - 1) / to * to;
}

/* The device reads the windows where they are: dbp_conv_in_place(). */
static bool is_in_place(const struct node *n)
{
	const struct shape *s = &n->inputs[1]->shape;
	int64_t v[4], width = s->rank > 3 ? s->dim[3] : 1;
	int count = node_ints(n, "dilations", v, 4);

	if (n->op == OP_GEMM)
		return s->dim[1] % 16 == 0;
	return n->op == OP_CONV && node_int(n, "group", 1) == 1 &&
	       s->dim[1] * width % 16 == 0 &&
	       (width == 1 || count < 2 || v[1] == 1);
}

void cost_work_of_conv(struct cost_work *w, const struct node *n)
{
	int64_t groups = node_int(n, "group", 1), outputs;
	struct dbp_kernel k = { 0 };

	cost_kernel_of_conv(&k, n);
	w->outputs = shape_elements(&n->outputs[0]->shape);
	outputs = k.pixels ? w->outputs / k.pixels : 0;
	if (k.depthwise) {
		w->macs = k.pixels * round_up(outputs, 16) * k.kernel_h *
			  k.kernel_w;
		w->window_rows = 0;
		return;
	}
	w->macs = k.pixels * round_up(outputs / groups, 4) * groups *
		  round_up(k.columns, 16);
	w->window_rows = is_in_place(n) ? 0 : k.pixels * groups * k.kernel_h;
}
