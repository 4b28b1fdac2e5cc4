/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_PARALLEL_H
#define DBC_BASE_PARALLEL_H

#include "base/diag.h"

/* Called from time to time during a long step; may be NULL. */
typedef void progress_fn(void *ctx, const char *stage, int done, int total);

struct progress {
	progress_fn *report;
	void *ctx;
	const char *stage;
};

/* Job i of [0, count), on thread `worker` of [0, threads). */
typedef int parallel_job(void *ctx, int i, int worker, struct diag *d);

/* The number of threads that parallel_run() uses: 1 to count. */
int parallel_threads(int threads, int count);

/*
 * Runs all jobs on parallel_threads(threads, count) threads. One of them is
 * the caller's; only this one reports progress. Results must not depend on
 * the order of the jobs. After a failure no new job begins; -1 with the
 * diagnostics of the failed job of the lowest index.
 */
int parallel_run(int threads, int count, parallel_job *job, void *ctx,
		 const struct progress *p, struct diag *d);

#endif
