/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A packed file of any bytes, its checksums made right: expanded where it is
 * coded, opened with limits, and run where it is taken. Starts from real ones
 * of both kinds in the corpus folder; FUZZ_SEEDS names a folder for a small
 * model of each operator and for packed random networks.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/dbrt.h"
#include "schemas/dbp_coded.h"
#include "tests/support/dbp_builder.h"
#include "tests/support/fuzz_networks.h"
#include "tests/support/fuzz_seed.h"
#include "tests/support/head_models.h"
#include "tests/support/op_models.h"

#define LARGEST_ARENA (16u << 20)
#define MOST_STEPS (1u << 24)
#define MOST_TICKS 50000

#define SEEDS 80

static void seed_models(uint8_t *model(uint32_t i, size_t *bytes),
			const char *kind)
{
	uint8_t *file;
	size_t bytes;

	for (uint32_t i = 0; (file = model(i, &bytes)) != NULL; i++) {
		struct dbrt_model m;
		char name[32];

		if (dbrt_open(&m, file, bytes) != DBRT_OK)
			abort();
		snprintf(name, sizeof(name), "%s-%u.dbp", kind, i);
		fuzz_seed(name, file, bytes);
		free(file);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (fuzz_seeds()) {
		seed_models(op_model, "op");
		seed_models(head_model, "head");
		fuzz_seed_packed_networks(SEEDS);
	}
	return 0;
}

static int tick(void *ctx)
{
	return ++*(int *)ctx > MOST_TICKS;
}

static size_t elements(const struct dbrt_tensor *t)
{
	size_t count = 1;

	for (uint32_t k = 0; k < t->rank; k++)
		count *= t->dims[k];
	return count;
}

static void must(int holds)
{
	if (!holds)
		abort();
}

/* Floats, and then raw bytes, which any type of input takes. */
static void set_inputs(struct dbrt_model *m)
{
	for (uint32_t i = 0; i < dbrt_input_count(m); i++) {
		struct dbrt_tensor t;
		float *x;

		must(dbrt_input(m, i, &t) == DBRT_OK);
		x = calloc(elements(&t) + 1, sizeof(*x));
		if (!x)
			return;
		for (size_t k = 0; k < elements(&t); k++)
			x[k] = (float)(int)(k * 37 % 255) / 64 - 2;
		x[0] = NAN;
		dbrt_set_input_f32(m, i, x, elements(&t));
		must(dbrt_set_input_f32(m, i, x, elements(&t) + 1) < 0);
		dbrt_set_input(m, i, x, elements(&t));
		free(x);
	}
}

static void read_outputs(const struct dbrt_model *m)
{
	for (uint32_t i = 0; i < dbrt_output_count(m); i++) {
		struct dbrt_tensor t;
		float *out;

		must(dbrt_output(m, i, &t) == DBRT_OK);
		out = malloc(elements(&t) * sizeof(*out));
		must(!out ||
		     dbrt_output_f32(m, i, out, elements(&t)) == DBRT_OK);
		free(out);
	}
}

static void read_names(const struct dbrt_model *m)
{
	size_t length = strlen(dbrt_class_name(m, 1));
	struct dbrt_conv_form form = { 0 };
	struct dbrt_work work;

	must(dbrt_work(m, &work) == DBRT_OK);
	for (uint32_t i = 0; i < dbrt_op_count(m); i++) {
		uint32_t ids[4];
		struct dbrt_tensor t;

		length += strlen(dbrt_op_name(m, i)) +
			  strlen(dbrt_op_kind(m, i)) +
			  (size_t)dbrt_op_conv(m, i, &form) + form.columns +
			  (dbrt_op_source(m, i) & 1);
		for (int k = dbrt_op_outputs(m, i, ids, 4); k-- > 0;)
			if (k < 4)
				dbrt_tensor_at(m, ids[k], &t);
	}
	must(length < SIZE_MAX / 2);
}

static void trace(void *ctx, const struct dbrt_model *m, uint32_t op)
{
	(void)m;
	*(uint32_t *)ctx += op;
}

static void one_after_another(void *ctx, uint32_t count, dbrt_job *job,
			      void *arg)
{
	(void)ctx;
	for (uint32_t i = 0; i < count; i++)
		job(arg, i, i % 2);
}

static void detect(const struct dbrt_model *m)
{
	struct dbrt_detection found[8];
	float xy[2 * 3];
	int n = dbrt_detections(m, found, 8);

	for (int i = 0; i < n; i++)
		must(dbrt_detection_points(m, &found[i], xy, 3) >= 0);
	dbrt_detections_at(m, 0, 1, found, 8);
	dbrt_detections_at(m, 0.3f, 0, found, 1);
}

static void take_photos(struct dbrt_model *m)
{
	static const struct {
		uint32_t width, height;
	} sides[] = { { 40, 30 }, { 7, 30 }, { 1, 1 }, { 9, 8 } };
	static uint8_t photo[3 * 40 * 30], fitted[3 * 16 * 12];

	for (size_t i = 0; i < sizeof(photo); i++)
		photo[i] = (uint8_t)(i * i / 5);
	for (int i = 0; i < 4; i++) {
		must(dbrt_fit_image(photo, sides[i].width, sides[i].height,
				    3 * sides[i].width, fitted, 16, 12, i % 3,
				    9) == DBRT_OK);
		if (dbrt_set_image(m, 0, photo, sides[i].width, sides[i].height,
				   3 * sides[i].width) != DBRT_OK)
			return;
		dbrt_run(m);
		detect(m);
	}
	must(dbrt_set_image(m, 0, photo, 40, 30, 119) < 0);
	must(dbrt_fit_image(photo, 40, 30, 120, fitted, 16, 0, 0, 9) < 0);
	must(dbrt_fit_image(photo, 40, 30, 120, fitted, 16, 12, 0, -1) < 0);
}

/* Calls that every state of a model refuses, or answers with nothing. */
static void ask_too_much(struct dbrt_model *m)
{
	struct dbrt_detection found;
	struct dbrt_tensor t;
	uint32_t far = 1000000, id;
	float x = 0;

	must(dbrt_input(m, far, &t) < 0 && dbrt_output(m, far, &t) < 0);
	found.candidate = UINT32_MAX;
	must(dbrt_detection_points(m, &found, &x, 0) <= 0);
	must(dbrt_set_input(m, far, &x, 4) < 0);
	must(dbrt_set_input_f32(m, far, &x, 1) < 0);
	must(dbrt_set_image(m, far, (const uint8_t *)"abc", 1, 1, 3) < 0);
	must(dbrt_output_f32(m, far, &x, 1) < 0);
	must(dbrt_op_outputs(m, far, &id, 1) < 0);
	must(dbrt_tensor_at(m, far, &t) < 0);
	must(!*dbrt_op_name(m, far) && !*dbrt_class_name(m, far));
	dbrt_op_kind(m, far);
	must(dbrt_op_conv(m, far, NULL) == 1);
	dbrt_op_source(m, far);
	must(dbrt_bind(m, NULL, 0) < 0);
	dbrt_detections(m, &found, 0);
}

/* Not bound to memory, or not open. */
static void not_ready(struct dbrt_model *m)
{
	struct dbrt_detection found;
	struct dbrt_model none = { 0 };
	struct dbrt_work work;
	uint32_t crc;

	ask_too_much(m);
	must(dbrt_run(m) < 0 && dbrt_detections(m, &found, 1) < 0);
	must(dbrt_golden_crc32(m, 1, &crc) < 0);
	ask_too_much(&none);
	must(dbrt_run(&none) < 0 && dbrt_work(&none, &work) < 0);
	for (int status = 1; status > -20; status--)
		must(*dbrt_status_text(status));
}

/* With one worker, then with two in turns. */
static void run(struct dbrt_model *m)
{
	size_t bytes = dbrt_arena_bytes(m, 2);
	uint32_t crc, sum = 0;
	void *arena = NULL;
	int ticks = 0;

	if (bytes > LARGEST_ARENA ||
	    posix_memalign(&arena, 64, bytes ? bytes : 64))
		return;
	memset(arena, 0x7f, bytes);
	not_ready(m);
	if (dbrt_bind(m, arena, bytes) == DBRT_OK) {
		dbrt_set_tick(m, tick, &ticks);
		dbrt_golden_crc32(m, 1, &crc);
		dbrt_selftest(m);
		detect(m);
		take_photos(m);
		read_outputs(m);
		read_names(m);
		ask_too_much(m);
	}
	if (dbrt_bind_parallel(m, arena, bytes, 2, one_after_another, NULL) ==
	    DBRT_OK) {
		dbrt_set_tick(m, tick, &ticks);
		dbrt_set_trace(m, trace, &sum);
		set_inputs(m);
		dbrt_run(m);
		read_outputs(m);
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
	must(dbrt_load(&m, file, bytes, NULL, 0) < 0);
}

static void trace_expand(void *ctx, uint32_t at, uint32_t coded_at)
{
	*(uint32_t *)ctx += at + coded_at;
}

/* The same by dbrt_load(), in a little more than the memory it needs. */
static void load(const void *file, size_t bytes, void *out, size_t size)
{
	size_t ram_bytes = size + 65536;
	uint32_t sum = 0;
	void *ram = NULL;
	struct dbrt_model m;

	dbrt_expand_traced(file, bytes, out, size, trace_expand, &sum);
	if (posix_memalign(&ram, 64, ram_bytes))
		return;
	if (dbrt_load(&m, file, bytes, ram, ram_bytes) == DBRT_OK)
		read_names(&m);
	must(dbrt_load(&m, file, bytes, ram, size - 1) < 0);
	must(dbrt_load(&m, file, bytes, NULL, 0) < 0);
	must(dbrt_expand(file, bytes, out, size - 1) < 0);
	must(dbrt_expand(file, bytes, NULL, size) < 0);
	must(!dbrt_expanded_bytes(NULL, 0) && !dbrt_expanded_bytes(file, 3));
	free(ram);
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
	load(file, bytes, out, size);
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
