/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/emit/needs.h"

void needs_add(struct needs *n, const struct packed_file *f)
{
	const struct dbp_section *s = packed_file_section(f, DBP_SECTION_OPS);
	const struct dbp_op *ops = (const void *)(f->bytes + s->offset);

	for (uint32_t i = 0; i < dbrt_op_count(&f->model); i++) {
		struct dbrt_conv_form conv = { 0 };
		int kind = ops[i].kind;

		n->name[kind] = dbrt_op_kind(&f->model, i);
		if (dbrt_op_conv(&f->model, i, &conv) == 0)
			n->bits[kind][conv.depthwise] |= 1u << conv.weight_bits;
		n->count[kind][conv.depthwise]++;
	}
	n->detector |= f->head && f->head->kind == DBP_HEAD_DETECTOR;
	n->coded |= f->map.count != 0;
}

static const char *name_of(const struct needs *n, int kind, int form)
{
	return form == NEED_DEPTHWISE ? "depthwise" : n->name[kind];
}

void needs_print(const struct needs *n, FILE *out)
{
	fprintf(out, "operator        count  weight bits\n");
	for (int k = 0; k < DBP_OP_COUNT; k++)
		for (int form = 0; form < NEED_FORMS; form++) {
			if (!n->count[k][form])
				continue;
			fprintf(out, "%-14s %6d", name_of(n, k, form),
				n->count[k][form]);
			for (int b = 0; n->bits[k][form] >> b; b++)
				if (n->bits[k][form] >> b & 1)
					fprintf(out, "  %d", b);
			fputc('\n', out);
		}
	fprintf(out, "detector head: %s\ncoded form: %s\n",
		n->detector ? "yes" : "no", n->coded ? "yes" : "no");
}

json_t *needs_json(const struct needs *n)
{
	json_t *list = json_array();

	for (int k = 0; k < DBP_OP_COUNT; k++)
		for (int form = 0; form < NEED_FORMS; form++) {
			json_t *widths = json_array();

			for (int b = 0; n->bits[k][form] >> b; b++)
				if (n->bits[k][form] >> b & 1)
					json_array_append_new(widths,
							      json_integer(b));
			if (n->count[k][form])
				json_array_append_new(
					list,
					json_pack("{s:s,s:i,s:O}", "op",
						  name_of(n, k, form), "count",
						  n->count[k][form], "w_bits",
						  widths));
			json_decref(widths);
		}
	return json_pack("{s:i,s:s,s:o,s:b,s:b}", "schema", 1, "kind", "ops",
			 "operators", list, "detector", n->detector, "coded",
			 n->coded);
}

/* "const struct TYPE *const NAME = &OBJECT;", or 0 where it is not needed. */
static void emit_part(FILE *out, const char *part, bool needed)
{
	fprintf(out,
		"\nextern const struct dbrt_%s dbrt_%s;\n"
		"extern const struct dbrt_%s *const dbrt_part_%s;\n"
		"const struct dbrt_%s *const dbrt_part_%s = %s%s;\n",
		part, part, part, part, part, part, needed ? "&dbrt_" : "0",
		needed ? part : "");
}

void needs_emit(const struct needs *n, FILE *out)
{
	fprintf(out,
		"/* Made by dbconvert %s. What some models need of libdbrt:\n"
		" * link it before the library, with -Wl,--gc-sections. */\n"
		"#include <stdint.h>\n\n"
		"#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
		"struct dbrt_op_row;\n",
		dbrt_version());
	for (int k = 0; k < DBP_OP_COUNT; k++)
		if (n->name[k])
			fprintf(out,
				"extern const struct dbrt_op_row dbrt_row_%s;"
				"\n",
				n->name[k]);
	fprintf(out,
		"extern const struct dbrt_op_row *const dbrt_op_table[%d];\n"
		"const struct dbrt_op_row *const dbrt_op_table[%d] = {\n",
		DBP_OP_COUNT, DBP_OP_COUNT);
	for (int k = 0; k < DBP_OP_COUNT; k++)
		fprintf(out, "\t%s%s,\n", n->name[k] ? "&dbrt_row_" : "0",
			n->name[k] ? n->name[k] : "");
	fprintf(out,
		"};\nextern const uint32_t dbrt_op_kinds;\n"
		"const uint32_t dbrt_op_kinds = %d;\n",
		DBP_OP_COUNT);
	emit_part(out, "detector", n->detector);
	emit_part(out, "coding", n->coded);
	fputs("\n#ifdef __cplusplus\n}\n#endif\n", out);
}
