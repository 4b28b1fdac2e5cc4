/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packed file of any bytes, its checksums made right: expanded where it is
 * coded, opened with limits, and run where it is taken. Starts from real ones
 * of both kinds in the corpus folder; FUZZ_SEEDS names a folder for a small
 * model of each operator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/dbrt.h"
#include "schemas/dbp_coded.h"
#include "tests/support/dbp_builder.h"
#include "tests/support/op_models.h"

#define LARGEST_ARENA (16u << 20)
#define MOST_STEPS (1u << 24)
#define MOST_TICKS 50000

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *folder = getenv("FUZZ_SEEDS");
	uint8_t *file;
	size_t bytes;

	(void)argc;
	(void)argv;
	for (uint32_t i = 0; folder && (file = op_model(i, &bytes)); i++) {
		char path[512];
		FILE *out;

		snprintf(path, sizeof(path), "%s/op-%u.dbp", folder, i);
		out = fopen(path, "wb");
		if (!out || fwrite(file, 1, bytes, out) != bytes || fclose(out))
			abort();
		free(file);
	}
	return 0;
}

static int tick(void *ctx)
{
	return ++*(int *)ctx > MOST_TICKS;
}

static void read_outputs(const struct dbrt_model *m)
{
	for (uint32_t i = 0; i < dbrt_output_count(m); i++) {
		struct dbrt_tensor t;
		size_t count = 1;
		float *out;

		if (dbrt_output(m, i, &t) != DBRT_OK)
			abort();
		for (uint32_t k = 0; k < t.rank; k++)
			count *= t.dims[k];
		out = malloc(count * sizeof(*out));
		if (out && dbrt_output_f32(m, i, out, count) != DBRT_OK)
			abort();
		free(out);
	}
}

static void read_names(const struct dbrt_model *m)
{
	size_t length = strlen(dbrt_class_name(m, 1));

	for (uint32_t i = 0; i < dbrt_op_count(m); i++)
		length += strlen(dbrt_op_name(m, i)) +
			  strlen(dbrt_op_kind(m, i)) +
			  (size_t)dbrt_op_input_bits(m, i);
	if (length > SIZE_MAX / 2)
		abort();
}

static void run(struct dbrt_model *m)
{
	static const uint8_t photo[3 * 40 * 30];
	size_t bytes = dbrt_arena_bytes(m, 1);
	struct dbrt_detection found[8];
	void *arena = NULL;
	int ticks = 0;
	uint32_t crc;

	if (posix_memalign(&arena, 64, bytes ? bytes : 64))
		return;
	memset(arena, 0x7f, bytes);
	if (dbrt_bind(m, arena, bytes) == DBRT_OK) {
		dbrt_set_tick(m, tick, &ticks);
		dbrt_golden_crc32(m, 1, &crc);
		dbrt_detections(m, found, 8);
		if (dbrt_set_image(m, 0, photo, 40, 30, 120) == DBRT_OK) {
			dbrt_run(m);
			dbrt_detections(m, found, 8);
		}
		read_outputs(m);
		read_names(m);
	}
	free(arena);
}

/* The declared work is left out, or every other change would be too much. */
static void open_and_run(void *file, size_t bytes)
{
	const struct dbrt_limits limits = {
		.arena_bytes = LARGEST_ARENA,
		.work = { .steps = MOST_STEPS, .head_steps = MOST_STEPS },
	};
	struct dbp_header *h = file;
	struct dbrt_model m;

	if (bytes >= sizeof(*h))
		h->run_steps = h->run_bytes = h->head_steps = 0;
	dbp_fix_checksums(file, bytes);
	if (dbrt_open_limited(&m, file, bytes, &limits) == DBRT_OK)
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
