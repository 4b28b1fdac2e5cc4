/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged models and packed files: cut short, with bytes changed at random.
 * Each is taken, or refused with one diagnostic; a packed file that is taken
 * runs within its work buffer. Built with sanitizers this also finds leaks and
 * accesses out of bounds.
 */
#include <dirent.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "converter/convert.h"
#include "converter/heads/head_find.h"
#include "converter/onnx/model_load.h"
#include "passes/pipeline.h"
#include "converter/target.h"
#include "converter/pack/packed_file.h"
#include "tests/support/dbp_run.h"
#include "tests/support/temp_folder.h"

#define MODELS "../shared/data/models"
#define PLACES 64       /* where files are cut */
#define QUICK_PLACES 4  /* of real models, unless LONG_FLIPS are asked for */
#define QUICK_FLIPS 100 /* unless HOSTILE_FLIPS asks for another number */
#define LONG_FLIPS 1000
#define CANARY 256
#define LARGEST_ARENA (64u << 20)

static struct temp_folder folder;
static char *blobs; /* the blobs' model, as bytes */
static size_t blobs_bytes;
static uint32_t seed_now;
static int flips = QUICK_FLIPS;

/* ---- Models ---- */

static void read_whole(const char *path, char **data, size_t *bytes)
{
	FILE *in = fopen(path, "rb");
	long size;

	assert_non_null(in);
	fseek(in, 0, SEEK_END);
	size = ftell(in);
	assert_true(size > 0);
	rewind(in);
	*data = malloc((size_t)size);
	*bytes = (size_t)size;
	assert_true(*data && fread(*data, 1, *bytes, in) == *bytes);
	fclose(in);
}

/* The program blob_model, in the folder BUILD of BUILD/tests/.../this, makes
 * the model. */
static int setup(void **state)
{
	char self[PATH_MAX], command[PATH_MAX + 200], path[TEMP_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *tests;

	(void)state;
	if (n <= 0)
		return -1;
	self[n] = 0;
	tests = strstr(self, "/tests/");
	if (!tests)
		return -1;
	*tests = 0;
	if (getenv("HOSTILE_FLIPS"))
		flips = atoi(getenv("HOSTILE_FLIPS"));
	temp_folder_make(&folder);
	snprintf(command, sizeof(command), "'%s/blob_model' '%s' >/dev/null",
		 self, folder.path);
	if (system(command))
		return -1;
	read_whole(temp_path(&folder, "blobs.onnx", path), &blobs,
		   &blobs_bytes);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(blobs);
	temp_folder_remove(&folder);
	return 0;
}

static struct arena targets;

/* A whole conversion without photos, or reading, head and passes only. */
static int convert(const char *path, bool whole, struct conversion *v,
		   struct diag *d)
{
	struct cost_target target;
	struct config c;
	struct head head;
	uint8_t sha256[32];
	struct graph *g;

	config_init(&c);
	c.model_path = path;
	c.jobs = 1;
	if (whole)
		return target_load(c.target, &targets, &target, d) ||
		       convert_model(&c, &target, v, NULL, NULL, d);
	arena_init(&v->arena, 0);
	g = model_load(&c, &v->arena, sha256, NULL, d);
	return g && !head_find(g, &c, &v->arena, &head, d) &&
			       !pipeline_finish(g, &c, NULL, d) ?
		       0 :
		       -1;
}

/* One, or one for each operator that is not known. */
static bool is_one_diagnostic(const struct diag *d)
{
	for (size_t i = 0; d->errors > 1 && i < d->count; i++)
		if (d->entries[i].level == DIAG_ERROR &&
		    !strstr(d->entries[i].text, "operator is not supported"))
			return false;
	return d->errors > 0;
}

/* Taken, or one diagnostic. */
static void try_model(const void *data, size_t bytes, bool whole,
		      const char *what, size_t place)
{
	struct conversion v = { 0 };
	char path[TEMP_PATH_MAX];
	int before, err;
	struct diag d;

	temp_write(&folder, "model.onnx", data, bytes);
	before = temp_count(&folder);
	diag_init(&d);
	err = convert(temp_path(&folder, "model.onnx", path), whole, &v, &d);
	if (err ? !is_one_diagnostic(&d) : d.errors > 0)
		fail_msg("%s at %zu: %zu errors, the first: %s", what, place,
			 d.errors, d.count ? d.entries[0].text : "");
	assert_int_equal(temp_count(&folder), before);
	conversion_free(&v);
	diag_free(&d);
}

/* Cut at `places` places, evenly spread, and before its last byte. */
static void truncate_model(const char *data, size_t bytes, size_t places,
			   const char *what)
{
	for (size_t i = 0; i < places; i++)
		try_model(data, bytes * i / places, false, what,
			  bytes * i / places);
	try_model(data, bytes - 1, false, what, bytes - 1);
}

/* One byte changed, at times a few. */
static void flip(char *data, size_t bytes)
{
	int count = dbp_run_random(&seed_now) % 4 ? 1 : 4;

	while (count--)
		data[dbp_run_random(&seed_now) % bytes] ^=
			(char)(1 + dbp_run_random(&seed_now) % 255);
}

static void flip_model(const char *data, size_t bytes, const char *what)
{
	char *copy = malloc(bytes);

	assert_non_null(copy);
	for (int i = 0; i < flips; i++) {
		memcpy(copy, data, bytes);
		flip(copy, bytes);
		try_model(copy, bytes, i % 10 == 0, what, (size_t)i);
	}
	free(copy);
}

static void test_model_cut(void **state)
{
	(void)state;
	truncate_model(blobs, blobs_bytes, PLACES, "blobs");
}

static void test_model_flipped(void **state)
{
	(void)state;
	seed_now = 1;
	flip_model(blobs, blobs_bytes, "blobs");
}

static void test_real_models_cut(void **state)
{
	size_t places = flips < LONG_FLIPS ? QUICK_PLACES : PLACES;
	DIR *dir = opendir(MODELS);
	const struct dirent *e;

	(void)state;
	if (!dir) {
		print_message("skipped: no %s\n", MODELS);
		skip();
	}
	while ((e = readdir(dir)) != NULL) {
		char path[PATH_MAX], *data;
		size_t bytes;

		if (!strstr(e->d_name, ".onnx"))
			continue;
		snprintf(path, sizeof(path), MODELS "/%s", e->d_name);
		read_whole(path, &data, &bytes);
		truncate_model(data, bytes, places, e->d_name);
		free(data);
	}
	closedir(dir);
}

static void test_real_model_flipped(void **state)
{
	char *data;
	size_t bytes;

	(void)state;
	if (access(MODELS "/mnist_cntk.onnx", R_OK)) {
		print_message("skipped: no %s\n", MODELS);
		skip();
	}
	read_whole(MODELS "/mnist_cntk.onnx", &data, &bytes);
	seed_now = 2;
	flip_model(data, bytes, "mnist_cntk");
	free(data);
}

/* ---- Packed files ---- */

/* The blobs' model, packed: 64-aligned, malloc'ed. */
static uint8_t *packed_blobs(uint32_t *bytes)
{
	struct conversion v = { 0 };
	char path[TEMP_PATH_MAX];
	uint8_t *copy;
	struct diag d;

	diag_init(&d);
	temp_write(&folder, "model.onnx", blobs, blobs_bytes);
	assert_int_equal(
		convert(temp_path(&folder, "model.onnx", path), true, &v, &d),
		0);
	*bytes = v.packed.size;
	copy = aligned_alloc(DBP_ALIGN, (*bytes + 63) / 64 * 64);
	assert_non_null(copy);
	memcpy(copy, v.packed.bytes, *bytes);
	conversion_free(&v);
	diag_free(&d);
	return copy;
}

/* In memory of exactly that size, so that sanitizers see its end. */
static int open_copy(struct dbrt_model *m, const uint8_t *file, size_t bytes,
		     uint8_t **copy)
{
	*copy = NULL;
	if (posix_memalign((void **)copy, DBP_ALIGN, bytes ? bytes : 1))
		fail();
	memcpy(*copy, file, bytes);
	return dbrt_open(m, *copy, bytes);
}

static void test_packed_cut(void **state)
{
	struct dbrt_model m;
	uint8_t *file, *copy;
	uint32_t bytes;

	(void)state;
	file = packed_blobs(&bytes);
	for (uint32_t n = 0; n < bytes; n += n < 1024 ? 1 : bytes / 512) {
		assert_true(open_copy(&m, file, n, &copy) < 0);
		free(copy);
	}
	assert_int_equal(open_copy(&m, file, bytes, &copy), DBRT_OK);
	free(copy);
	free(file);
}

/* Any change is found by the checksums. */
static void test_packed_flipped(void **state)
{
	struct dbrt_model m;
	uint8_t *file, *copy;
	uint32_t bytes;

	(void)state;
	file = packed_blobs(&bytes);
	seed_now = 3;
	for (int i = 0; i < flips; i++) {
		uint32_t place = dbp_run_random(&seed_now) % bytes;
		uint8_t kept = file[place];

		file[place] ^= (uint8_t)(1 + dbp_run_random(&seed_now) % 255);
		/* the SHA-256 is for tools, not for devices */
		if (open_copy(&m, file, bytes, &copy) == DBRT_OK &&
		    !(place >= 32 && place < 64))
			fail_msg("a changed byte at %u is not found", place);
		free(copy);
		file[place] = kept;
	}
	free(file);
}

/* Runs in a buffer of exactly the size asked for, marked on both sides. */
static void run_within(struct dbrt_model *m)
{
	size_t bytes = dbrt_arena_bytes(m, 1);
	struct dbrt_detection found[16];
	uint8_t *area;
	uint32_t crc;

	if (bytes > LARGEST_ARENA)
		return;
	if (posix_memalign((void **)&area, DBP_ALIGN, bytes + 2 * CANARY))
		fail();
	memset(area, 0xa5, bytes + 2 * CANARY);
	if (dbrt_bind(m, area + CANARY, bytes) == DBRT_OK) {
		dbrt_golden_crc32(m, 1, &crc);
		dbrt_detections(m, found, 16);
	}
	for (size_t i = 0; i < CANARY; i++)
		assert_true(area[i] == 0xa5 &&
			    area[bytes + CANARY + i] == 0xa5);
	free(area);
}

/* What somebody wrote who knows how checksums are made. */
static void test_packed_rewritten(void **state)
{
	uint8_t *file, *changed, *copy;
	struct dbrt_model m;
	uint32_t bytes;
	int taken = 0;

	(void)state;
	file = packed_blobs(&bytes);
	changed = malloc(bytes);
	assert_non_null(changed);
	seed_now = 4;
	for (int i = 0; i < 4 * flips; i++) {
		/* tables and parameters come first, and matter most */
		uint32_t reach = i % 4 ? 4096 : bytes;

		memcpy(changed, file, bytes);
		flip((char *)changed, reach < bytes ? reach : bytes);
		dbp_fix_checksums(changed, bytes);
		if (open_copy(&m, changed, bytes, &copy) == DBRT_OK) {
			run_within(&m);
			taken++;
		}
		free(copy);
	}
	assert_true(taken > flips / 10); /* or nothing was tried */
	free(changed);
	free(file);
}

/* The header says what the kernels do. */
static void test_packed_work(void **state)
{
	const struct dbp_header *h;
	struct dbrt_work work;
	struct dbrt_model m;
	uint32_t bytes;
	uint8_t *file;

	(void)state;
	file = packed_blobs(&bytes);
	h = (const struct dbp_header *)(const void *)file;
	assert_int_equal(dbrt_open(&m, file, bytes), DBRT_OK);
	assert_int_equal(dbrt_work(&m, &work), DBRT_OK);
	assert_true(work.steps > 0 && work.head_steps > 0);
	assert_true(h->run_steps == work.steps && h->run_bytes == work.bytes &&
		    h->head_steps == work.head_steps);
	free(file);
}

/* A section of a kind that nobody knows is as good as none. */
static void test_packed_without_a_section(void **state)
{
	uint8_t *file, *changed, *copy;
	const struct dbp_header *h;
	struct dbrt_model m;
	uint32_t bytes;

	(void)state;
	file = packed_blobs(&bytes);
	h = (const struct dbp_header *)(const void *)file;
	changed = malloc(bytes);
	assert_non_null(changed);
	for (uint32_t i = 0; i < h->section_count; i++) {
		struct dbp_section *s;
		bool required;
		int status;

		memcpy(changed, file, bytes);
		s = (struct dbp_section *)(void *)(changed + sizeof(*h)) + i;
		required = s->kind == DBP_SECTION_TENSORS ||
			   s->kind == DBP_SECTION_OPS ||
			   s->kind == DBP_SECTION_PARAMS ||
			   s->kind == DBP_SECTION_DATA ||
			   s->kind == DBP_SECTION_IO;
		s->kind = 99;
		dbp_fix_checksums(changed, bytes);
		status = open_copy(&m, changed, bytes, &copy);
		if (required)
			assert_true(status < 0);
		else if (status == DBRT_OK)
			run_within(&m);
		free(copy);
	}
	free(changed);
	free(file);
}

static const struct dbp_section *head_section(const uint8_t *file)
{
	const struct dbp_header *h = (const void *)file;
	const struct dbp_section *s = (const void *)(h + 1);

	while (s->kind != DBP_SECTION_HEAD)
		s++;
	return s;
}

/* Every byte of the head at the values that hurt most. */
static void test_packed_head(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	const struct dbp_section *s;
	uint8_t *file, *changed, *copy;
	struct dbrt_model m;
	uint32_t bytes;
	int taken = 0, refused = 0;

	(void)state;
	file = packed_blobs(&bytes);
	s = head_section(file);
	changed = malloc(bytes);
	assert_non_null(changed);
	for (uint32_t i = 0; i < s->bytes * sizeof(values); i++) {
		memcpy(changed, file, bytes);
		changed[s->offset + i / sizeof(values)] =
			values[i % sizeof(values)];
		dbp_fix_checksums(changed, bytes);
		if (open_copy(&m, changed, bytes, &copy) == DBRT_OK) {
			run_within(&m);
			taken++;
		} else {
			refused++;
		}
		free(copy);
	}
	assert_true(taken > 50 && refused > 50);
	free(changed);
	free(file);
}

/* What inspect says is what is touched: not a byte less would do. */
static void test_arena_is_exact(void **state)
{
	struct dbrt_model m;
	uint8_t *file, *copy, *area;
	uint32_t bytes, crc;
	size_t arena, last;

	(void)state;
	file = packed_blobs(&bytes);
	assert_int_equal(open_copy(&m, file, bytes, &copy), DBRT_OK);
	arena = dbrt_arena_bytes(&m, 1);
	if (posix_memalign((void **)&area, DBP_ALIGN, arena + CANARY))
		fail();
	memset(area, 0xa5, arena + CANARY);
	assert_int_equal(dbrt_bind(&m, area, arena - 1), DBRT_ERROR_ARENA);
	assert_int_equal(dbrt_bind(&m, area, arena), DBRT_OK);
	assert_int_equal(dbrt_golden_crc32(&m, 7, &crc), DBRT_OK);
	for (size_t i = 0; i < CANARY; i++)
		assert_int_equal(area[arena + i], 0xa5);
	for (last = arena; last && area[last - 1] == 0xa5; last--)
		;
	/* the end is that of the last tensor, rounded up to 64 */
	assert_true(arena - last < DBP_ALIGN);
	free(area);
	free(copy);
	free(file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_cut),
		cmocka_unit_test(test_model_flipped),
		cmocka_unit_test(test_real_models_cut),
		cmocka_unit_test(test_real_model_flipped),
		cmocka_unit_test(test_packed_cut),
		cmocka_unit_test(test_packed_flipped),
		cmocka_unit_test(test_packed_rewritten),
		cmocka_unit_test(test_packed_work),
		cmocka_unit_test(test_packed_without_a_section),
		cmocka_unit_test(test_packed_head),
		cmocka_unit_test(test_arena_is_exact),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
