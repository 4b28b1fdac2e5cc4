/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_FILE_READ_H
#define DBC_BASE_FILE_READ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diag.h"

/* The bytes of a file, owned (malloc). */
struct regular_file {
	uint8_t *data;
	size_t size;
};

/*
 * Reads a whole regular file of 1 to max_bytes bytes; it never blocks on a
 * FIFO and never reads a device. Messages do not name the path: see
 * diag_enter().
 */
int regular_file_read(const char *path, size_t max_bytes,
		      struct regular_file *f, struct diag *d);
void regular_file_free(struct regular_file *f);

/* What a file that is not regular is: "is a pipe, not a file". */
const char *file_type_text(mode_t mode);

/* pread() of exactly n bytes: 0, or -1 (errno 0: the file is shorter). */
int regular_file_pread(int fd, void *out, size_t n, uint64_t offset);

/* The kind of file by its first bytes ("PNG image"), or NULL. */
const char *regular_file_kind(const uint8_t *data, size_t size);

#endif
