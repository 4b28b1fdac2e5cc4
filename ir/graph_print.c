/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text form of a graph, one line a value or node:
 *
 *   graph "name"
 *   input %x f32 1x3x8x8
 *   const %w f32 4x3x3x3 = [0.5, -1, ...]
 *   %y, _ = Op(%x, %w, _) {group=1, mode="same", pads=[1, 1]} act=relu
 *           layout=nhwc tail "node name" : f32 1x4x8x8, _     (one line)
 *   output %y
 *
 * `_` is an absent optional input or output. A value name that is no plain
 * word is quoted: %"a b". A float always has a point or an exponent, or is nan
 * or inf: 1 and 1.0 differ. Activations with parameters: act=clip(0.0, 6.0),
 * act=leaky_relu(0.1). An empty node name and unknown types are not written;
 * `?` is an unknown dim. Constants may also be written
 *
 *   = fill 0.5        every element
 *   = seq 0 0.25      start and step
 *   = random 7        seeded, -1 to 1 in steps of 1/64
 *   = hash 0123...    how long ones are printed; cannot be read back
 *
 * Comments go from # to the end of the line. Scales are printed as comments,
 * codes not at all.
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "ir/graph.h"

/* Longer constants are printed as a hash, unless GRAPH_PRINT_ALL is set. */
#define SHOWN_ELEMENTS 32

static bool is_plain(const char *name)
{
	static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789_./:-";

	return *name && name[strspn(name, word)] == 0;
}

static void print_name(FILE *out, const struct value *v)
{
	if (!v) {
		fputc('_', out);
		return;
	}
	fputc('%', out);
	if (is_plain(v->name))
		fputs(v->name, out);
	else
		text_print_quoted(out, v->name);
}

/* The shortest form that reads back to the same float. */
static void print_float(FILE *out, float x)
{
	char text[40];

	for (int digits = 1; digits <= 9; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, (double)x);
		if (isnan(x) || strtof(text, NULL) == x)
			break;
	}
	if (isnan(x))
		snprintf(text, sizeof(text), "nan");
	fputs(text, out);
	if (isfinite(x) && !strpbrk(text, ".e"))
		fputs(".0", out);
}

static void print_element(FILE *out, enum dtype t, const void *data, size_t i)
{
	switch (t) {
	case DT_F32:
		print_float(out, ((const float *)data)[i]);
		break;
	case DT_I64:
		fprintf(out, "%" PRId64, ((const int64_t *)data)[i]);
		break;
	case DT_I32:
		fprintf(out, "%" PRId32, ((const int32_t *)data)[i]);
		break;
	case DT_I8:
		fprintf(out, "%d", ((const int8_t *)data)[i]);
		break;
	case DT_U8:
	case DT_BOOL:
		fprintf(out, "%u", ((const uint8_t *)data)[i]);
		break;
	default:
		assert(!"an element type");
	}
}

static void print_type(FILE *out, const struct value *v)
{
	char shape[GRAPH_MAX_RANK * 21];

	shape_print(&v->shape, shape, sizeof(shape));
	fprintf(out, "%s %s", dtype_name(v->dtype), shape);
}

/* ` # 4 bits, 16 scales 0.1 to 0.3`, where the value has scales. */
static void print_scales(FILE *out, const struct value *v)
{
	const struct quant *q = v ? v->quant : NULL;
	float least, most;

	if (!q)
		return;
	least = most = q->scale[0];
	for (int i = 1; i < q->channels; i++) {
		least = fminf(least, q->scale[i]);
		most = fmaxf(most, q->scale[i]);
	}
	fprintf(out, " # %d bits, ", q->bits);
	if (q->channels > 1)
		fprintf(out, "%d scales %.6g to %.6g", q->channels,
			(double)least, (double)most);
	else
		fprintf(out, "scale %.6g", (double)least);
	if (q->zero_point[0])
		fprintf(out, ", zero point %" PRId32, q->zero_point[0]);
}

static void print_elements(FILE *out, const struct value *v, size_t n)
{
	fputc('[', out);
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", out);
		print_element(out, v->dtype, v->data, i);
	}
	fputc(']', out);
}

static void print_constant(FILE *out, const struct value *v, int flags)
{
	size_t n = (size_t)shape_elements(&v->shape);

	fputs("const ", out);
	print_name(out, v);
	fputc(' ', out);
	print_type(out, v);
	fputs(" = ", out);
	if (!(flags & GRAPH_PRINT_ALL) && n > SHOWN_ELEMENTS)
		fprintf(out, "hash %016" PRIx64,
			hash_fnv1a(v->data, n * dtype_size(v->dtype)));
	else
		print_elements(out, v, n);
	if (flags & GRAPH_PRINT_SCALES)
		print_scales(out, v);
	fputc('\n', out);
}

static void print_attr(FILE *out, const struct attr *a)
{
	fprintf(out, "%s=", a->name);
	switch (a->kind) {
	case ATTR_INT:
		fprintf(out, "%" PRId64, a->i);
		return;
	case ATTR_FLOAT:
		print_float(out, a->f);
		return;
	case ATTR_STRING:
		text_print_quoted(out, a->s);
		return;
	default:
		break;
	}
	fputc('[', out);
	for (int i = 0; i < a->count; i++) {
		fputs(i ? ", " : "", out);
		if (a->kind == ATTR_INTS)
			fprintf(out, "%" PRId64, a->ints[i]);
		else
			print_float(out, a->floats[i]);
	}
	fputc(']', out);
}

static void print_attrs(FILE *out, const struct node *n)
{
	if (!n->attrs)
		return;
	fputs(" {", out);
	for (const struct attr *a = n->attrs; a; a = a->next) {
		print_attr(out, a);
		fputs(a->next ? ", " : "}", out);
	}
}

static void print_activation(FILE *out, const struct activation *act)
{
	if (act->kind == ACT_NONE)
		return;
	fprintf(out, " act=%s", act_name(act->kind));
	if (act->a == 0 && act->b == 0)
		return;
	fputc('(', out);
	print_float(out, act->a);
	fputs(", ", out);
	print_float(out, act->b);
	fputc(')', out);
}

static void print_values(FILE *out, struct value *const *list, int count)
{
	for (int i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		print_name(out, list[i]);
	}
}

static void print_node(FILE *out, const struct node *n, int flags)
{
	print_values(out, n->outputs, n->output_count);
	fprintf(out, " = %s(", op_info(n->op)->name);
	print_values(out, n->inputs, n->input_count);
	fputc(')', out);
	print_attrs(out, n);
	print_activation(out, &n->act);
	if (n->layout == LAYOUT_NHWC)
		fputs(" layout=nhwc", out);
	if (n->tail)
		fputs(" tail", out);
	if (*n->name) {
		fputc(' ', out);
		text_print_quoted(out, n->name);
	}
	fputs(" :", out);
	for (int i = 0; i < n->output_count; i++) {
		fputs(i ? ", " : " ", out);
		if (n->outputs[i])
			print_type(out, n->outputs[i]);
		else
			fputc('_', out);
	}
	if (flags & GRAPH_PRINT_SCALES && n->output_count)
		print_scales(out, n->outputs[0]);
	fputc('\n', out);
}

/* Constants are printed before their first reader. */
static int print_nodes(const struct graph *g, FILE *out, int flags)
{
	bool *printed = calloc(g->value_count + 1, sizeof(*printed));

	if (!printed)
		return -1;
	for (const struct node *n = g->first; n; n = n->next) {
		for (int i = 0; i < n->input_count; i++) {
			const struct value *v = n->inputs[i];

			if (!value_is_const(v) || printed[v->id])
				continue;
			print_constant(out, v, flags);
			printed[v->id] = true;
		}
		print_node(out, n, flags);
	}
	for (int i = 0; i < g->output_count; i++) {
		const struct value *v = g->outputs[i];

		if (value_is_const(v) && !printed[v->id])
			print_constant(out, v, flags);
	}
	free(printed);
	return 0;
}

int graph_print(const struct graph *g, FILE *out, int flags)
{
	if (*g->name) {
		fputs("graph ", out);
		text_print_quoted(out, g->name);
		fputc('\n', out);
	}
	for (int i = 0; i < g->input_count; i++) {
		fputs("input ", out);
		print_name(out, g->inputs[i]);
		fputc(' ', out);
		print_type(out, g->inputs[i]);
		if (flags & GRAPH_PRINT_SCALES)
			print_scales(out, g->inputs[i]);
		fputc('\n', out);
	}
	if (print_nodes(g, out, flags))
		return -1;
	for (int i = 0; i < g->output_count; i++) {
		fputs("output ", out);
		print_name(out, g->outputs[i]);
		fputc('\n', out);
	}
	return ferror(out) ? -1 : 0;
}
