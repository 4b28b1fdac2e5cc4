/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dbrt_internal.h"

/* Memory of a model may be used for another one, which fails to be expanded
 * or has not been opened. */
int dbrt_open_status(const struct dbrt_model *m)
{
	if (!m)
		return DBRT_ERROR_ARGUMENT;
	return m->file && dbrt_header(m)->magic == DBP_MAGIC &&
			       dbrt_header(m)->header_crc32 == m->header_crc32 ?
		       DBRT_OK :
		       DBRT_ERROR_STATE;
}

uint8_t *dbrt_scratch(const struct dbrt_op_view *v, uint32_t worker)
{
	const struct dbp_header *h = dbrt_header(v->m);

	if (worker == 0)
		return v->m->arena + v->op->scratch;
	return v->m->arena + h->arena_bytes +
	       (size_t)(worker - 1) * h->worker_bytes;
}

void dbrt_set_tick(struct dbrt_model *m, dbrt_tick *tick, void *ctx)
{
	if (!m)
		return;
	m->tick = tick;
	m->tick_ctx = ctx;
}

int dbrt_is_cancelled(const struct dbrt_model *m, uint32_t worker)
{
	if (!m->tick || !m->cancelled)
		return 0;
	if (__atomic_load_n(m->cancelled, __ATOMIC_RELAXED))
		return 1;
	if (worker != 0 || !m->tick(m->tick_ctx))
		return 0;
	__atomic_store_n(m->cancelled, 1, __ATOMIC_RELAXED);
	return 1;
}

/* A job that is left out once the run is cancelled. */
struct ticked_job {
	const struct dbrt_model *m;
	dbrt_job *job;
	void *arg;
};

static void run_ticked(void *arg, uint32_t i, uint32_t worker)
{
	const struct ticked_job *t = arg;

	if (!dbrt_is_cancelled(t->m, worker))
		t->job(t->arg, i, worker);
}

void dbrt_for(const struct dbrt_model *m, uint32_t count, dbrt_job *job,
	      void *arg)
{
	struct ticked_job t = { m, job, arg };

	if (m->tick && count > 1) {
		job = run_ticked;
		arg = &t;
	}
	if (m->parallel && m->workers > 1 && count > 1) {
		m->parallel(m->parallel_ctx, count, job, arg);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		job(arg, i, 0);
}

void dbrt_run_ops(struct dbrt_model *m)
{
	for (uint32_t i = 0; i < m->op_count && !dbrt_is_cancelled(m, 0); i++) {
		struct dbrt_op_view v = dbrt_op_at(m, i);

		dbrt_op_table[v.op->kind]->run(&v);
		if (m->trace)
			m->trace(m->trace_ctx, m, i);
	}
}

int dbrt_run(struct dbrt_model *m)
{
	int status = dbrt_open_status(m);
	uint8_t cancelled = 0;

	if (status != DBRT_OK)
		return status;
	if (!m->arena)
		return DBRT_ERROR_ARENA;
	m->cancelled = &cancelled;
	m->run(m);
	m->cancelled = NULL;
	return cancelled ? DBRT_ERROR_CANCELLED : DBRT_OK;
}
