/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/verbs.h"
#include "converter/stage_dump.h"
#include "converter/target.h"
#include "ir/config.h"
#include "passes/pipeline.h"

static const char exit_codes[] =
	"exit status: 0 done; 1 a file is bad or cannot be written; 2 the "
	"command\n"
	"line is wrong; 3 a limit cannot be met, or a test fails\n";

void help_usage(FILE *out)
{
	const struct verb *v;

	for (int i = 0; (v = verb_at(i)); i++)
		fprintf(out, "%s dbconvert %s %s\n",
			i ? "      " : "usage:", v->usage, v->arguments);
	fputc('\n', out);
}

void help_verb(FILE *out, unsigned verb)
{
	const struct verb *v;

	for (int i = 0; (v = verb_at(i)); i++) {
		if (v->bit != verb)
			continue;
		fprintf(out, "usage: dbconvert %s %s\n\n%s\n\n", v->usage,
			v->arguments, v->what);
		options_help(out, verb);
		fprintf(out, "\nexamples:\n%s\n%s", v->examples, exit_codes);
	}
}

static void print_all(FILE *out)
{
	const struct verb *v;

	help_usage(out);
	for (int i = 0; (v = verb_at(i)); i++)
		fprintf(out, "  %-8s %s\n", v->name, v->what);
	fprintf(out,
		"\ndbconvert help VERB: its options and examples\n"
		"dbconvert help targets|methods|passes: what --target, "
		"--method and\n"
		"--dump-after take\n\n%s",
		exit_codes);
}

/* ---- Lists ---- */

const char *help_stage(int i)
{
	if (i < pipeline_pass_count())
		return pipeline_pass_name(i);
	i -= pipeline_pass_count();
	if (stage_dump_name(i))
		return stage_dump_name(i);
	return !i || stage_dump_name(i - 1) ? "all" : NULL;
}

static const char *method(int i)
{
	static const char *const names[] = {
#define NAME(id, name) name,
		METHODS(NAME)
#undef NAME
	};

	return i < METHOD_COUNT ? names[i] : NULL;
}

static const struct list {
	const char *name, *option;
	const char *(*at)(int i);
} lists[] = {
	{ "targets", "target", target_name },
	{ "methods", "method", method },
	{ "passes", "dump-after", help_stage },
};
#define LISTS (sizeof(lists) / sizeof(lists[0]))

const char *help_list_of(const char *option)
{
	for (size_t i = 0; i < LISTS; i++)
		if (!strcmp(lists[i].option, option))
			return lists[i].name;
	return NULL;
}

bool help_list(FILE *out, const char *name)
{
	for (size_t i = 0; i < LISTS; i++) {
		if (strcmp(lists[i].name, name) != 0)
			continue;
		for (int k = 0; lists[i].at(k); k++)
			fprintf(out, "%s\n", lists[i].at(k));
		return true;
	}
	return false;
}

int help_command(int argc, char **argv, struct diag *d)
{
	const struct verb *v;

	if (argc == 0 || argv[0][0] == '-') {
		print_all(stdout);
		return EXIT_OK;
	}
	v = verb_find(argv[0]);
	if (v) {
		help_verb(stdout, v->bit);
		return EXIT_OK;
	}
	if (help_list(stdout, argv[0]))
		return EXIT_OK;
	diag_error(d, "there is no help on '%s'", argv[0]);
	diag_hint(d, "'dbconvert help' lists the verbs");
	return EXIT_USAGE;
}
