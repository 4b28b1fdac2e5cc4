/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_TEMP_FOLDER_H
#define DBC_TESTS_TEMP_FOLDER_H

#include <stddef.h>

/*
 * A folder of a test's own, removed with all that is in it. Failures end the
 * test program.
 */
struct temp_folder {
	char path[64];
};

void temp_folder_make(struct temp_folder *f);
void temp_folder_remove(struct temp_folder *f);

/* "PATH/name" in `out`, which it returns. */
#define TEMP_PATH_MAX 512
char *temp_path(const struct temp_folder *f, const char *name,
		char out[TEMP_PATH_MAX]);
/* Writes PATH/name; folders in the name are made. */
void temp_write(const struct temp_folder *f, const char *name, const void *data,
		size_t bytes);
/* A file's content, malloc'ed, with a NUL behind it; NULL: no such file. */
char *temp_read(const struct temp_folder *f, const char *name, size_t *bytes);
/* Entries of the folder itself, without . and .. */
int temp_count(const struct temp_folder *f);

#endif
