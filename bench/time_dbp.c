/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_dbp MODEL.dbp [RUNS [WORKERS]]: milliseconds a frame of the device
 * library on this machine, the fastest and the median of RUNS (default 30)
 * after one warm-up. With WORKERS, the number of threads, also a line for each
 * operator: number, kernel, output, steps, elements of the output, rows of
 * gathered windows, bytes read and written, microseconds, separated by tabs:
 * what dbconvert bench --kernels reads. It needs the device library only: make
 * cross-bench builds it for boards.
 */
#include <stdio.h>
#include <stdlib.h>

#include "converter/measure/op_times.h"
#include "runtime/dbrt_pool.h"

/* Where m5mark.h is at hand, the timed runs are a region of the simulator. */
#ifdef HAVE_MARKS
#include <m5mark.h>
#else
#define MARK_BEGIN(id) (void)(id)
#define MARK_END(id) (void)(id)
#endif

static void *read_file(const char *path, size_t *bytes)
{
	FILE *f = fopen(path, "rb");
	void *data = NULL;
	long size;

	if (!f)
		return NULL;
	if (!fseek(f, 0, SEEK_END) && (size = ftell(f)) > 0 &&
	    !fseek(f, 0, SEEK_SET)) {
		*bytes = (size_t)size;
		data = aligned_alloc(64, (*bytes + 63) / 64 * 64);
		if (data && fread(data, 1, *bytes, f) != *bytes) {
			free(data);
			data = NULL;
		}
	}
	fclose(f);
	return data;
}

/* A coded file becomes what is in it. */
static void *expand(void *file, size_t *bytes)
{
	size_t plain = dbrt_expanded_bytes(file, *bytes);
	void *out;

	if (!plain)
		return file;
	out = aligned_alloc(64, (plain + 63) / 64 * 64);
	if (out && dbrt_expand(file, *bytes, out, plain) != DBRT_OK) {
		free(out);
		out = NULL;
	}
	free(file);
	*bytes = plain;
	return out;
}

static int measure(struct dbrt_model *m, int runs, uint32_t workers,
		   struct op_times *t)
{
	static struct dbrt_pool pool;
	size_t bytes;
	void *arena;
	uint32_t crc;
	int status;

	workers = dbrt_pool_start(&pool, workers);
	bytes = (dbrt_arena_bytes(m, workers) + 63) / 64 * 64;
	arena = aligned_alloc(64, bytes ? bytes : 64);
	status = arena ? dbrt_bind_parallel(m, arena, bytes, workers,
					    dbrt_pool_for, &pool) :
			 DBRT_ERROR_ARENA;
	if (status == DBRT_OK)
		status = dbrt_golden_crc32(m, 1, &crc);
	if (status == DBRT_OK)
		status = op_times_prepare(m, t);
	MARK_BEGIN(1);
	if (status == DBRT_OK)
		status = op_times_measure(m, runs, t);
	MARK_END(1);
	dbrt_pool_stop(&pool);
	free(arena);
	return status;
}

static void print_ops(const struct op_times *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		printf("%u\t%s\t%s\t%llu\t%llu\t%llu\t%llu\t%.3f\n", i,
		       t->ops[i].kernel, t->ops[i].shape,
		       (unsigned long long)t->ops[i].work.steps,
		       (unsigned long long)t->ops[i].outputs,
		       (unsigned long long)t->ops[i].window_rows,
		       (unsigned long long)t->ops[i].work.bytes, t->ops[i].us);
}

int main(int argc, char **argv)
{
	struct op_times t = { .count = 0 };
	struct dbrt_model m;
	size_t bytes = 0;
	void *file = argc > 1 ? read_file(argv[1], &bytes) : NULL;
	int runs = argc > 2 ? atoi(argv[2]) : 30, status;
	int workers = argc > 3 ? atoi(argv[3]) : 1;

	if (!file || runs < 1 || workers < 1) {
		fprintf(stderr, "usage: time_dbp MODEL.dbp [RUNS [WORKERS]]\n");
		return 2;
	}
	file = expand(file, &bytes);
	status = file ? dbrt_open(&m, file, bytes) : DBRT_ERROR_FORMAT;
	if (status == DBRT_OK)
		status = measure(&m, runs, (uint32_t)workers, &t);
	if (status == DBRT_OK) {
		printf("%.3f %.3f\n", t.best_us / 1e3, t.median_us / 1e3);
		if (argc > 3)
			print_ops(&t);
	} else {
		fprintf(stderr, "%s: %s\n", argv[1], dbrt_status_text(status));
	}
	op_times_free(&t);
	free(file);
	return status ? 1 : 0;
}
