/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/budget.h"

#include <stdlib.h>
#include <string.h>

#define MB ((int64_t)1 << 20)
/* Of computed constants: always, and for each element of a constant. */
#define BYTES_ALWAYS (64 * MB)
#define BYTES_PER_ELEMENT 32
#define WORK_ALWAYS ((int64_t)4 << 30)
#define WORK_PER_ELEMENT 1024
/* Of one run: the network is run dozens of times, in float and with integers.
 * 3 channels of 4K are 100 MB of floats. */
#define RUN_BYTES_ALWAYS (256 * MB)
#define RUN_BYTES_PER_ELEMENT 64
#define RUN_WORK_ALWAYS ((int64_t)16 << 30)
#define RUN_WORK_PER_ELEMENT ((int64_t)1 << 20)
/* Work of an element that is read or written, and of a place in a window. */
#define ELEMENT_WORK 32
#define WINDOW_WORK 4
#define MOST_WORK ((int64_t)1 << 60)

static int64_t value_elements(const struct value *v)
{
	int64_t n = v ? shape_elements(&v->shape) : 0;

	return n < 0 ? GRAPH_MAX_ELEMENTS : n;
}

static int64_t value_bytes(const struct value *v)
{
	return value_elements(v) * (int64_t)dtype_size(v->dtype);
}

static int64_t constant_elements(const struct graph *g)
{
	int64_t own = 0;

	for (size_t i = 0; i < g->value_count; i++)
		if (value_is_const(g->values[i]) && own < MOST_WORK >> 24)
			own += value_elements(g->values[i]);
	return own;
}

void graph_budget_open(struct graph *g)
{
	int64_t own;

	if (g->budget.open)
		return;
	own = constant_elements(g);
	g->budget = (struct graph_budget){
		.open = true,
		.bytes = BYTES_ALWAYS + BYTES_PER_ELEMENT * own,
		.work = WORK_ALWAYS + WORK_PER_ELEMENT * own,
		.run_bytes = RUN_BYTES_ALWAYS + RUN_BYTES_PER_ELEMENT * own,
		.run_work = RUN_WORK_ALWAYS + RUN_WORK_PER_ELEMENT * own,
	};
}

bool graph_budget_take(struct graph *g, int64_t bytes, int64_t work)
{
	if (bytes > g->budget.bytes || work > g->budget.work)
		return false;
	g->budget.bytes -= bytes;
	g->budget.work -= work;
	return true;
}

/* ---- Work ---- */

static int64_t product(int64_t a, int64_t b)
{
	return a && b > MOST_WORK / a ? MOST_WORK : a * b;
}

/* Elements that are combined for each output. */
static int64_t window_size(const struct node *n)
{
	int64_t kernel[GRAPH_MAX_RANK], size = 1;
	int count;

	if (n->op == OP_LRN)
		return node_int(n, "size", 1);
	if (n->op != OP_MAX_POOL && n->op != OP_AVERAGE_POOL)
		return 0;
	count = node_ints(n, "kernel_shape", kernel, GRAPH_MAX_RANK);
	for (int i = 0; i < count && i < GRAPH_MAX_RANK; i++)
		size = product(size, kernel[i] < 1 ? 1 : kernel[i]);
	return size;
}

int64_t node_work(const struct node *n)
{
	int64_t elements = 0, macs = node_macs(n), window = window_size(n);
	bool moves = n->op == OP_SHAPE || n->op == OP_SIZE;

	for (int i = 0; i < n->input_count && !moves; i++)
		elements += value_elements(n->inputs[i]);
	for (int i = 0; i < n->output_count; i++)
		elements += value_elements(n->outputs[i]);
	if (macs < 0 || macs > MOST_WORK)
		macs = MOST_WORK;
	macs += product(ELEMENT_WORK, elements);
	if (window)
		macs += product(product(window, WINDOW_WORK),
				value_elements(n->outputs[0]));
	return macs < MOST_WORK ? macs : MOST_WORK;
}

/* ---- One run ---- */

static int too_large(const struct graph *g, const struct node *n,
		     const struct value *v, int64_t bytes, struct diag *d)
{
	long long need = (bytes + MB - 1) / MB, most = g->budget.run_bytes / MB;

	if (n)
		node_error(d, n,
			   "running it would need %lld MB, at most %lld MB "
			   "are used for a model of this size",
			   need, most);
	else
		diag_error(d,
			   "input '%s' would need %lld MB, at most %lld MB are "
			   "used for a model of this size",
			   v->name, need, most);
	diag_hint(d, "give a smaller input with --shape");
	return -1;
}

/* Frees what the node reads last; `left` counts readers by value id. */
static int64_t freed_bytes(const struct node *n, int *left)
{
	int64_t bytes = 0;

	for (int i = 0; i < n->input_count; i++) {
		const struct value *v = n->inputs[i];

		if (v && v->role == VALUE_COMPUTED && --left[v->id] == 0)
			bytes += value_bytes(v);
	}
	for (int i = 0; i < n->output_count; i++)
		if (n->outputs[i] && !left[n->outputs[i]->id])
			bytes += value_bytes(n->outputs[i]);
	return bytes;
}

static int check_bytes(const struct graph *g, int *left, struct diag *d)
{
	int64_t bytes = 0;

	for (int i = 0; i < g->input_count; i++) {
		bytes += value_bytes(g->inputs[i]);
		if (bytes > g->budget.run_bytes)
			return too_large(g, NULL, g->inputs[i], bytes, d);
	}
	for (const struct node *n = g->first; n; n = n->next) {
		for (int i = 0; i < n->output_count; i++)
			bytes += n->outputs[i] ? value_bytes(n->outputs[i]) : 0;
		if (bytes > g->budget.run_bytes)
			return too_large(g, n, NULL, bytes, d);
		bytes -= freed_bytes(n, left);
	}
	return 0;
}

static int check_work(const struct graph *g, struct diag *d)
{
	int64_t work = 0;

	for (const struct node *n = g->first; n; n = n->next) {
		work += node_work(n);
		if (work <= g->budget.run_work)
			continue;
		node_error(d, n,
			   "the network computes too much up to here for a "
			   "model of this size (%.3g operations, at most %.3g)",
			   (double)work, (double)g->budget.run_work);
		diag_hint(d, "give a smaller input with --shape");
		return -1;
	}
	return 0;
}

int graph_budget_check_run(const struct graph *g, struct diag *d)
{
	int *left = calloc(g->value_count + 1, sizeof(*left));
	int err;

	if (!left)
		return diag_error(d, "out of memory");
	for (size_t i = 0; i < g->value_count; i++)
		left[i] = value_readers(g->values[i]);
	err = check_bytes(g, left, d) || check_work(g, d) ? -1 : 0;
	free(left);
	return err;
}
