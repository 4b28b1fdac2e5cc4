/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sweep_run.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file_read.h"
#include "base/file_write.h"
#include "base/path_digest.h"
#include "base/ranks.h"
#include "cli/commands.h"
#include "converter/data/dataset.h"
#include "converter/onnx/model_load.h"
#include "runtime/dbrt.h"

#define RESULT_BYTES 128

static const char *const states[] = { [SWEEP_CONVERTED] = "converted",
				      [SWEEP_MISSED] = "missed",
				      [SWEEP_FAILED] = "failed" };

/* ---- What a job is made from ---- */

/* Contents that have a digest already: models and photos are shared by many
 * jobs. */
struct digest {
	const char *path;
	uint8_t sha256[32];
};

struct sweep {
	struct sweep_plan *plan;
	const char *folder;
	bool quiet;
	struct digest *known; /* in the plan's arena */
	int known_count, known_room;
	struct diag *diag;
};

typedef int digest_fn(const char *path, uint8_t sha256[32], struct diag *d);

static int samples_digest(const char *path, uint8_t sha256[32], struct diag *d)
{
	struct dataset s;
	int err = dataset_open(&s, path, d) || dataset_digest(&s, sha256, d);

	dataset_close(&s);
	return err ? -1 : 0;
}

/* With the files of its external data. */
static int model_digest(const char *path, uint8_t sha256[32], struct diag *d)
{
	struct config c;
	struct arena a;
	int err;

	config_init(&c);
	c.model_path = path;
	arena_init(&a, 0);
	err = !model_load(&c, &a, sha256, NULL, d);
	arena_free(&a);
	return err ? path_digest(path, sha256, d) : 0;
}

static int add_content(struct sweep *s, crypto_hash_sha256_state *h,
		       const char *path, digest_fn *digest, struct diag *d)
{
	static const uint8_t none[32];
	int i = 0;

	while (path && i < s->known_count &&
	       strcmp(s->known[i].path, path) != 0)
		i++;
	if (path && i == s->known_count) {
		s->known[i].path = path;
		if (digest(path, s->known[i].sha256, d))
			return -1;
		s->known_count++;
	}
	crypto_hash_sha256_update(h, path ? s->known[i].sha256 : none, 32);
	return 0;
}

/* Some options take a file or a text. */
static const char *if_file(const char *value)
{
	return value && access(value, R_OK) == 0 ? value : NULL;
}

/* Of the tool itself, the options, and the files that they name; as text. */
static int job_key(struct sweep *s, const struct sweep_job *job,
		   char key[2 * 32 + 1], struct diag *d)
{
	const struct config *c = &job->command.config;
	crypto_hash_sha256_state h;
	uint8_t sha256[32];
	int err;

	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(&h, (const uint8_t *)dbrt_version(),
				  strlen(dbrt_version()));
	crypto_hash_sha256_update(&h, job->options_sha256, 32);
	err = add_content(s, &h, if_file("/proc/self/exe"), path_digest, d) ||
	      add_content(s, &h, job->command.args[0], model_digest, d) ||
	      add_content(s, &h, c->calib, samples_digest, d) ||
	      add_content(s, &h, c->images, samples_digest, d) ||
	      add_content(s, &h, c->labels, path_digest, d) ||
	      add_content(s, &h, c->head, path_digest, d) ||
	      add_content(s, &h, if_file(c->target), path_digest, d) ||
	      add_content(s, &h, if_file(c->classes), path_digest, d);
	crypto_hash_sha256_final(&h, sha256);
	sodium_bin2hex(key, 2 * 32 + 1, sha256, 32);
	return err ? -1 : 0;
}

/* ---- Results ---- */

/* "STATE KEY\n", or an empty text. */
static void read_result(const struct sweep_job *job, const char *folder,
			char text[RESULT_BYTES])
{
	char *path = NULL;
	FILE *f = NULL;

	text[0] = '\0';
	if (asprintf(&path, "%s/%s/result", folder, job->name) >= 0)
		f = fopen(path, "r");
	if (f && !fgets(text, RESULT_BYTES, f))
		text[0] = '\0';
	if (f)
		fclose(f);
	free(path);
}

enum sweep_state sweep_state_of(const struct sweep_job *job, const char *folder)
{
	char text[RESULT_BYTES];

	read_result(job, folder, text);
	for (int i = 0; i < SWEEP_FAILED; i++)
		if (!strncmp(text, states[i], strlen(states[i])) &&
		    text[strlen(states[i])] == ' ')
			return (enum sweep_state)i;
	return SWEEP_FAILED;
}

/* A job that failed is tried again. */
static bool is_done(const struct sweep *s, const struct sweep_job *job,
		    const char *key)
{
	char text[RESULT_BYTES];
	const char *blank;

	read_result(job, s->folder, text);
	blank = strchr(text, ' ');
	return sweep_state_of(job, s->folder) != SWEEP_FAILED && blank &&
	       !strncmp(blank + 1, key, strlen(key));
}

/* ---- Running ---- */

static int write_result(const char *folder, enum sweep_state state,
			const char *key, struct diag *d)
{
	char path[4096], text[RESULT_BYTES];

	snprintf(path, sizeof(path), "%s/result", folder);
	snprintf(text, sizeof(text), "%s %s\n", states[state], key);
	return file_write_atomic(path, text, strlen(text), d);
}

/* What an earlier run left, so that no result stands beside files of another
 * one. */
static void clear(const struct sweep_job *job, const char *folder)
{
	static const char *const endings[] = { "result", "report.json" };
	char path[4096];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, endings[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/%s.dbp", folder, job->model);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s.h", folder, job->model);
	unlink(path);
}

static enum sweep_state convert(struct sweep_job *job, const char *folder,
				struct diag *d)
{
	char *report = NULL, *output = NULL;
	struct command *cmd = &job->command;
	enum sweep_state state = SWEEP_FAILED;
	int code;

	if (asprintf(&report, "%s/report.json", folder) < 0 ||
	    asprintf(&output, "%s/%s.dbp", folder, job->model) < 0) {
		diag_error(d, "out of memory");
		goto done;
	}
	cmd->output = output;
	cmd->config.reports[0] = report;
	cmd->config.report_count = 1;
	cmd->config.quiet = true;
	cmd->config.verbose = false;
	cmd->json = false;
	clear(job, folder);
	code = command_make_folder(folder, d) ? EXIT_BAD_INPUT :
						cmd_convert(cmd, d);
	if (code == EXIT_OK)
		state = SWEEP_CONVERTED;
	else if (code == EXIT_BUDGET)
		state = SWEEP_MISSED;
done:
	free(report);
	free(output);
	return state;
}

/* Errors of a job that failed, but for those that were printed; a limit that is
 * missed is a result. */
static void print_errors(const struct sweep_job *job, const struct diag *d)
{
	for (size_t i = d->shown; i < d->count; i++) {
		const struct diag_entry *e = &d->entries[i];

		if (e->level != DIAG_ERROR)
			continue;
		fprintf(stderr, "dbconvert: error: %s: %s\n", job->name,
			e->text);
		if (e->hint)
			fprintf(stderr, "dbconvert: hint: %s\n", e->hint);
	}
}

static void run_job(struct sweep *s, int i)
{
	struct sweep_job *job = &s->plan->jobs[i];
	enum sweep_state state = SWEEP_FAILED;
	char key[2 * 32 + 1], *folder = NULL;
	const char *said = "kept";
	struct diag d;

	diag_init(&d);
	if (asprintf(&folder, "%s/%s", s->folder, job->name) < 0) {
		folder = NULL;
		diag_error(&d, "out of memory");
	} else if (!job_key(s, job, key, &d) && is_done(s, job, key)) {
		state = sweep_state_of(job, s->folder);
	} else if (!diag_failed(&d)) {
		state = convert(job, folder, &d);
		if (state != SWEEP_FAILED &&
		    write_result(folder, state, key, &d))
			state = SWEEP_FAILED;
		said = states[state];
	}
	if (state == SWEEP_FAILED) {
		said = states[state];
		print_errors(job, &d);
	}
	if (!s->quiet)
		fprintf(stderr, "%d of %d  %-9s  %s\n", i + 1, s->plan->count,
			said, job->name);
	free(folder);
	diag_free(&d);
}

int sweep_run(struct sweep_plan *p, const char *folder, bool quiet,
	      struct diag *d)
{
	/* eight paths a job at most, but the tool itself */
	struct sweep s = { .plan = p,
			   .folder = folder,
			   .quiet = quiet,
			   .known_room = 8 * p->count + 1,
			   .diag = d };

	s.known =
		arena_array(&p->arena, (size_t)s.known_room, sizeof(*s.known));
	if (!s.known)
		return diag_error(d, "out of memory");
	if (command_make_folder(folder, d))
		return -1;
	ranks_set_alone(true);
	for (int i = ranks_take(); i < p->count; i = ranks_take())
		run_job(&s, i);
	ranks_set_alone(false);
	ranks_wait();
	return 0;
}
