/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/head_graphs.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void head_graph_add(struct head_graph *g, const char *format, ...)
{
	size_t room = sizeof(g->text) - g->length;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(g->text + g->length, room, format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < room);
	g->length += (size_t)n;
}

void head_graph_begin(struct head_graph *g, int height, int width)
{
	g->length = 0;
	g->seed = 1;
	head_graph_add(g, "input %%x f32 1x3x%dx%d\n", height, width);
}

void head_graph_map(struct head_graph *g, const char *name, int channels,
		    int stride)
{
	head_graph_add(g,
		       "const %%w_%s f32 %dx3x1x1 = random %d\n"
		       "%%%s = Conv(%%x, %%w_%s) {strides=[%d, %d]}\n",
		       name, channels, g->seed++, name, name, stride, stride);
}

void head_graph_rows(struct head_graph *g, const char *name, const char *from,
		     int numbers)
{
	head_graph_add(g,
		       "%%t_%s = Transpose(%%%s) {perm=[0, 2, 3, 1]}\n"
		       "const %%d_%s i64 3 = [1, -1, %d]\n"
		       "%%%s = Reshape(%%t_%s, %%d_%s)\n",
		       name, from, name, numbers, name, name, name);
}

void head_graph_anchors(struct head_graph *g, const char *name,
			const char *from, int numbers, int rows, int columns)
{
	head_graph_add(g,
		       "const %%d_%s i64 5 = [1, 3, %d, %d, %d]\n"
		       "%%r_%s = Reshape(%%%s, %%d_%s)\n"
		       "%%%s = Transpose(%%r_%s) {perm=[0, 1, 3, 4, 2]}\n",
		       name, numbers, rows, columns, name, from, name, name,
		       name);
}

void head_graph_pool(struct head_graph *g, int kernel, int stride)
{
	head_graph_add(g,
		       "%%pool%d = MaxPool(%%x) {kernel_shape=[%d, %d], "
		       "strides=[%d, %d]}\n",
		       g->seed++, kernel, kernel, stride, stride);
}

void head_graph_swish(struct head_graph *g)
{
	int i = g->seed++;

	head_graph_add(
		g, "%%gate%d = Sigmoid(%%x)\n%%swish%d = Mul(%%x, %%gate%d)\n",
		i, i, i);
}

void head_graph_leaky(struct head_graph *g)
{
	head_graph_add(g, "%%leaky%d = LeakyRelu(%%x) {alpha=0.1}\n",
		       g->seed++);
}

void head_graph_output(struct head_graph *g, const char *name)
{
	head_graph_add(g, "output %%%s\n", name);
}
