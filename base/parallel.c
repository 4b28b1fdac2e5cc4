/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parallel.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Shared by the threads. */
struct parallel_state {
	int count;
	parallel_job *job;
	void *ctx;
	const struct progress *progress;
	atomic_int next, done;
	atomic_bool failed;
};

struct parallel_thread {
	pthread_t id;
	bool started;
	int worker;
	struct parallel_state *run;
	struct diag d;
	int failed_job; /* INT_MAX: none */
};

static void report_progress(const struct parallel_state *r)
{
	if (r->progress && r->progress->report)
		r->progress->report(r->progress->ctx, r->progress->stage,
				    atomic_load(&r->done), r->count);
}

static void *run_jobs(void *arg)
{
	struct parallel_thread *t = arg;
	struct parallel_state *r = t->run;

	while (!atomic_load(&r->failed)) {
		int i = atomic_fetch_add(&r->next, 1);

		if (i >= r->count)
			break;
		if (r->job(r->ctx, i, t->worker, &t->d)) {
			t->failed_job = i;
			atomic_store(&r->failed, true);
		}
		atomic_fetch_add(&r->done, 1);
		if (t->worker == 0)
			report_progress(r);
	}
	return NULL;
}

int parallel_threads(int threads, int count)
{
	if (threads > count)
		threads = count;
	return threads < 1 ? 1 : threads;
}

static void copy_diagnostics(struct diag *to, const struct diag *from)
{
	char *file = to->file; /* the messages have their file already */

	to->file = NULL;
	for (size_t i = 0; i < from->count; i++) {
		const struct diag_entry *e = &from->entries[i];

		if (e->level == DIAG_ERROR)
			diag_error(to, "%s", e->text);
		else if (e->level == DIAG_WARNING)
			diag_warn(to, "%s", e->text);
		else
			diag_note(to, "%s", e->text);
		if (e->hint)
			diag_hint(to, "%s", e->hint);
	}
	to->file = file;
}

/* Reports the failed job of the lowest index. Which jobs ran may depend on
 * timing, but a single bad item always gives the same message. */
static int collect_errors(struct parallel_thread *t, int threads,
			  struct diag *d)
{
	struct parallel_thread *first = NULL;

	for (int i = 0; i < threads; i++)
		if (t[i].failed_job != INT_MAX &&
		    (!first || t[i].failed_job < first->failed_job))
			first = &t[i];
	if (first)
		copy_diagnostics(d, &first->d);
	for (int i = 0; i < threads; i++)
		diag_free(&t[i].d);
	return first ? -1 : 0;
}

int parallel_run(int threads, int count, parallel_job *job, void *ctx,
		 const struct progress *p, struct diag *d)
{
	struct parallel_state r = {
		.count = count, .job = job, .ctx = ctx, .progress = p
	};
	struct parallel_thread *t;
	int err;

	threads = parallel_threads(threads, count);
	t = calloc((size_t)threads, sizeof(*t));
	if (!t)
		return diag_error(d, "out of memory");
	for (int i = 0; i < threads; i++) {
		t[i].worker = i;
		t[i].run = &r;
		t[i].failed_job = INT_MAX;
		diag_init(&t[i].d);
		diag_set_file(&t[i].d, d->file);
	}
	/* if a thread cannot start, the others do its jobs */
	for (int i = 1; i < threads; i++)
		t[i].started = !pthread_create(&t[i].id, NULL, run_jobs, &t[i]);
	run_jobs(&t[0]);
	for (int i = 1; i < threads; i++)
		if (t[i].started)
			pthread_join(t[i].id, NULL);
	report_progress(&r);
	err = collect_errors(t, threads, d);
	free(t);
	return err;
}
