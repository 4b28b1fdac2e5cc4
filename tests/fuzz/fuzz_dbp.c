/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packed file of any bytes, its checksums made right: expanded where it is
 * coded, opened, and run where it is taken. Starts from real ones of both
 * kinds: put them in the corpus folder.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/dbrt.h"
#include "schemas/dbp_coded.h"
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

static void open_and_run(void *file, size_t bytes)
{
	struct dbrt_model m;

	dbp_fix_checksums(file, bytes);
	if (dbrt_open(&m, file, bytes) == DBRT_OK)
		run(&m);
}

/* In memory of just the size that the file says. */
static void expand(uint8_t *file, size_t bytes)
{
	struct dbp_coded *h = (void *)file;
	void *out = NULL;
	size_t size;

	if (h->coded_bytes < sizeof(*h) || h->coded_bytes > bytes)
		return;
	h->crc32 = (uint32_t)crc32(0, file + sizeof(*h),
				   (uInt)(h->coded_bytes - sizeof(*h)));
	size = dbrt_expanded_bytes(file, bytes);
	if (!size || size > LARGEST_ARENA || posix_memalign(&out, 64, size))
		return;
	if (dbrt_expand(file, bytes, out, size) == DBRT_OK)
		open_and_run(out, size);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	void *file = NULL;

	if (posix_memalign(&file, 64, bytes ? bytes : 1))
		return 0;
	memcpy(file, data, bytes);
	if (bytes >= sizeof(struct dbp_coded) &&
	    ((struct dbp_coded *)file)->magic == DBP_CODED_MAGIC)
		expand(file, bytes);
	else
		open_and_run(file, bytes);
	free(file);
	return 0;
}
