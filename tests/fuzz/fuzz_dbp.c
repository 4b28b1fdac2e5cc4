/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packed file of any bytes, its checksums made right: opened, and run where
 * it is taken. Starts from a real one: put one in the corpus folder.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/dbrt.h"
#include "tests/support/dbp_builder.h"

#define LARGEST_ARENA (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void run(struct dbrt_model *m)
{
	size_t bytes = dbrt_arena_bytes(m, 1);
	struct dbrt_detection found[8];
	void *arena = NULL;
	uint32_t crc;

	if (bytes > LARGEST_ARENA || posix_memalign(&arena, 64, bytes))
		return;
	memset(arena, 0, bytes);
	if (dbrt_bind(m, arena, bytes) == DBRT_OK) {
		dbrt_golden_crc32(m, 1, &crc);
		dbrt_detections(m, found, 8);
	}
	free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct dbrt_model m;
	void *file = NULL;

	if (posix_memalign(&file, 64, bytes ? bytes : 1))
		return 0;
	memcpy(file, data, bytes);
	dbp_fix_checksums(file, bytes);
	if (dbrt_open(&m, file, bytes) == DBRT_OK)
		run(&m);
	free(file);
	return 0;
}
