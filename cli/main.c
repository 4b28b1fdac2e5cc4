/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/config_yaml.h"
#include "runtime/dbrt.h"

static const struct verb {
	const char *name;
	unsigned bit;
	command_fn *run;
} verbs[] = {
	{ "convert", VERB_CONVERT, cmd_convert },
	{ "run", VERB_RUN, cmd_run },
	{ "verify", VERB_VERIFY, cmd_verify },
	{ "eval", VERB_EVAL, cmd_eval },
	{ "inspect", VERB_INSPECT, cmd_inspect },
};

char *command_stem(const char *path, struct arena *a)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot && dot > name ?
		       arena_strndup(a, name, (size_t)(dot - name)) :
		       arena_strdup(a, name);
}

static int make_one(const char *path, struct diag *d)
{
	struct stat st;

	if (mkdir(path, 0777) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return diag_error(d, "%s: %s", path, strerror(errno));
}

int command_make_folder(const char *path, struct diag *d)
{
	char *copy = strdup(path);
	int err = 0;

	if (!copy)
		return diag_error(d, "out of memory");
	for (char *p = copy + 1; !err && *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		err = make_one(copy, d);
		*p = '/';
	}
	if (!err)
		err = make_one(copy, d);
	free(copy);
	return err;
}

static void print_entry(const struct diag_entry *e)
{
	static const char *const levels[] = { [DIAG_ERROR] = "error",
					      [DIAG_WARNING] = "warning",
					      [DIAG_NOTE] = "note" };

	fprintf(stderr, "dbconvert: %s: %s\n", levels[e->level], e->text);
	if (e->hint)
		fprintf(stderr, "dbconvert: hint: %s\n", e->hint);
}

/* The same remark twice says no more than once. */
static bool was_said(const struct diag *d, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (d->entries[k].level == d->entries[i].level &&
		    !strcmp(d->entries[k].text, d->entries[i].text))
			return true;
	return false;
}

void command_print_notes(const struct diag *d, size_t *printed, bool quiet)
{
	for (; *printed < d->count; ++*printed) {
		const struct diag_entry *e = &d->entries[*printed];

		if ((e->level == DIAG_ERROR || !quiet) &&
		    !was_said(d, *printed))
			print_entry(e);
	}
}

static void print_usage(FILE *out)
{
	fputs("usage: dbconvert [convert] MODEL.onnx [options]\n"
	      "       dbconvert run MODEL.onnx|MODEL.dbp INPUT... [options]\n"
	      "       dbconvert verify MODEL.onnx MODEL.dbp --calib PHOTOS\n"
	      "       dbconvert inspect MODEL.onnx|MODEL.dbp [options]\n\n",
	      out);
}

static const struct verb *find_verb(int *argc, char ***argv)
{
	for (size_t i = 0; *argc > 0 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp((*argv)[0], verbs[i].name)) {
			--*argc;
			++*argv;
			return &verbs[i];
		}
	return &verbs[0];
}

static int run(const struct verb *verb, struct command *cmd, int argc,
	       char **argv, struct diag *d)
{
	if (options_parse(cmd, argc, argv, verb->bit, d))
		return EXIT_USAGE;
	if (cmd->help) {
		print_usage(stdout);
		options_help(stdout, verb->bit);
		return EXIT_OK;
	}
	if (cmd->version) {
		printf("dbconvert %s\n", dbrt_version());
		return EXIT_OK;
	}
	if (config_yaml_apply(cmd, d))
		return EXIT_USAGE;
	return verb->run(cmd, d);
}

int main(int argc, char **argv)
{
	const struct verb *verb;
	struct command cmd;
	struct diag d;
	size_t printed = 0;
	int code;

	diag_init(&d);
	command_init(&cmd);
	argc--;
	argv++;
	if (argc == 0) {
		print_usage(stderr);
		fputs("dbconvert --help lists the options\n", stderr);
		code = EXIT_USAGE;
	} else {
		verb = find_verb(&argc, &argv);
		code = run(verb, &cmd, argc, argv, &d);
	}
	command_print_notes(&d, &printed, cmd.config.quiet);
	if (code == EXIT_OK && (fflush(stdout) || ferror(stdout))) {
		perror("dbconvert: error: standard output");
		code = EXIT_BAD_INPUT;
	}
	command_free(&cmd);
	diag_free(&d);
	return code;
}
