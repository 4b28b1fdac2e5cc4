/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_dbp MODEL.dbp [RUNS]: milliseconds a frame of the device library on
 * this machine, one thread, the fastest and the median of RUNS (default 30)
 * after one warm-up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/dbrt.h"

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

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

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct dbrt_model m;
	size_t bytes = 0, arena_bytes;
	void *file = argc > 1 ? read_file(argv[1], &bytes) : NULL, *arena;
	int runs = argc > 2 ? atoi(argv[2]) : 30, status;
	uint32_t crc;
	double *ms;

	if (!file || runs < 1) {
		fprintf(stderr, "usage: time_dbp MODEL.dbp [RUNS]\n");
		return 2;
	}
	file = expand(file, &bytes);
	status = file ? dbrt_open(&m, file, bytes) : DBRT_ERROR_FORMAT;
	if (status) {
		fprintf(stderr, "%s: %s\n", argv[1], dbrt_status_text(status));
		return 1;
	}
	arena_bytes = (dbrt_arena_bytes(&m, 1) + 63) / 64 * 64;
	arena = aligned_alloc(64, arena_bytes ? arena_bytes : 64);
	ms = calloc((size_t)runs, sizeof(*ms));
	if (!arena || !ms || dbrt_bind(&m, arena, arena_bytes) ||
	    dbrt_golden_crc32(&m, 1, &crc))
		return 1;
	for (int i = 0; i < runs; i++) {
		double start = now_ms();

		dbrt_run(&m);
		ms[i] = now_ms() - start;
	}
	qsort(ms, (size_t)runs, sizeof(*ms), ascending);
	printf("%.3f %.3f\n", ms[0], ms[runs / 2]);
	free(ms);
	free(arena);
	free(file);
	return 0;
}
