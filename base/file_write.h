/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_FILE_WRITE_H
#define DBC_BASE_FILE_WRITE_H

#include <stddef.h>

#include "base/diag.h"

struct file_out {
	const char *path;
	const void *data;
	size_t bytes;
};

/*
 * Writes all files or none, each completely: first to temporary names in the
 * same folders, with fsync(), and then by one rename after another, the first
 * file last: where a run was killed in between there is no first file. SIGINT,
 * SIGTERM and SIGHUP take effect afterwards. Only regular files are replaced.
 * Of several ranks (ranks.h), 0 writes.
 * Temporary files that are older than an hour are removed from the folders. -1
 * with a diagnostic.
 */
int files_write(const struct file_out *files, int count, struct diag *d);
/* The same for one file. */
int file_write_atomic(const char *path, const void *data, size_t bytes,
		      struct diag *d);

#endif
