/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command_line.h"

#include <string.h>

#include "cli/help.h"
#include "cli/option_value.h"
#include "cli/options.h"

/* The position in the argument list. */
struct argument_cursor {
	struct command *cmd;
	char **argv;
	int argc, next;
	unsigned verb;
	struct diag *diag;
};

static int unknown_option(const char *text, const char *name, struct diag *d)
{
	const char *near = option_nearest(name);

	diag_error(d, "unknown option '%s'", text);
	if (near)
		diag_hint(d, "did you mean '--%s'?", near);
	else
		diag_hint(d, "'dbconvert help VERB' lists the options");
	return -1;
}

/* Whether the option stands alone: no YAML file follows it. */
static bool stands_alone(const struct argument_cursor *c,
			 const struct option_row *row)
{
	const char *next = c->next < c->argc ? c->argv[c->next] : "";
	const char *dot = strrchr(next, '.');

	if (!(row->alone_verbs & c->verb))
		return false;
	return !dot || (strcmp(dot, ".yaml") && strcmp(dot, ".yml"));
}

/* `value` NULL: the value is the next argument, if the option has one. */
static int take_option(struct argument_cursor *c, const struct option_row *row,
		       const char *value)
{
	char subject[64];

	snprintf(subject, sizeof(subject), "option '--%s'", row->name);
	if (!(row->verbs & c->verb))
		return diag_error(c->diag, "%s does not apply to this command",
				  subject);
	if (!row->argument) {
		if (value)
			return diag_error(c->diag, "%s takes no value",
					  subject);
		value = "true";
	} else if (!value && stands_alone(c, row)) {
		*(bool *)((char *)c->cmd + row->alone) = true;
		return 0;
	} else if (!value) {
		if (c->next == c->argc)
			return diag_error(c->diag, "%s needs a value: %s",
					  subject, row->argument);
		value = c->argv[c->next++];
	}
	if (!strcmp(value, "help") && help_list_of(row->name)) {
		c->cmd->list = help_list_of(row->name);
		return 0;
	}
	c->cmd->given[option_index(row)] = true;
	return option_set(c->cmd, row, subject, value, c->diag);
}

static int take_long_option(struct argument_cursor *c, const char *text)
{
	const struct option_row *row;
	char name[64];
	size_t n = strcspn(text + 2, "=");

	if (n >= sizeof(name))
		return unknown_option(text, text + 2, c->diag);
	memcpy(name, text + 2, n);
	name[n] = '\0';
	row = option_find(name);
	if (!row)
		return unknown_option(text, name, c->diag);
	return take_option(c, row, text[2 + n] == '=' ? text + 3 + n : NULL);
}

/* "-qo DIR", "-oDIR". */
static int take_letter_options(struct argument_cursor *c, const char *text)
{
	for (const char *at = text + 1; *at; at++) {
		const struct option_row *row = option_find_letter(*at);

		if (!row)
			return unknown_option(text, text + 1, c->diag);
		if (row->argument)
			return take_option(c, row, at[1] ? at + 1 : NULL);
		if (take_option(c, row, NULL))
			return -1;
	}
	return 0;
}

int command_line_parse(struct command *cmd, int argc, char **argv,
		       unsigned verb, struct diag *d)
{
	struct argument_cursor c = { cmd, argv, argc, 0, verb, d };
	const char **args;
	bool only_args = false;
	int rc = 0;

	args = arena_array(&cmd->arena, (size_t)argc + 1, sizeof(*args));
	if (!args)
		return diag_error(d, "out of memory");
	cmd->args = args;
	while (rc == 0 && c.next < argc) {
		const char *text = argv[c.next++];

		if (only_args || text[0] != '-' || !text[1])
			args[cmd->arg_count++] = text;
		else if (strcmp(text, "--") == 0)
			only_args = true;
		else if (text[1] == '-')
			rc = take_long_option(&c, text);
		else
			rc = take_letter_options(&c, text);
	}
	return rc;
}
