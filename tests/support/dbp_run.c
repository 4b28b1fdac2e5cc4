/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/dbp_run.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/random.h"

#define FILL 0xa5

/* In the reverse order, by worker in turn: no kernel may rely on either. */
static void run_jobs(void *ctx, uint32_t count, dbrt_job *job, void *arg)
{
	uint32_t workers = *(const uint32_t *)ctx;

	while (count-- > 0)
		job(arg, count, count % workers);
}

int dbp_run_open(struct dbp_run *r, struct dbp_builder *b, uint32_t workers)
{
	static const uint32_t counts[] = { 0, 1, 2, 3, 4 };
	size_t bytes;
	int status;

	memset(r, 0, sizeof(*r));
	r->file = dbp_builder_finish(b, &r->bytes);
	dbp_builder_free(b);
	status = dbrt_open(&r->model, r->file, r->bytes);
	if (status != DBRT_OK)
		return status;
	bytes = dbrt_arena_bytes(&r->model, workers);
	r->arena = aligned_alloc(DBP_ALIGN, bytes);
	if (!r->arena)
		return DBRT_ERROR_ARENA;
	memset(r->arena, FILL, bytes);
	return dbrt_bind_parallel(&r->model, r->arena, bytes, workers, run_jobs,
				  (void *)(uintptr_t)&counts[workers]);
}

void dbp_run_close(struct dbp_run *r)
{
	free(r->file);
	free(r->arena);
	memset(r, 0, sizeof(*r));
}

uint32_t dbp_run_tensor(struct dbp_builder *b, int dtype, uint32_t rank,
			const uint32_t *dims, float scale, int32_t zero_point,
			uint32_t gap)
{
	uint32_t wide[DBP_MAX_RANK], id;

	memcpy(wide, dims, rank * sizeof(*dims));
	wide[rank - 1] += gap;
	id = dbp_add_tensor(b, dtype, rank, wide, scale, zero_point);
	return gap ? dbp_add_view(b, id, 1, dims[rank - 1]) : id;
}

int dbp_run_gaps_kept(const struct dbp_run *r, uint32_t output)
{
	struct dbrt_tensor t;
	size_t rows = 1, size, gap, i;
	const uint8_t *at;

	if (dbrt_output(&r->model, output, &t) != DBRT_OK)
		return 0;
	size = t.dtype == DBRT_S8 ? 1 : 4;
	for (i = 0; i + 1 < t.rank; i++)
		rows *= t.dims[i];
	gap = (t.pitch - t.dims[t.rank - 1]) * size;
	at = t.data;
	for (; rows > 1; rows--) {
		at += t.dims[t.rank - 1] * size;
		for (i = 0; i < gap; i++)
			if (*at++ != FILL)
				return 0;
	}
	return 1;
}

uint32_t dbp_run_random(uint32_t *seed)
{
	uint32_t x;

	x = random_next(seed);
	x ^= x >> 16;
	x *= 0x7feb352du;
	return x ^ x >> 15;
}

float dbp_run_random_float(uint32_t *seed)
{
	return (float)(int32_t)dbp_run_random(seed) / 2147483648.0f;
}
