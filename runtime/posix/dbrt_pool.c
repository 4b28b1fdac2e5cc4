/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each dbrt_pool_for() is a turn in which every thread takes part: it takes
 * jobs until none is left, then counts itself out. The caller returns when all
 * have done so, so no thread can see the work of another turn.
 */
#include "runtime/dbrt_pool.h"

#include <pthread.h>
#include <string.h>

/* About 50 microseconds at 1.2 GHz: longer than most operators of one core. */
#define SPINS 8000

struct pool {
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

_Static_assert(sizeof(struct pool) <= sizeof(struct dbrt_pool),
	       "a pool fits its storage");

static uint32_t load(const uint32_t *at)
{
	return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

/* Tells the core that this is a spin loop. */
static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
	__asm__ volatile("yield");
#endif
}

static void work(struct pool *p, uint32_t worker)
{
	for (;;) {
		uint32_t i = __atomic_fetch_add(&p->next, 1, __ATOMIC_RELAXED);

		if (i >= p->count)
			return;
		p->job(p->arg, i, worker);
	}
}

/* Waits for a turn after `seen`. */
static uint32_t next_turn(struct pool *p, uint32_t seen)
{
	for (int i = 0; i < SPINS; i++) {
		if (load(&p->turn) != seen)
			return load(&p->turn);
		relax();
	}
	pthread_mutex_lock(&p->lock);
	p->sleeping++;
	while (load(&p->turn) == seen)
		pthread_cond_wait(&p->wake, &p->lock);
	p->sleeping--;
	pthread_mutex_unlock(&p->lock);
	return load(&p->turn);
}

static void begin_turn(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	__atomic_store_n(&p->turn, p->turn + 1, __ATOMIC_RELEASE);
	if (p->sleeping)
		pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

static void *thread_main(void *arg)
{
	struct pool *p = arg;
	uint32_t worker = __atomic_add_fetch(&p->started, 1, __ATOMIC_RELAXED);
	uint32_t turn = 0;

	for (;;) {
		turn = next_turn(p, turn);
		if (load(&p->stopping))
			return NULL;
		work(p, worker);
		__atomic_fetch_sub(&p->running, 1, __ATOMIC_RELEASE);
	}
}

uint32_t dbrt_pool_start(struct dbrt_pool *pool, uint32_t workers)
{
	struct pool *p = (struct pool *)pool->storage;

	memset(p, 0, sizeof(*p));
	if (workers > DBRT_POOL_MAX)
		workers = DBRT_POOL_MAX;
	p->workers = 1;
	if (workers < 2 || pthread_mutex_init(&p->lock, NULL))
		return p->workers;
	if (pthread_cond_init(&p->wake, NULL)) {
		pthread_mutex_destroy(&p->lock);
		return p->workers;
	}
	while (p->workers < workers &&
	       !pthread_create(&p->threads[p->workers], NULL, thread_main, p))
		p->workers++;
	if (p->workers == 1) {
		pthread_cond_destroy(&p->wake);
		pthread_mutex_destroy(&p->lock);
	}
	return p->workers;
}

void dbrt_pool_stop(struct dbrt_pool *pool)
{
	struct pool *p = (struct pool *)pool->storage;

	if (p->workers < 2)
		return;
	__atomic_store_n(&p->stopping, 1, __ATOMIC_RELEASE);
	begin_turn(p);
	for (uint32_t i = 1; i < p->workers; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	p->workers = 1;
}

void dbrt_pool_for(void *ctx, uint32_t count, dbrt_job *job, void *arg)
{
	struct pool *p = ctx;

	p->job = job;
	p->arg = arg;
	p->count = count;
	__atomic_store_n(&p->next, 0, __ATOMIC_RELAXED);
	if (p->workers > 1) {
		__atomic_store_n(&p->running, p->workers - 1, __ATOMIC_RELAXED);
		begin_turn(p);
	}
	work(p, 0);
	while (p->workers > 1 && load(&p->running))
		relax();
}
