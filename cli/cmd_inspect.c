/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "cli/commands.h"
#include "converter/json_text.h"
#include "cli/head_text.h"
#include "cli/inspect_needs.h"
#include "cli/update_text.h"
#include "converter/heads/head_find.h"
#include "converter/heads/head_yaml_write.h"
#include "converter/onnx/model_load.h"
#include "converter/pack/packed_file.h"
#include "converter/report.h"

/* ---- Packed models ---- */

#define PARTS 16 /* kinds of sections, and the bytes around them */

struct part {
	const char *name;
	uint32_t offset, bytes;
	uint32_t file_bytes; /* their sizes in a coded file */
};

/* Bytes of the file for [from, from + bytes) of the model. */
static uint32_t file_bytes(const struct packed_file *f, uint32_t from,
			   uint32_t bytes)
{
	return f->map.count ? coded_map_bytes(&f->map, from, bytes) : bytes;
}

/* Header, sections and the padding between: all bytes of the file, in order. */
static int list_parts(const struct packed_file *f, struct part *parts)
{
	const struct dbp_header *h = f->header;
	uint32_t at = (uint32_t)(sizeof(*h) +
				 h->section_count * sizeof(struct dbp_section));
	uint32_t padding = 0, between = 0;
	int n = 0;

	if (f->map.count)
		parts[n++] =
			(struct part){ "coding", 0, 0, f->map.coded_at[0] };
	parts[n++] = (struct part){ "header", 0, at, file_bytes(f, 0, at) };
	for (uint32_t i = 0; i < h->section_count; i++) {
		const struct dbp_section *s = &f->sections[i];

		padding += s->offset - at;
		between += file_bytes(f, at, s->offset - at);
		parts[n++] =
			(struct part){ packed_section_name(s->kind), s->offset,
				       s->bytes,
				       file_bytes(f, s->offset, s->bytes) };
		at = s->offset + s->bytes;
	}
	padding += h->total_bytes - at;
	between += file_bytes(f, at, h->total_bytes - at);
	parts[n++] = (struct part){ "padding", 0, padding, between };
	return n;
}

struct op_sizes {
	const char *kind;
	char shape[64];
	const char *type;
	int bits;
	uint32_t weight_bytes, file_bytes;
};

static const char *type_name(enum dbrt_dtype t)
{
	return t == DBRT_S8 ? "s8" : t == DBRT_F32 ? "f32" : "i32";
}

static struct op_sizes layer_of(const struct packed_file *f, uint32_t op)
{
	const struct dbp_section *ops = packed_file_section(f, DBP_SECTION_OPS);
	const struct dbp_section *params =
		packed_file_section(f, DBP_SECTION_PARAMS);
	const struct dbp_op *row =
		(const struct dbp_op *)(const void *)(f->bytes + ops->offset) +
		op;
	struct op_sizes l = { .kind = dbrt_op_kind(&f->model, op) };
	struct dbrt_tensor out;
	struct shape s;
	uint32_t id = 0;

	dbrt_op_outputs(&f->model, op, &id, 1);
	dbrt_tensor_at(&f->model, id, &out);
	s = packed_shape(&out);
	shape_print(&s, l.shape, sizeof(l.shape));
	l.type = type_name(out.dtype);
	if (row->kind == DBP_OP_CONV || row->kind == DBP_OP_CONV_TRANSPOSE) {
		const struct dbp_conv *c =
			(const void *)(f->bytes + params->offset + row->params);

		l.bits = c->weight_bits;
		l.weight_bytes = c->weights_bytes;
		l.file_bytes = coded_map_layer_bytes(&f->map, f->bytes, op);
		if (c->depthwise)
			l.kind = "depthwise";
	}
	return l;
}

/* "preprocessing: bgr, mean 0, ..., usual for the head". */
static void print_preprocess(const struct preprocess *p, const char *source)
{
	const char *ending = p->fit == RESIZE_STRETCH ? "" : ", border ";
	char pad[16] = "";

	if (!p->is_image)
		return;
	if (p->fit != RESIZE_STRETCH)
		snprintf(pad, sizeof(pad), "%d", p->pad_value);
	printf("preprocessing: %s, mean", preprocess_color_name(p->color));
	for (int i = 0; i < p->channels; i++)
		printf(" %.6g", (double)p->mean[i]);
	printf(", scale");
	for (int i = 0; i < p->channels; i++)
		printf(" %.6g", (double)p->scale[i]);
	printf(", %s%s%s%s%s\n", preprocess_resize_name(p->fit), ending, pad,
	       source ? ": " : "", source ? source : "");
}

/* The field need not end in a NUL. */
static const char *tool_of(const struct packed_file *f, char text[128])
{
	char tool[sizeof(f->header->tool) + 1];

	memcpy(tool, f->header->tool, sizeof(f->header->tool));
	tool[sizeof(f->header->tool)] = 0;
	return text_printable(tool, text, 128);
}

static void print_packed(const struct packed_file *f, const struct head *h,
			 const char *path)
{
	struct part parts[PARTS];
	int n = list_parts(f, parts);
	uint32_t total = 0, in_file = 0;
	char tool[128];
	struct preprocess p;

	printf("%s: %u bytes, made by %s\n", TEXT_PRINTABLE(path),
	       f->stored_bytes, tool_of(f, tool));
	if (f->map.count)
		printf("coded: %u bytes in memory\n", f->header->total_bytes);
	printf("work memory %u bytes, %u more for each further thread\n",
	       f->header->arena_bytes, f->header->worker_bytes);
	head_print(h);
	packed_file_preprocess(f, &p);
	print_preprocess(&p, NULL);
	putchar('\n');
	printf("part          offset      bytes    in file\n");
	for (int i = 0; i < n; i++) {
		printf("%-12s %7u %10u %10u\n", parts[i].name, parts[i].offset,
		       parts[i].bytes, parts[i].file_bytes);
		total += parts[i].bytes;
		in_file += parts[i].file_bytes;
	}
	printf("%-12s         %10u %10u\n\n", "total", total, in_file);
	printf("operator           output               type bits  "
	       "weight bytes    in file\n");
	for (uint32_t i = 0; i < dbrt_op_count(&f->model); i++) {
		struct op_sizes l = layer_of(f, i);

		printf("%3u %-14s %-20s %-4s", i, l.kind, l.shape, l.type);
		if (l.bits)
			printf(" %4d  %12u %10u", l.bits, l.weight_bytes,
			       l.file_bytes);
		putchar('\n');
	}
}

static json_t *tensors_json(const struct packed_file *f, bool inputs)
{
	uint32_t n = inputs ? dbrt_input_count(&f->model) :
			      dbrt_output_count(&f->model);
	json_t *list = json_array();

	for (uint32_t i = 0; i < n; i++) {
		struct dbrt_tensor t;
		struct shape s;
		char shape[128];

		if (inputs)
			dbrt_input(&f->model, i, &t);
		else
			dbrt_output(&f->model, i, &t);
		s = packed_shape(&t);
		shape_print(&s, shape, sizeof(shape));
		json_array_append_new(list, json_pack("{s:o,s:s,s:s}", "name",
						      json_text(t.name), "type",
						      type_name(t.dtype),
						      "shape", shape));
	}
	return list;
}

static json_t *packed_json(const struct packed_file *f, const struct head *h)
{
	json_t *list = json_array(), *layers = json_array();
	struct part parts[PARTS];
	int n = list_parts(f, parts);
	struct preprocess p;

	packed_file_preprocess(f, &p);

	for (int i = 0; i < n; i++)
		json_array_append_new(
			list,
			json_pack("{s:s,s:I,s:I,s:I}", "name", parts[i].name,
				  "offset", (json_int_t)parts[i].offset,
				  "bytes", (json_int_t)parts[i].file_bytes,
				  "expanded_bytes",
				  (json_int_t)parts[i].bytes));
	for (uint32_t i = 0; i < dbrt_op_count(&f->model); i++) {
		struct op_sizes l = layer_of(f, i);

		json_array_append_new(
			layers,
			json_pack("{s:s,s:s,s:s,s:i,s:I,s:I}", "op", l.kind,
				  "shape", l.shape, "type", l.type, "w_bits",
				  l.bits, "weight_bytes",
				  (json_int_t)l.weight_bytes, "file_bytes",
				  (json_int_t)l.file_bytes));
	}
	return json_pack("{s:i,s:s,s:o,s:o,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:o}",
			 "schema", 1, "kind", "dbp", "head", head_json(h),
			 "preprocessing", report_preprocess_json(&p), "bytes",
			 (json_int_t)f->stored_bytes, "expanded_bytes",
			 (json_int_t)f->header->total_bytes, "arena_bytes",
			 (json_int_t)f->header->arena_bytes, "worker_bytes",
			 (json_int_t)f->header->worker_bytes, "parts", list,
			 "inputs", tensors_json(f, true), "outputs",
			 tensors_json(f, false), "layers", layers);
}

static int print_json(json_t *root)
{
	json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	fputc('\n', stdout);
	json_decref(root);
	return EXIT_OK;
}

static int print_packed_head(const struct packed_file *f, const struct head *h,
			     const char *path, struct diag *d)
{
	const char *names[DBP_MAX_IO];

	if (!h->data) {
		diag_error(d, "%s: has no head", path);
		return EXIT_BAD_INPUT;
	}
	for (uint32_t i = 0; i < dbrt_output_count(&f->model); i++) {
		struct dbrt_tensor t;

		dbrt_output(&f->model, i, &t);
		names[i] = t.name;
	}
	head_yaml_write(h, names, stdout);
	return EXIT_OK;
}

static int inspect_packed(const struct command *cmd, struct diag *d)
{
	struct packed_file f = { 0 };
	struct arena a;
	struct head h;
	int code = EXIT_OK;

	arena_init(&a, 0);
	if (packed_file_read(&f, cmd->args[0], d) ||
	    head_of_packed(&f, &a, &h, d))
		code = EXIT_BAD_INPUT;
	else if (cmd->print_head || cmd->head_template)
		code = print_packed_head(&f, &h, cmd->args[0], d);
	else if (cmd->json)
		print_json(packed_json(&f, &h));
	else
		print_packed(&f, &h, cmd->args[0]);
	packed_file_close(&f);
	arena_free(&a);
	return code;
}

/* ---- ONNX models ---- */

static void print_values(const char *what, struct value *const *list, int n)
{
	for (int i = 0; i < n; i++) {
		char shape[128];

		shape_print(&list[i]->shape, shape, sizeof(shape));
		printf("%-20s %-20s %12s  %s\n", what, shape,
		       dtype_name(list[i]->dtype),
		       TEXT_PRINTABLE(list[i]->name));
	}
}

static void print_graph(const struct graph *g, const struct head *h,
			const struct preprocess *p, const char *path)
{
	static const char *const sources[] = {
		[PREPROCESS_ASSUMED] = "assumed, give what it was trained with",
		[PREPROCESS_GIVEN] = "as given",
		[PREPROCESS_FAMILY] = "usual for this head",
		[PREPROCESS_METADATA] = "of the model's metadata",
		[PREPROCESS_GRAPH] = "left by the graph, which does the rest",
		[PREPROCESS_FOUND] = "found",
	};

	printf("%s: opset %lld, %zu operators, %.1f K parameters, %.1f M "
	       "multiply-accumulates\n",
	       path, (long long)g->opset, g->node_count,
	       (double)graph_params(g) / 1e3, (double)graph_macs(g) / 1e6);
	print_values("input", g->inputs, g->input_count);
	print_values("output", g->outputs, g->output_count);
	head_print(h);
	print_preprocess(p, sources[p->source]);
	for (const struct node *n = g->first; n; n = n->next) {
		char shape[128];

		shape_print(&n->outputs[0]->shape, shape, sizeof(shape));
		printf("%-20s %-20s %12lld  %s\n", op_info(n->op)->name, shape,
		       (long long)node_macs(n), TEXT_PRINTABLE(n->name));
	}
}

static json_t *values_json(struct value *const *values, int n)
{
	json_t *list = json_array();

	for (int i = 0; i < n; i++) {
		char shape[128];

		shape_print(&values[i]->shape, shape, sizeof(shape));
		json_array_append_new(
			list, json_pack("{s:o,s:s,s:s}", "name",
					json_text(values[i]->name), "type",
					dtype_name(values[i]->dtype), "shape",
					shape));
	}
	return list;
}

static json_t *graph_json(const struct graph *g, const struct head *h,
			  const struct preprocess *p, const struct diag *d)
{
	json_t *layers = json_array();

	for (const struct node *n = g->first; n; n = n->next) {
		char shape[128];

		shape_print(&n->outputs[0]->shape, shape, sizeof(shape));
		json_array_append_new(
			layers, json_pack("{s:o,s:s,s:s,s:I}", "name",
					  json_text(n->name), "op",
					  op_info(n->op)->name, "shape", shape,
					  "macs", (json_int_t)node_macs(n)));
	}
	return json_pack("{s:i,s:s,s:o,s:o,s:I,s:I,s:I,s:o,s:o,s:o,s:o}",
			 "schema", 1, "kind", "onnx", "head", head_json(h),
			 "preprocessing", report_preprocess_json(p), "opset",
			 (json_int_t)g->opset, "params",
			 (json_int_t)graph_params(g), "macs",
			 (json_int_t)graph_macs(g), "inputs",
			 values_json(g->inputs, g->input_count), "outputs",
			 values_json(g->outputs, g->output_count), "layers",
			 layers, "warnings", report_warnings_json(d));
}

/* What --head and --head-template print; EXIT_OK. */
static int print_head_file(const struct command *cmd, const struct graph *g,
			   const struct head *h, struct arena *a,
			   struct diag *d)
{
	const char **names =
		arena_array(a, (size_t)g->output_count + 1, sizeof(*names));

	for (int i = 0; names && i < g->output_count; i++)
		names[i] = g->outputs[i]->name;
	if (!names)
		diag_error(d, "out of memory");
	else if (h->data)
		head_yaml_write(h, names, stdout);
	else if (cmd->head_template)
		return head_yaml_write_template(g, h, &cmd->config, a, stdout,
						d) ?
			       EXIT_BAD_INPUT :
			       EXIT_OK;
	else
		diag_error(d, "%s: the head is not known: %s", cmd->args[0],
			   h->why ? h->why : "no reason");
	if (h->data)
		return EXIT_OK;
	diag_hint(d, "--head-template prints a file to complete");
	return EXIT_BAD_INPUT;
}

static int inspect_onnx(const struct command *cmd, struct diag *d)
{
	struct config c = cmd->config;
	struct arena a;
	uint8_t sha256[32];
	const struct graph *g;
	struct preprocess p;
	struct head h;
	int code = EXIT_OK;

	c.model_path = cmd->args[0];
	arena_init(&a, 0);
	g = model_load(&c, &a, sha256, NULL, d);
	if (g && (head_find(g, &c, &a, &h, d) ||
		  preprocess_init(&p, g, &c, head_preprocess(&h), d)))
		g = NULL;
	if (!g)
		code = EXIT_BAD_INPUT;
	else if (cmd->print_head || cmd->head_template)
		code = print_head_file(cmd, g, &h, &a, d);
	else if (cmd->json)
		print_json(graph_json(g, &h, &p, d));
	else
		print_graph(g, &h, &p, c.model_path);
	arena_free(&a);
	return code;
}

static int inspect_update(const struct command *cmd, struct diag *d)
{
	struct regular_file f = { 0 };
	struct dbu_head head;
	int err = update_file_read(cmd->args[0], NULL, &f, &head, d);

	if (!err)
		update_print(cmd->args[0], &head, false, cmd->json);
	regular_file_free(&f);
	return err ? EXIT_BAD_INPUT : EXIT_OK;
}

int cmd_inspect(const struct command *cmd, struct diag *d)
{
	if (cmd->ops || cmd->emit != EMIT_NOTHING)
		return inspect_needs(cmd, d);
	if (cmd->arg_count != 1) {
		diag_error(d, "inspect takes one model, not %d",
			   cmd->arg_count);
		return EXIT_USAGE;
	}
	if (update_file_name(cmd->args[0]))
		return inspect_update(cmd, d);
	return packed_file_name(cmd->args[0]) ? inspect_packed(cmd, d) :
						inspect_onnx(cmd, d);
}
