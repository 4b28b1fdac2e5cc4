/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_PARALLEL_H
#define DBC_BASE_PARALLEL_H

#include "base/diag.h"

/* Told now and then how far a long step is; may be NULL. */
typedef void progress_fn(void *ctx, const char *stage, int done, int total);

struct progress {
	progress_fn *report;
	void *ctx;
	const char *stage;
};

/* Job i of [0, count), on thread `worker` of [0, threads). */
typedef int parallel_job(void *ctx, int i, int worker, struct diag *d);

/* How many threads parallel_run() uses. */
int parallel_threads(int threads, int count);

/*
 * Runs all jobs on parallel_threads(threads, count) threads, the caller's
 * own among them, which alone reports progress. Jobs come in any order, so
 * their results must not depend on it. Where jobs fail, no new ones begin;
 * -1 with the diagnostics of the failed job of the lowest index.
 */
int parallel_run(int threads, int count, parallel_job *job, void *ctx,
		 const struct progress *p, struct diag *d);

#endif
