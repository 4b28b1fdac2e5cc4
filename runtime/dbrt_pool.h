/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBRT_POOL_H
#define DBRT_POOL_H

/*
 * Threads for dbrt_bind_parallel() on POSIX systems (link with -pthread):
 *
 *	static struct dbrt_pool pool;
 *	uint32_t n = dbrt_pool_start(&pool, 4);
 *
 *	dbrt_bind_parallel(&m, arena, dbrt_arena_bytes(&m, n), n,
 *			   dbrt_pool_for, &pool);
 *	...
 *	dbrt_pool_stop(&pool);
 *
 * The threads wait for work by spinning for some microseconds, so that the
 * operators of a model follow one another at once, then sleep. Nothing is
 * allocated after the start. One caller at a time may use a pool: models that
 * run in different threads need a pool each.
 */
#include "dbrt.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DBRT_POOL_MAX 16 /* workers, with the caller */

/* Owned by the caller, private to the library. */
struct dbrt_pool {
	uint64_t storage[64];
};

/* Starts threads for up to `workers` workers, the caller counted. Returns the
 * number of workers: fewer where the system gives no more threads. */
uint32_t dbrt_pool_start(struct dbrt_pool *p, uint32_t workers);
/* Ends the threads. A pool that is stopped, or of zeros, stays as it is. */
void dbrt_pool_stop(struct dbrt_pool *p);
/* The dbrt_parallel_for; ctx is the pool. The caller is worker 0. */
void dbrt_pool_for(void *ctx, uint32_t count, dbrt_job *job, void *arg);

#ifdef __cplusplus
}
#endif
#endif
