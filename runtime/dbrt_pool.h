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
#include <pthread.h>

#include "dbrt.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DBRT_POOL_MAX 16 /* workers, with the caller */

/* Owned by the caller; the fields are private to the library. */
struct dbrt_pool {
	pthread_t threads[DBRT_POOL_MAX];
	uint32_t workers;
	uint32_t started; /* the number that the next thread takes */
	/* the present work */
	dbrt_job *job;
	void *arg;
	uint32_t count;
	uint32_t next;    /* job that nobody has taken */
	uint32_t running; /* threads that have not finished it */
	uint32_t turn;    /* counts up with each dbrt_pool_for() */
	uint32_t sleeping;
	uint32_t stopping;
	pthread_mutex_t lock; /* for the sleep only */
	pthread_cond_t wake;
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
