/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the functions of a model by name. */
#include "converter/onnx/onnx_function.h"

#include <stdlib.h>
#include <string.h>

/* Large networks have a few thousand nodes. Functions that call functions can
 * ask for any number of copies: the file's own nodes bound them. */
#define MOST_NODES ((size_t)20000)
#define NODES_ALWAYS ((size_t)4096)
#define COPIES_OF_A_NODE ((size_t)64)

struct onnx_function {
	const char *domain, *name, *overload;
	size_t index; /* in the file */
};

static const char *text(const char *s)
{
	return s ? s : "";
}

static int compare_names(const struct onnx_function *a,
			 const struct onnx_function *b)
{
	int order = strcmp(a->name, b->name);

	if (!order)
		order = strcmp(a->domain, b->domain);
	return order ? order : strcmp(a->overload, b->overload);
}

static int compare(const void *left, const void *right)
{
	const struct onnx_function *a = left, *b = right;
	int order = compare_names(a, b);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static void limit_nodes(struct onnx_reader *r)
{
	const Onnx__ModelProto *m = r->model;
	size_t most;

	r->nodes_in_file = m->graph->n_node;
	for (size_t i = 0; i < m->n_functions; i++)
		r->nodes_in_file += m->functions[i]->n_node;
	most = NODES_ALWAYS + COPIES_OF_A_NODE * r->nodes_in_file;
	r->nodes_most = most < MOST_NODES ? most : MOST_NODES;
}

int onnx_functions_init(struct onnx_reader *r)
{
	const Onnx__ModelProto *m = r->model;

	limit_nodes(r);
	r->functions =
		arena_array(r->scratch, m->n_functions, sizeof(*r->functions));
	if (!r->functions)
		return onnx_no_memory(r);
	for (size_t i = 0; i < m->n_functions; i++)
		r->functions[i] = (struct onnx_function){
			.domain = text(m->functions[i]->domain),
			.name = text(m->functions[i]->name),
			.overload = text(m->functions[i]->overload),
			.index = i,
		};
	qsort(r->functions, m->n_functions, sizeof(*r->functions), compare);
	return 0;
}

const Onnx__FunctionProto *onnx_find_function(const struct onnx_reader *r,
					      const Onnx__NodeProto *p)
{
	struct onnx_function wanted = { .domain = text(p->domain),
					.name = text(p->op_type),
					.overload = text(p->overload) };
	size_t low = 0, high = r->model->n_functions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(&r->functions[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == r->model->n_functions ||
	    compare_names(&r->functions[low], &wanted))
		return NULL;
	return r->model->functions[r->functions[low].index];
}
