/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ranks.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/config_yaml.h"
#include "cli/help.h"
#include "converter/json_text.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "runtime/dbrt.h"

/* The verb may be left out: then the first argument is a model. */
static const struct verb *take_verb(int *argc, char ***argv)
{
	const struct verb *verb = verb_find((*argv)[0]);

	if (!verb)
		return verb_at(0);
	--*argc;
	++*argv;
	return verb;
}

/* A first argument that is no file is probably a verb that is spelt wrong. */
static int check_verb(const char *text, struct diag *d)
{
	const struct verb *near;

	if (*text == '-' || strpbrk(text, "./") || access(text, F_OK) == 0)
		return 0;
	near = verb_nearest(text);
	diag_error(d, "'%s' is neither a verb nor a file", text);
	if (near)
		diag_hint(d, "did you mean '%s'?", near->name);
	else
		diag_hint(d, "'dbconvert help' lists the verbs");
	return -1;
}

static int run_verb(const struct verb *verb, struct command *cmd, int argc,
		    char **argv, struct diag *d)
{
	if (command_line_parse(cmd, argc, argv, verb->bit, d))
		return EXIT_USAGE;
	if (cmd->help) {
		help_verb(stdout, verb->bit);
		return EXIT_OK;
	}
	if (cmd->version) {
		printf("dbconvert %s\n", dbrt_version());
		return EXIT_OK;
	}
	if (cmd->list) {
		help_list(stdout, cmd->list);
		return EXIT_OK;
	}
	if ((verb->bit & VERB_CONFIG) && config_yaml_apply(cmd, d))
		return EXIT_USAGE;
	if (ranks_self() && verb->bit != VERB_SWEEP)
		cmd->config.quiet = true;
	return verb->run(cmd, d);
}

static int run(struct command *cmd, int argc, char **argv, struct diag *d)
{
	const struct verb *verb;

	if (argc == 0) {
		help_usage(stderr);
		fputs("'dbconvert help' tells more\n", stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[0], "help") ||
	    (argc == 1 &&
	     (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))))
		return help_command(argc - 1, argv + 1, d);
	if (!verb_find(argv[0]) && check_verb(argv[0], d))
		return EXIT_USAGE;
	verb = take_verb(&argc, &argv);
	return run_verb(verb, cmd, argc, argv, d);
}

/* With --json a failure is an object too: {"error": {"message", "hint"}}. */
static void print_json_error(const struct diag *d)
{
	const struct diag_entry *e = NULL;
	json_t *root;

	for (size_t i = 0; i < d->count && !e; i++)
		if (d->entries[i].level == DIAG_ERROR)
			e = &d->entries[i];
	root = json_pack("{s:{s:o,s:o}}", "error", "message",
			 json_text(e ? e->text : "out of memory"), "hint",
			 e && e->hint ? json_text(e->hint) : json_null());
	json_dumpf(root, stdout, JSON_INDENT(1));
	fputc('\n', stdout);
	json_decref(root);
}

int main(int argc, char **argv)
{
	struct command cmd;
	struct diag d;
	int code;

	diag_init(&d);
	command_init(&cmd);
	code = ranks_begin(&d) ? EXIT_BAD_INPUT :
				 run(&cmd, argc - 1, argv + 1, &d);
	command_print_notes(&d, cmd.config.quiet);
	if (cmd.json && code == EXIT_BAD_INPUT)
		print_json_error(&d);
	if (code == EXIT_OK && (fflush(stdout) || ferror(stdout))) {
		perror("dbconvert: error: standard output");
		code = EXIT_BAD_INPUT;
	}
	ranks_end(code);
	command_free(&cmd);
	diag_free(&d);
	return code;
}
