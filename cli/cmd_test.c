/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_write.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/suite_init.h"
#include "cli/suite_json.h"
#include "cli/suite_junit.h"
#include "cli/suite_text.h"

/* ---- Writing a suite ---- */

static int check_init(const struct command *cmd, struct diag *d)
{
	const char *missing = cmd->arg_count != 1 ? "one model" :
			      !cmd->config.images ? "--images DIR" :
			      !cmd->config.labels ? "--labels FILE|DIR" :
			      !cmd->output        ? "-o SUITE.yaml" :
						    NULL;

	if (missing)
		return diag_error(d, "test --init needs %s", missing);
	return 0;
}

static int init_suite(const struct command *cmd, struct diag *d)
{
	struct progress_bar bar;
	const struct progress progress = { progress_update, &bar, NULL };
	int err;

	if (check_init(cmd, d))
		return EXIT_USAGE;
	progress_begin(&bar, cmd->config.quiet);
	err = suite_init_write(cmd, cmd->args[0], cmd->output, &progress, d);
	progress_end(&bar);
	return err ? EXIT_BAD_INPUT : EXIT_OK;
}

/* ---- Running one ---- */

/* A model of the command line takes the place of those of the suite. */
struct suite_models {
	const char *const *list;
	int count;
};

static struct suite_models models_of(const struct suite *s)
{
	if (s->command.arg_count > 1)
		return (struct suite_models){ s->command.args + 1,
					      s->command.arg_count - 1 };
	return (struct suite_models){ s->models, s->model_count };
}

static int write_junit(const struct suite *s,
		       const struct suite_result *results, int count,
		       struct diag *d)
{
	const char *path = s->command.junit;
	char *text;
	int err;

	if (!path)
		return 0;
	text = suite_junit(s, results, count, d);
	err = text ? file_write_atomic(path, text, strlen(text), d) : -1;
	free(text);
	return err;
}

static int print_json(const struct suite *s, const struct suite_result *results,
		      int count, struct diag *d)
{
	char *text = suite_json(s, results, count, d);

	if (!text)
		return -1;
	fputs(text, stdout);
	free(text);
	return 0;
}

static void print_text(const struct suite *s,
		       const struct suite_result *results, int count)
{
	const struct command *cmd = &s->command;
	bool unicode = !cmd->ascii && suite_text_unicode();

	for (int i = 0; i < count; i++)
		suite_text_print(&results[i], unicode, cmd->config.verbose,
				 stdout);
}

/* Too few photos fail where the suite says so, and where nothing passes: a gate
 * does not pass on nothing. */
static int verdict(const struct suite *s, const struct suite_result *results,
		   int count, struct diag *d)
{
	int failed = 0, passed = 0, too_few = 0;

	for (int i = 0; i < count; i++) {
		failed += results[i].failed;
		passed += results[i].passed;
		too_few += results[i].too_few;
	}
	if (failed)
		diag_error(d, "%s: %d of %d slices failed", s->path, failed,
			   failed + passed + too_few);
	else if (too_few && (s->too_few_fails || !passed))
		diag_error(d, "%s: %d of %d slices have too few photos to tell",
			   s->path, too_few, passed + too_few);
	else
		return EXIT_OK;
	return EXIT_BUDGET;
}

static int show(const struct suite *s, const struct suite_result *results,
		int count, struct diag *d)
{
	if (write_junit(s, results, count, d))
		return EXIT_BAD_INPUT;
	if (!s->command.json)
		print_text(s, results, count);
	else if (print_json(s, results, count, d))
		return EXIT_BAD_INPUT;
	return verdict(s, results, count, d);
}

static int run_models(struct suite *s, const struct suite_models *m,
		      struct diag *d)
{
	struct suite_result *results =
		arena_array(&s->arena, (size_t)m->count, sizeof(*results));
	struct suite_photos photos = { 0 };
	struct progress_bar bar;
	const struct progress progress = { progress_update, &bar, NULL };
	int err = results ? 0 : diag_error(d, "out of memory");

	if (!err) {
		progress_begin(&bar, s->command.config.quiet);
		err = suite_photos_open(&photos, s, d) ||
		      suite_run(s, &photos, m->list, m->count, results,
				&s->arena, &progress, d);
		suite_photos_close(&photos);
		progress_end(&bar);
	}
	return err ? EXIT_BAD_INPUT : show(s, results, m->count, d);
}

static int test_suite(const struct command *cmd, struct diag *d)
{
	struct suite s;
	struct suite_models models;
	int code = EXIT_BAD_INPUT;

	if (!suite_read(&s, cmd->args[0], cmd, d)) {
		models = models_of(&s);
		if (models.count)
			code = run_models(&s, &models, d);
		else {
			diag_error(d, "%s: no model to test", s.path);
			diag_hint(d, "give models behind the suite, or "
				     "'models' in it");
		}
	}
	suite_free(&s);
	return code;
}

int cmd_test(const struct command *cmd, struct diag *d)
{
	if (cmd->init)
		return init_suite(cmd, d);
	if (!cmd->arg_count) {
		diag_error(d, "test takes a suite and models");
		diag_hint(d, "'dbconvert test --init' writes a suite");
		return EXIT_USAGE;
	}
	if (cmd->output) {
		diag_error(d, "test writes to --output only with --init");
		diag_hint(d, "--junit FILE.xml and --json have the results");
		return EXIT_USAGE;
	}
	return test_suite(cmd, d);
}
