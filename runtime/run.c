/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/dbrt_internal.h"

uint8_t *dbrt_scratch(const struct dbrt_op_view *v, uint32_t worker)
{
	const struct dbp_header *h = dbrt_header(v->m);

	if (worker == 0)
		return v->m->arena + v->op->scratch;
	return v->m->arena + h->arena_bytes +
	       (size_t)(worker - 1) * h->worker_bytes;
}

void dbrt_for(const struct dbrt_model *m, uint32_t count, dbrt_job *job,
	      void *arg)
{
	if (m->parallel && m->workers > 1 && count > 1) {
		m->parallel(m->parallel_ctx, count, job, arg);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		job(arg, i, 0);
}

int dbrt_run(struct dbrt_model *m)
{
	int status = dbrt_open_status(m);

	if (status != DBRT_OK)
		return status;
	if (!m->arena)
		return DBRT_ERROR_ARENA;
	for (uint32_t i = 0; i < m->op_count; i++) {
		struct dbrt_op_view v = dbrt_op_at(m, i);

		dbrt_op_table[v.op->kind].run(&v);
		if (m->trace)
			m->trace(m->trace_ctx, m, i);
	}
	return DBRT_OK;
}
