/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inspect_needs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_write.h"
#include "converter/emit/emit_c.h"
#include "converter/emit/needs.h"
#include "converter/pack/c_header.h"

/* Adds what the models need; EXIT_OK. */
static int read_needs(const struct command *cmd, struct needs *n,
		      struct diag *d)
{
	for (int i = 0; i < cmd->arg_count; i++) {
		struct packed_file f = { 0 };
		int failed;

		if (!packed_file_name(cmd->args[i])) {
			diag_error(d, "%s: not a packed model", cmd->args[i]);
			diag_hint(d, "convert it first, and give the .dbp");
			return EXIT_BAD_INPUT;
		}
		failed = packed_file_read(&f, cmd->args[i], d);
		if (!failed)
			needs_add(n, &f);
		packed_file_close(&f);
		if (failed)
			return EXIT_BAD_INPUT;
	}
	return EXIT_OK;
}

/* ---- A model in C ---- */

/* The files of --emit c, in the order of the option's manual. */
enum { SOURCE, HEADER, OPS, MAIN, CMAKE, FILES };

/* Prints one of them to memory (malloc); NULL: out of memory. */
static char *file_text(const struct packed_file *f, const char *prefix,
		       int which, struct arena *a)
{
	struct needs needs = { 0 };
	struct data_array *arrays;
	int count = data_arrays(f, a, &arrays);
	char *text = NULL;
	size_t bytes;
	FILE *out = count < 0 ? NULL : open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	needs_add(&needs, f);
	if (which == SOURCE)
		emit_c_source(f, prefix, arrays, count, out);
	else if (which == HEADER)
		emit_c_header(f, prefix, out);
	else if (which == OPS)
		needs_emit(&needs, out);
	else if (which == MAIN)
		emit_c_main(prefix, out);
	else
		emit_c_cmake(prefix, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int write_model(const struct packed_file *f, const char *folder,
		       const char *prefix, struct arena *a, struct diag *d)
{
	const char *names[FILES] = { arena_printf(a, "%s_run.c", prefix),
				     arena_printf(a, "%s_run.h", prefix),
				     arena_printf(a, "%s_ops.c", prefix),
				     "main.c", "CMakeLists.txt" };
	struct file_out files[FILES];
	char *texts[FILES] = { NULL };
	int rc = command_make_folder(folder, d);

	for (int i = 0; i < FILES && !rc; i++) {
		texts[i] = file_text(f, prefix, i, a);
		if (!texts[i] || !names[i]) {
			rc = diag_error(d, "out of memory");
			break;
		}
		files[i] = (struct file_out){ arena_printf(a, "%s/%s", folder,
							   names[i]),
					      texts[i], strlen(texts[i]) };
	}
	if (!rc)
		rc = files_write(files, FILES, d);
	for (int i = 0; i < FILES; i++)
		free(texts[i]);
	return rc;
}

static int emit_model(const struct command *cmd, struct diag *d)
{
	struct packed_file f = { 0 };
	char prefix[C_HEADER_PREFIX_BYTES];
	struct arena a;
	int rc;

	if (cmd->arg_count != 1 || !cmd->output) {
		diag_error(d, "--emit c takes one model and -o FOLDER");
		return EXIT_USAGE;
	}
	arena_init(&a, 0);
	rc = packed_file_read(&f, cmd->args[0], d);
	if (!rc) {
		c_header_prefix(command_stem(cmd->args[0], &a), prefix);
		rc = write_model(&f, cmd->output, prefix, &a, d);
	}
	packed_file_close(&f);
	arena_free(&a);
	return rc ? EXIT_BAD_INPUT : EXIT_OK;
}

int inspect_needs(const struct command *cmd, struct diag *d)
{
	struct needs n = { 0 };
	int code;

	if (cmd->arg_count < 1) {
		diag_error(d, "--ops and --emit take packed models");
		return EXIT_USAGE;
	}
	if (cmd->emit == EMIT_C)
		return emit_model(cmd, d);
	code = read_needs(cmd, &n, d);
	if (code != EXIT_OK)
		return code;
	if (cmd->emit == EMIT_OPS) {
		needs_emit(&n, stdout);
	} else if (cmd->json) {
		json_t *root = needs_json(&n);

		json_dumpf(root, stdout, JSON_INDENT(1));
		fputc('\n', stdout);
		json_decref(root);
	} else {
		needs_print(&n, stdout);
	}
	return EXIT_OK;
}
