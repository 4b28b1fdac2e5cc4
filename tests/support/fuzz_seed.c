/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fuzz_seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/temp_folder.h"

const char *fuzz_seeds(void)
{
	return getenv("FUZZ_SEEDS");
}

static void write_file(const char *path, const void *data, size_t bytes)
{
	FILE *out = fopen(path, "wb");

	if (!out || fwrite(data, 1, bytes, out) != bytes || fclose(out)) {
		perror(path);
		abort();
	}
}

void fuzz_seed(const char *name, const void *data, size_t bytes)
{
	char path[TEMP_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", fuzz_seeds(), name);
	write_file(path, data, bytes);
}

void fuzz_seed_text(const char *name, const char *text)
{
	fuzz_seed(name, text, strlen(text));
}

static struct temp_folder folder;

static void remove_folder(void)
{
	temp_folder_remove(&folder);
}

const char *fuzz_file(const char *name, const void *data, size_t bytes)
{
	static char path[TEMP_PATH_MAX];

	if (!*folder.path) {
		temp_folder_make(&folder);
		atexit(remove_folder);
	}
	temp_write(&folder, name, data, bytes);
	return temp_path(&folder, name, path);
}
