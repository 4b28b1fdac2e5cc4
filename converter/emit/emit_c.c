/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/emit/emit_c.h"

#include <string.h>

/* Sections that are printed as numbers of 32 bits. */
static const uint32_t word_sections[] = {
	DBP_SECTION_OPS,        DBP_SECTION_PARAMS, DBP_SECTION_IO,
	DBP_SECTION_PREPROCESS, DBP_SECTION_HEAD,   DBP_SECTION_GOLDEN,
};
#define WORD_SECTIONS ((int)(sizeof(word_sections) / sizeof(*word_sections)))

static const void *part(const struct packed_file *f, uint32_t kind,
			uint32_t *bytes)
{
	const struct dbp_section *s = packed_file_section(f, (int)kind);

	*bytes = s ? s->bytes : 0;
	return s ? f->bytes + s->offset : NULL;
}

/* ---- Types ---- */

static void print_array_name(const struct data_array *a, FILE *out)
{
	if (a->owner == DBP_NONE)
		fprintf(out, "%s", a->what);
	else
		fprintf(out, "%s%u_%s",
			strcmp(a->what, "constant") == 0 ? "tensor" : "op",
			a->owner, a->what);
}

static void print_type(const struct packed_file *f,
		       const struct data_array *arrays, int count, FILE *out)
{
	uint32_t bytes;

	fputs("/* The arrays of operator N are opN_...; equal ones are stored "
	      "once. */\nstruct model_data {\n",
	      out);
	for (int i = 0; i < count; i++) {
		fputs("\tuint8_t ", out);
		print_array_name(&arrays[i], out);
		fprintf(out, "[%u];\n", arrays[i].bytes);
	}
	fputs("};\n\nstruct model_constants {\n"
	      "\tstruct dbp_header header;\n",
	      out);
	if (count)
		fputs("\tstruct model_data data;\n", out);
	fprintf(out, "\tstruct dbp_tensor tensors[%u];\n",
		f->model.tensor_count);
	for (int i = 0; i < WORD_SECTIONS; i++)
		if (part(f, word_sections[i], &bytes))
			fprintf(out, "\tuint32_t %s[%u];\n",
				packed_section_name(word_sections[i]),
				bytes / 4);
	part(f, DBP_SECTION_STRINGS, &bytes);
	if (bytes)
		fprintf(out, "\tuint8_t strings[%u];\n", bytes);
	fputs("};\n\n", out);
}

/* ---- Values ---- */

/* Numbers of one byte, or of four, in braces. */
static void print_numbers(const void *p, uint32_t bytes, bool words, FILE *out)
{
	const uint8_t *small = p;
	const uint32_t *large = p;
	uint32_t line = words ? 8 : 16;

	fputs("\t{", out);
	for (uint32_t i = 0; i < bytes / (words ? 4 : 1); i++)
		fprintf(out, "%s%u%s",
			!i       ? " " :
			i % line ? ", " :
				   ",\n\t  ",
			words ? large[i] : small[i], words ? "u" : "");
	fputs(" },\n", out);
}

static void print_tensor(const struct dbp_tensor *t, uint32_t i, FILE *out)
{
	fprintf(out,
		"\t\t{ %u, %u, %u, 0, %d, %.8ef, { %u, %u, %u, %u, %u, %u }",
		t->dtype, t->rank, t->memory, t->zero_point, (double)t->scale,
		t->dims[0], t->dims[1], t->dims[2], t->dims[3], t->dims[4],
		t->dims[5]);
	fprintf(out, ",\n\t\t  %u, %u, %u, %uu, %uu, 0 }, /* %u */\n", t->pitch,
		t->offset, t->bytes, t->name, t->writer, i);
}

/* The fields that a run reads, and the text of the tool. */
static void print_file_header(const struct dbp_header *h, FILE *out)
{
	fprintf(out,
		"\t{ 0x%xu, %u, %u, 0, 0, 0, 0x%xu, %u, %u,\n"
		"\t  { 0 }, { 0 }, 0, 0, 0, { 0, 0 } },\n",
		h->magic, h->major, h->minor, h->header_crc32, h->arena_bytes,
		h->worker_bytes);
}

static void print_values(const struct packed_file *f,
			 const struct data_array *arrays, int count, FILE *out)
{
	uint32_t bytes;
	const uint8_t *data = part(f, DBP_SECTION_DATA, &bytes);
	const struct dbp_tensor *t = part(f, DBP_SECTION_TENSORS, &bytes);
	const uint8_t *strings;

	fputs("static const struct model_constants constants ALIGNED = {\n",
	      out);
	print_file_header(f->header, out);
	if (count)
		fputs("\t{\n", out);
	for (int i = 0; i < count; i++)
		print_numbers(data + arrays[i].offset, arrays[i].bytes, false,
			      out);
	if (count)
		fputs("\t},\n", out);
	fputs("\t/* type, rank, memory, -, zero point, scale, dims; pitch, "
	      "offset, bytes, name,\n\t * writer, - */\n\t{\n",
	      out);
	for (uint32_t i = 0; i < f->model.tensor_count; i++)
		print_tensor(&t[i], i, out);
	fputs("\t},\n", out);
	for (int i = 0; i < WORD_SECTIONS; i++) {
		const uint32_t *words = part(f, word_sections[i], &bytes);

		if (!words)
			continue;
		fprintf(out, "\t/* %s */\n",
			packed_section_name(word_sections[i]));
		print_numbers(words, bytes, true, out);
	}
	strings = part(f, DBP_SECTION_STRINGS, &bytes);
	if (bytes)
		print_numbers(strings, bytes, false, out);
	fputs("};\n\n", out);
}

/* ---- Functions ---- */

/* struct dbrt_model, as dbrt_open() leaves it: offsets and bytes of sections by
 * kind, and its work. */
static void print_opened(const struct packed_file *f, FILE *out)
{
	uint32_t bytes;

	fputs("\tm->file = (const uint8_t *)&constants;\n"
	      "\tm->file_bytes = (uint32_t)sizeof(constants);\n"
	      "\tm->header_crc32 = constants.header.header_crc32;\n",
	      out);
	for (uint32_t k = 1; k <= DBP_SECTION_GOLDEN; k++) {
		part(f, k, &bytes);
		if (bytes)
			fprintf(out,
				"\tm->section_offset[%u] = (uint32_t)offsetof("
				"struct model_constants, %s);\n"
				"\tm->section_bytes[%u] = %u;\n",
				k, packed_section_name(k), k, bytes);
	}
	fprintf(out, "\tm->tensor_count = %u;\n\tm->op_count = %u;\n",
		f->model.tensor_count, f->model.op_count);
}

static void print_step(const struct packed_file *f, uint32_t op, FILE *out)
{
	struct dbrt_conv_form conv;
	struct dbrt_tensor y;
	uint32_t id = 0;

	dbrt_op_outputs(&f->model, op, &id, 1);
	dbrt_tensor_at(&f->model, id, &y);
	fprintf(out, "\tstep(m, %u, dbrt_%s_run); /* ", op,
		dbrt_op_kind(&f->model, op));
	if (!dbrt_op_conv(&f->model, op, &conv))
		fprintf(out, "%ux%u%s, %d bits, ", conv.kernel_h, conv.kernel_w,
			conv.depthwise ? " depthwise" : "", conv.weight_bits);
	fputs("to ", out);
	for (uint32_t i = 0; i < y.rank; i++)
		fprintf(out, "%s%u", i ? "x" : "", y.dims[i]);
	fputs(" */\n", out);
}

static void print_steps(const struct packed_file *f, FILE *out)
{
	fputs("static void step(const struct dbrt_model *m, uint32_t op,\n"
	      "\t\t void (*run)(const struct dbrt_op_view *))\n"
	      "{\n\tstruct dbrt_op_view v = dbrt_op_at(m, op);\n\n"
	      "\tif (!dbrt_is_cancelled(m, 0))\n\t\trun(&v);\n}\n\n"
	      "static void run_all(struct dbrt_model *m)\n{\n",
	      out);
	for (uint32_t i = 0; i < f->model.op_count; i++)
		print_step(f, i, out);
	fputs("}\n\n", out);
}

/* From photo to detections by one call, where the model knows both. */
static bool takes_photos(const struct packed_file *f)
{
	return f->head && packed_file_section(f, DBP_SECTION_PREPROCESS);
}

static const char photo_arguments[] =
	"void *arena, const uint8_t *rgb, uint32_t width,\n"
	"\t uint32_t height, struct dbrt_detection *found, uint32_t max)";

static void print_run(const char *prefix, FILE *out)
{
	fprintf(out,
		"\nint %s_run(%s\n{\n"
		"\tstruct dbrt_model m;\n"
		"\tint status = %s_open(&m, arena, %s_ARENA);\n\n"
		"\tif (status == DBRT_OK)\n"
		"\t\tstatus = dbrt_set_image(&m, 0, rgb, width, height,\n"
		"\t\t\t\t\t(size_t)3 * width);\n"
		"\tif (status == DBRT_OK)\n\t\tstatus = dbrt_run(&m);\n"
		"\treturn status == DBRT_OK ? dbrt_detections(&m, found, max) "
		": status;\n}\n",
		prefix, photo_arguments, prefix, prefix);
}

static void print_open(const struct packed_file *f, const char *prefix,
		       FILE *out)
{
	fprintf(out,
		"int %s_open(struct dbrt_model *m, void *arena, size_t bytes)\n"
		"{\n\tif (!m)\n\t\treturn DBRT_ERROR_ARGUMENT;\n"
		"\tmemset(m, 0, sizeof(*m));\n",
		prefix);
	print_opened(f, out);
	fputs("\tm->run = run_all;\n"
	      "\treturn dbrt_bind(m, arena, bytes);\n}\n",
	      out);
}

void emit_c_source(const struct packed_file *f, const char *prefix,
		   const struct data_array *arrays, int count, FILE *out)
{
	fprintf(out,
		"/* Made by dbconvert %s. One model: see the header. */\n"
		"#include \"%s_run.h\"\n\n"
		"#include <stddef.h>\n#include <string.h>\n\n"
		"#include \"runtime/dbrt_internal.h\"\n\n"
		"#define ALIGNED __attribute__((aligned(64)))\n\n",
		dbrt_version(), prefix);
	print_type(f, arrays, count, out);
	print_values(f, arrays, count, out);
	print_steps(f, out);
	print_open(f, prefix, out);
	if (takes_photos(f))
		print_run(prefix, out);
}

void emit_c_header(const struct packed_file *f, const char *prefix, FILE *out)
{
	fprintf(out,
		"/* Made by dbconvert %s. */\n"
		"#ifndef %s_run_h\n#define %s_run_h\n\n#include <dbrt.h>\n\n"
		"/* bytes of work buffer, which is aligned to 64 bytes */\n"
		"#define %s_ARENA %u\n\n"
		"#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
		"/* Makes *m this model with a work buffer; an enum "
		"dbrt_status. All functions of\n * dbrt.h take it then, but "
		"dbrt_set_trace() has no effect. */\n"
		"int %s_open(struct dbrt_model *m, void *arena, size_t "
		"bytes);\n",
		dbrt_version(), prefix, prefix, prefix, f->header->arena_bytes,
		prefix);
	if (takes_photos(f))
		fprintf(out,
			"/* All at once: finds at most `max` objects in a "
			"photo "
			"of 3 * width * height\n * bytes. Their number, or a "
			"negative status. */\n"
			"int %s_run(%s;\n",
			prefix, photo_arguments);
	fputs("\n#ifdef __cplusplus\n}\n#endif\n#endif\n", out);
}
