/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/target.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "converter/target_files.h"
#include "base/yaml_file.h"
#include "base/text.h"

#define MAX_KERNELS 256

struct reader {
	struct yaml_file file;
	struct arena *arena;
	struct diag *diag;
};

/* A field of a mapping: where it goes, and what it may hold. */
struct field {
	const char *key;
	enum { FIELD_TEXT, FIELD_NUMBER, FIELD_COUNT, FIELD_BOOL } kind;
	size_t offset;
	double min, max;
};

#define TOP(k, m, t, lo, hi)                                  \
	{                                                     \
		k, t, offsetof(struct cost_target, m), lo, hi \
	}
static const struct field top_fields[] = {
	TOP("name", name, FIELD_TEXT, 0, 0),
	TOP("description", description, FIELD_TEXT, 0, 0),
	TOP("source", source, FIELD_TEXT, 0, 0),
	TOP("clock_hz", clock_hz, FIELD_COUNT, 1e3, 1e11),
	TOP("memory_bytes_per_second", memory_bytes_per_second, FIELD_NUMBER,
	    1e3, 1e13),
	TOP("op_overhead_cycles", op_overhead_cycles, FIELD_NUMBER, 0, 1e9),
	TOP("ram_bytes", ram_bytes, FIELD_COUNT, 0, 1e15),
	TOP("flash_bytes", flash_bytes, FIELD_COUNT, 0, 1e15),
	TOP("coded", coded, FIELD_BOOL, 0, 0),
	{ 0 },
};

#define ROW(k, m, t, lo, hi)                                  \
	{                                                     \
		k, t, offsetof(struct cost_kernel, m), lo, hi \
	}
static const struct field kernel_fields[] = {
	ROW("macs_per_cycle", macs_per_cycle, FIELD_NUMBER, 1e-6, 1e6),
	ROW("bytes_per_cycle", bytes_per_cycle, FIELD_NUMBER, 1e-6, 1e6),
	ROW("efficiency", efficiency, FIELD_NUMBER, 0.001, 1),
	ROW("output_cycles", output_cycles, FIELD_NUMBER, 0, 1e6),
	ROW("window_cycles", window_cycles, FIELD_NUMBER, 0, 1e6),
	ROW("byte_cycles", byte_cycles, FIELD_NUMBER, 0, 1e6),
	ROW("setup_cycles", setup_cycles, FIELD_NUMBER, 0, 1e9),
	ROW("parallel", parallel, FIELD_BOOL, 0, 0),
	ROW("source", source, FIELD_TEXT, 0, 0),
	{ 0 },
};

static int read_number(struct reader *r, const yaml_node_t *value,
		       const struct field *f, double *out)
{
	const char *text = yaml_text(value);

	if (!text || text_to_double(text, out) || *out < f->min ||
	    *out > f->max)
		return yaml_error(&r->file, value, r->diag,
				  "'%s' must be a number from %g to %g", f->key,
				  f->min, f->max);
	if (f->kind == FIELD_COUNT && *out != floor(*out))
		return yaml_error(&r->file, value, r->diag,
				  "'%s' must be a whole number", f->key);
	return 0;
}

static int read_field(struct reader *r, const yaml_node_t *value,
		      const struct field *f, void *base)
{
	void *at = (char *)base + f->offset;
	const char *text = yaml_text(value);
	double number;

	if (f->kind == FIELD_TEXT || f->kind == FIELD_BOOL) {
		bool yes = text && strcmp(text, "true") == 0;

		if (!text || (f->kind == FIELD_BOOL && !yes &&
			      strcmp(text, "false") != 0))
			return yaml_error(&r->file, value, r->diag,
					  "'%s' must be %s", f->key,
					  f->kind == FIELD_BOOL ?
						  "true or false" :
						  "a text");
		if (f->kind == FIELD_BOOL)
			*(bool *)at = yes;
		else
			*(const char **)at = arena_strdup(r->arena, text);
		return 0;
	}
	if (read_number(r, value, f, &number))
		return -1;
	if (f->kind == FIELD_COUNT)
		*(int64_t *)at = (int64_t)number;
	else
		*(double *)at = number;
	return 0;
}

static const struct field *find_field(const struct field *f, const char *key)
{
	for (; f->key; f++)
		if (strcmp(f->key, key) == 0)
			return f;
	return NULL;
}

static int unknown_key(struct reader *r, const yaml_node_t *key,
		       const struct field *fields)
{
	const char *near = NULL, *text = yaml_text(key);
	int best = 3;

	yaml_error(&r->file, key, r->diag, "unknown key '%s'",
		   text ? text : "?");
	for (; text && fields->key; fields++) {
		int distance = text_distance(text, fields->key);

		if (distance < best) {
			best = distance;
			near = fields->key;
		}
	}
	if (near)
		diag_hint(r->diag, "did you mean '%s'?", near);
	return -1;
}

static int read_kernel(struct reader *r, const yaml_node_t *map,
		       struct cost_kernel *k)
{
	yaml_node_t *key, *value;

	for (int i = 0; yaml_entry(&r->file, map, i, &key, &value); i++) {
		const char *text = yaml_text(key);
		const struct field *f = text ? find_field(kernel_fields, text) :
					       NULL;

		if (!f)
			return unknown_key(r, key, kernel_fields);
		if (read_field(r, value, f, k))
			return -1;
	}
	if ((k->macs_per_cycle > 0) == (k->bytes_per_cycle > 0))
		return yaml_error(&r->file, map, r->diag,
				  "kernel '%s' needs either macs_per_cycle or "
				  "bytes_per_cycle",
				  k->pattern);
	return 0;
}

static int read_kernels(struct reader *r, const yaml_node_t *map,
			struct cost_target *t)
{
	struct cost_kernel *rows;
	yaml_node_t *key, *value;
	int n = 0;

	if (map->type != YAML_MAPPING_NODE)
		return yaml_error(&r->file, map, r->diag,
				  "'kernels' must be a mapping");
	rows = arena_array(r->arena, MAX_KERNELS, sizeof(*rows));
	if (!rows)
		return diag_error(r->diag, "out of memory");
	for (; yaml_entry(&r->file, map, n, &key, &value); n++) {
		const char *name = yaml_text(key);

		if (n == MAX_KERNELS)
			return yaml_error(&r->file, key, r->diag,
					  "more than %d kernels", MAX_KERNELS);
		if (!name || value->type != YAML_MAPPING_NODE)
			return yaml_error(&r->file, key, r->diag,
					  "a kernel must be a name and a "
					  "mapping");
		rows[n].pattern = arena_strdup(r->arena, name);
		rows[n].parallel = true;
		rows[n].efficiency = 1;
		rows[n].source = t->source;
		if (!rows[n].pattern || read_kernel(r, value, &rows[n]))
			return -1;
	}
	t->kernels = rows;
	t->kernel_count = n;
	return 0;
}

static int read_top(struct reader *r, struct cost_target *t)
{
	yaml_node_t *top = yaml_file_root(&r->file), *key, *value;
	yaml_node_t *kernels = NULL;
	struct field cores = { "cores", FIELD_COUNT, 0, 1, 64 };
	double number;

	for (int i = 0; top && yaml_entry(&r->file, top, i, &key, &value);
	     i++) {
		const char *text = yaml_text(key);
		const struct field *f = text ? find_field(top_fields, text) :
					       NULL;

		if (f && read_field(r, value, f, t))
			return -1;
		if (f)
			continue;
		if (text && strcmp(text, "kernels") == 0) {
			kernels = value;
		} else if (text && strcmp(text, "cores") == 0) {
			if (read_number(r, value, &cores, &number))
				return -1;
			t->cores = (int)number;
		} else {
			return unknown_key(r, key, top_fields);
		}
	}
	/* Last, because rows inherit the source of the file. */
	return kernels ? read_kernels(r, kernels, t) : 0;
}

static int check_complete(struct reader *r, const struct cost_target *t)
{
	const char *missing = !t->name         ? "name" :
			      !t->source       ? "source" :
			      t->cores == 0    ? "cores" :
			      t->clock_hz == 0 ? "clock_hz" :
			      t->memory_bytes_per_second == 0 ?
						 "memory_bytes_per_second" :
			      t->kernel_count == 0 ? "kernels" :
						     NULL;

	if (!missing)
		return 0;
	return diag_error(r->diag, "%s: key '%s' is missing", r->file.name,
			  missing);
}

const char *target_name(int i)
{
	return i < target_file_count ? target_files[i].name : NULL;
}

static bool is_path(const char *s)
{
	size_t n = strlen(s);

	return strchr(s, '/') || (n > 5 && strcmp(s + n - 5, ".yaml") == 0);
}

static const struct target_file *find_builtin(const char *name)
{
	for (int i = 0; i < target_file_count; i++)
		if (strcmp(target_files[i].name, name) == 0)
			return &target_files[i];
	return NULL;
}

static int unknown_target(const char *name, struct diag *d)
{
	char known[512] = "";

	for (int i = 0; target_name(i); i++)
		snprintf(known + strlen(known), sizeof(known) - strlen(known),
			 "%s%s", i ? ", " : "", target_name(i));
	diag_error(d, "unknown target '%s'", name);
	diag_hint(d, "known targets: %s; or give the path of a .yaml file",
		  known);
	return -1;
}

int target_load(const char *name_or_path, struct arena *a,
		struct cost_target *t, struct diag *d)
{
	struct reader r = { .arena = a, .diag = d };
	const struct target_file *builtin;
	int rc;

	*t = (struct cost_target){ 0 };
	if (is_path(name_or_path)) {
		rc = yaml_file_read(&r.file, name_or_path, d);
	} else {
		builtin = find_builtin(name_or_path);
		if (!builtin)
			return unknown_target(name_or_path, d);
		rc = yaml_file_parse(&r.file, builtin->name, builtin->text, d);
	}
	if (rc == 0)
		rc = read_top(&r, t);
	if (rc == 0)
		rc = check_complete(&r, t);
	yaml_file_close(&r.file);
	return rc;
}

/* ---- Printing ---- */

static void print_field(const struct field *f, const void *base, FILE *out)
{
	const void *at = (const char *)base + f->offset;

	if (f->kind == FIELD_TEXT)
		text_print_quoted(out, *(const char *const *)at);
	else if (f->kind == FIELD_BOOL)
		fputs(*(const bool *)at ? "true" : "false", out);
	else if (f->kind == FIELD_COUNT)
		fprintf(out, "%lld", (long long)*(const int64_t *)at);
	else
		fprintf(out, "%.10g", *(const double *)at);
}

/* Whether a field has what it has where it is not given. */
static bool is_usual(const struct field *f, const void *base)
{
	const void *at = (const char *)base + f->offset;

	if (f->kind == FIELD_TEXT)
		return !*(const char *const *)at;
	if (f->kind == FIELD_BOOL)
		return *(const bool *)at == (strcmp(f->key, "parallel") == 0);
	if (f->kind == FIELD_COUNT)
		return !*(const int64_t *)at;
	return *(const double *)at ==
	       (strcmp(f->key, "efficiency") == 0 ? 1 : 0);
}

void target_print_board(const struct cost_target *t, const char *source,
			FILE *out)
{
	struct cost_target own = *t;

	own.source = source;
	fprintf(out, "cores: %d\n", t->cores);
	for (const struct field *f = top_fields; f->key; f++) {
		if (is_usual(f, &own))
			continue;
		fprintf(out, "%s: ", f->key);
		print_field(f, &own, out);
		fputc('\n', out);
	}
}

void target_print_kernel(const struct cost_kernel *k, FILE *out)
{
	const char *before = "{";

	fputs("  ", out);
	text_print_quoted(out, k->pattern);
	fputs(": ", out);
	for (const struct field *f = kernel_fields; f->key; f++) {
		if (is_usual(f, k))
			continue;
		fprintf(out, "%s%s: ", before, f->key);
		print_field(f, k, out);
		before = ", ";
	}
	fputs("}\n", out);
}
