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
#include "converter/onnx/onnx_read.h"
#include "runtime/dbrt.h"

#define RESULT_BYTES 128

static const char *const states[] = { [SWEEP_CONVERTED] = "converted",
				      [SWEEP_MISSED] = "missed",
				      [SWEEP_FAILED] = "failed" };

const char *sweep_state_name(enum sweep_state s)
{
	return states[s];
}

/* ---- What a job is made from ---- */

typedef int digest_fn(const char *path, uint8_t sha256[32], struct diag *d);

/* Contents that have a digest already: models and photos are shared by many
 * jobs. */
struct digest {
	const char *path;
	digest_fn *digest;
	uint8_t sha256[32];
};

struct sweep {
	struct sweep_plan *plan;
	const char *folder;
	bool quiet;
	struct digest *known; /* in the plan's arena */
	int known_count;
};

static int samples_digest(const char *path, uint8_t sha256[32], struct diag *d)
{
	struct dataset s;
	int err = dataset_open(&s, path, d) || dataset_digest(&s, sha256, d);

	dataset_close(&s);
	return err ? -1 : 0;
}

/* With the files of its external data. A model that is not read, for want of
 * the job's options or for good, has the digest of its file. */
static int model_digest(const char *path, uint8_t sha256[32], struct diag *d)
{
	struct diag unused;
	struct arena a;
	bool read;

	diag_init(&unused);
	arena_init(&a, 0);
	read = onnx_read(path, &a, sha256, &unused);
	arena_free(&a);
	diag_free(&unused);
	return read ? 0 : path_digest(path, sha256, d);
}

static int add_content(struct sweep *s, crypto_hash_sha256_state *h,
		       const char *path, digest_fn *digest, struct diag *d)
{
	static const uint8_t none[32];
	int i = 0;

	while (path && i < s->known_count &&
	       (s->known[i].digest != digest ||
		strcmp(s->known[i].path, path) != 0))
		i++;
	if (path && i == s->known_count) {
		s->known[i].path = path;
		s->known[i].digest = digest;
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

/* A job that runs, and what its folder and files are called. */
struct running {
	struct sweep_job *job;
	struct arena arena;
	const char *folder, *result, *report, *dbp, *header;
	struct diag d;
};

static int name_files(struct running *r, const char *folder)
{
	struct arena *a = &r->arena;

	r->folder = arena_printf(a, "%s/%s", folder, r->job->name);
	if (!r->folder)
		return diag_error(&r->d, "out of memory");
	r->result = arena_printf(a, "%s/result", r->folder);
	r->report = arena_printf(a, "%s/report.json", r->folder);
	r->dbp = arena_printf(a, "%s/%s.dbp", r->folder, r->job->model);
	r->header = arena_printf(a, "%s/%s.h", r->folder, r->job->model);
	return r->result && r->report && r->dbp && r->header ?
		       0 :
		       diag_error(&r->d, "out of memory");
}

/* The result comes last, so that it never stands beside files of another
 * run. */
static enum sweep_state convert(struct running *r, const char *key)
{
	struct command *cmd = &r->job->command;
	enum sweep_state state = SWEEP_FAILED;
	char text[RESULT_BYTES];
	int code;

	unlink(r->result);
	unlink(r->report);
	unlink(r->dbp);
	unlink(r->header);
	cmd->output = r->dbp;
	cmd->config.reports[0] = r->report;
	cmd->config.report_count = 1;
	cmd->config.quiet = true;
	cmd->config.verbose = false;
	cmd->json = false;
	code = command_make_folder(r->folder, &r->d) ? EXIT_BAD_INPUT :
						       cmd_convert(cmd, &r->d);
	if (code == EXIT_OK)
		state = SWEEP_CONVERTED;
	else if (code == EXIT_BUDGET)
		state = SWEEP_MISSED;
	else
		return SWEEP_FAILED;
	snprintf(text, sizeof(text), "%s %s\n", states[state], key);
	return file_write_atomic(r->result, text, strlen(text), &r->d) ?
		       SWEEP_FAILED :
		       state;
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
	struct running r = { .job = &s->plan->jobs[i] };
	enum sweep_state state = SWEEP_FAILED;
	char key[2 * 32 + 1];
	const char *said;

	diag_init(&r.d);
	arena_init(&r.arena, 0);
	if (name_files(&r, s->folder) || job_key(s, r.job, key, &r.d)) {
		said = states[state];
	} else if (is_done(s, r.job, key)) {
		state = sweep_state_of(r.job, s->folder);
		said = "kept";
	} else {
		state = convert(&r, key);
		said = states[state];
	}
	if (state == SWEEP_FAILED)
		print_errors(r.job, &r.d);
	if (!s->quiet)
		fprintf(stderr, "%d of %d  %-9s  %s\n", i + 1, s->plan->count,
			said, r.job->name);
	arena_free(&r.arena);
	diag_free(&r.d);
}

int sweep_run(struct sweep_plan *p, const char *folder, bool quiet,
	      struct diag *d)
{
	struct sweep s = { .plan = p, .folder = folder, .quiet = quiet };

	/* a job names seven paths at most; and the tool itself */
	s.known = arena_array(&p->arena, 7 * (size_t)p->count + 1,
			      sizeof(*s.known));
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
