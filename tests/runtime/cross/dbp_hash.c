/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a packed model on the golden inputs of a few seeds and prints the
 * CRC-32 of its outputs: dbp_hash FILE. Built for every processor, with the
 * C library's files; on Cortex-M boards those go through semihosting.
 */
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "runtime/dbrt.h"

#define FILE_BYTES (1536 * 1024)
#define ARENA_BYTES (1536 * 1024)
#define CANARY 0xa5

static alignas(64) unsigned char file[FILE_BYTES];
static alignas(64) unsigned char arena[ARENA_BYTES + 64];

static int fail(const char *what, int status)
{
	printf("dbp_hash: %s: %s\n", what, dbrt_status_text(status));
	return 1;
}

/* Reads it into `file`, a coded one by way of the arena; bytes, 0: failed. */
static size_t load(FILE *in)
{
	size_t n = fread(arena, 1, sizeof(arena), in);
	size_t plain = dbrt_expanded_bytes(arena, n);

	if (plain)
		return dbrt_expand(arena, n, file, sizeof(file)) == DBRT_OK ?
			       plain :
			       0;
	if (n > sizeof(file))
		return 0;
	memcpy(file, arena, n);
	return n;
}

static int hash(struct dbrt_model *m)
{
	static const uint32_t seeds[] = { 1, 2, 20261120 };
	uint32_t crc;
	int status = dbrt_selftest(m);

	if (status != DBRT_OK)
		return fail("selftest", status);
	for (int i = 0; i < 3; i++) {
		status = dbrt_golden_crc32(m, seeds[i], &crc);
		if (status != DBRT_OK)
			return fail("run", status);
		printf("%s%08lx", i ? " " : "", (unsigned long)crc);
	}
	printf("\n");
	return 0;
}

int main(int argc, char **argv)
{
	struct dbrt_model m;
	FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
	size_t n, used;
	int status;

	if (!in) {
		printf("usage: dbp_hash FILE.dbp\n");
		return 2;
	}
	n = load(in);
	fclose(in);
	status = dbrt_open(&m, file, n);
	if (status != DBRT_OK)
		return fail("open", status);
	used = dbrt_arena_bytes(&m, 1);
	if (used > ARENA_BYTES)
		return fail("arena", DBRT_ERROR_ARENA);
	memset(arena, CANARY, sizeof(arena));
	status = dbrt_bind(&m, arena, used);
	if (status != DBRT_OK)
		return fail("bind", status);
	if (hash(&m))
		return 1;
	for (size_t i = used; i < sizeof(arena); i++)
		if (arena[i] != CANARY)
			return fail("wrote past the arena", DBRT_ERROR_ARENA);
	return 0;
}
