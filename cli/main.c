/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/config_yaml.h"
#include "cli/options.h"
#include "runtime/dbrt.h"

static const struct verb {
	const char *name, *usage, *arguments;
	unsigned bit;
	command_fn *run;
} verbs[] = {
	{ "convert", "[convert]", "MODEL.onnx [options]", VERB_CONVERT,
	  cmd_convert },
	{ "run", "run", "MODEL.onnx|MODEL.dbp INPUT|FOLDER... [options]",
	  VERB_RUN, cmd_run },
	{ "verify", "verify", "MODEL.onnx MODEL.dbp --calib PHOTOS",
	  VERB_VERIFY, cmd_verify },
	{ "eval", "eval", "MODEL.onnx|MODEL.dbp --images PHOTOS --labels FILE",
	  VERB_EVAL, cmd_eval },
	{ "inspect", "inspect", "MODEL.onnx|MODEL.dbp [options]", VERB_INSPECT,
	  cmd_inspect },
};

static void print_usage(FILE *out)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		fprintf(out, "%s dbconvert %s %s\n",
			i ? "      " : "usage:", verbs[i].usage,
			verbs[i].arguments);
	fputc('\n', out);
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

static int run_verb(const struct verb *verb, struct command *cmd, int argc,
		    char **argv, struct diag *d)
{
	if (command_line_parse(cmd, argc, argv, verb->bit, d))
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
		code = run_verb(verb, &cmd, argc, argv, &d);
	}
	command_print_notes(&d, cmd.config.quiet);
	if (code == EXIT_OK && (fflush(stdout) || ferror(stdout))) {
		perror("dbconvert: error: standard output");
		code = EXIT_BAD_INPUT;
	}
	command_free(&cmd);
	diag_free(&d);
	return code;
}
