/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ranks.h"

void command_init(struct command *cmd)
{
	*cmd = (struct command){ 0 };
	config_init(&cmd->config);
	arena_init(&cmd->arena, 0);
}

void command_free(struct command *cmd)
{
	arena_free(&cmd->arena);
}

char *command_stem(const char *path, struct arena *a)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot && dot > name ?
		       arena_strndup(a, name, (size_t)(dot - name)) :
		       arena_strdup(a, name);
}

static int make_one_folder(const char *path, struct diag *d)
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
		err = make_one_folder(copy, d);
		*p = '/';
	}
	if (!err)
		err = make_one_folder(copy, d);
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

/* A repeated remark is printed once. */
static bool is_repeated(const struct diag *d, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (d->entries[k].level == d->entries[i].level &&
		    !strcmp(d->entries[k].text, d->entries[i].text))
			return true;
	return false;
}

void command_print_notes(struct diag *d, bool quiet)
{
	if (ranks_self()) /* what fails, fails on rank 0 as well */
		return;
	for (; d->shown < d->count; d->shown++) {
		const struct diag_entry *e = &d->entries[d->shown];

		if ((e->level == DIAG_ERROR || e->alert || !quiet) &&
		    !is_repeated(d, d->shown))
			print_entry(e);
	}
}
