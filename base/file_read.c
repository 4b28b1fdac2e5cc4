/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_CHUNK ((size_t)1 << 30) /* read() returns at most 2 GB */

const char *file_type_text(mode_t mode)
{
	if (S_ISDIR(mode))
		return "is a directory";
	if (S_ISFIFO(mode))
		return "is a pipe, not a file";
	if (S_ISSOCK(mode))
		return "is a socket, not a file";
	return "is a device, not a file";
}

int regular_file_pread(int fd, void *out, size_t n, uint64_t offset)
{
	uint8_t *p = out;

	while (n > 0) {
		ssize_t got = pread(fd, p, n < READ_CHUNK ? n : READ_CHUNK,
				    (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got < 0 ? errno : 0;
			return -1;
		}
		p += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

static int check_size(const struct stat *st, size_t max_bytes, struct diag *d)
{
	if (!S_ISREG(st->st_mode))
		return diag_error(d, "%s", file_type_text(st->st_mode));
	if (st->st_size <= 0)
		return diag_error(d, "is empty");
	if ((uint64_t)st->st_size > max_bytes)
		return diag_error(d, "has %lld bytes, at most %zu are read",
				  (long long)st->st_size, max_bytes);
	return 0;
}

static int read_open_file(int fd, size_t max_bytes, struct regular_file *f,
			  struct diag *d)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return diag_error(d, "%s", strerror(errno));
	if (check_size(&st, max_bytes, d) != 0)
		return -1;
	f->size = (size_t)st.st_size;
	f->data = malloc(f->size);
	if (!f->data)
		return diag_error(d, "no memory for %zu bytes", f->size);
	if (regular_file_pread(fd, f->data, f->size, 0) == 0)
		return 0;
	diag_error(d, "%s", errno ? strerror(errno) : "shrank while read");
	regular_file_free(f);
	return -1;
}

int regular_file_read(const char *path, size_t max_bytes,
		      struct regular_file *f, struct diag *d)
{
	int fd, ret;

	f->data = NULL;
	f->size = 0;
	/* Without O_NONBLOCK, opening a FIFO waits for a writer. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return diag_error(d, "%s", strerror(errno));
	ret = read_open_file(fd, max_bytes, f, d);
	close(fd);
	return ret;
}

void regular_file_free(struct regular_file *f)
{
	free(f->data);
	f->data = NULL;
	f->size = 0;
}

const char *regular_file_kind(const uint8_t *data, size_t size)
{
	static const struct {
		size_t offset, length;
		const char *magic, *kind;
	} kinds[] = {
		{ 0, 8, "\x89PNG\r\n\x1a\n", "PNG image" },
		{ 0, 3, "\xff\xd8\xff", "JPEG image" },
		{ 0, 4, "PK\x03\x04", "zip archive" },
		{ 0, 2, "\x1f\x8b", "gzip archive" },
		{ 0, 4,
		  "\x7f"
		  "ELF",
		  "ELF program" },
		{ 0, 8, "\x89HDF\r\n\x1a\n", "HDF5 file" },
		{ 4, 4, "TFL3", "TensorFlow Lite model" },
		{ 0, 6, "\x93NUMPY", "NumPy array" },
		{ 0, 4, "DBP\x1a", "packed model" },
		{ 0, 8, "version ", "Git LFS pointer" },
		{ 0, 4, "%PDF", "PDF document" },
		{ 0, 4, "RIFF", "RIFF file" },
		{ 0, 5, "<?xml", "XML document" },
		{ 0, 9, "<!DOCTYPE", "HTML page" },
		{ 0, 5, "<html", "HTML page" },
		{ 0, 2, "\x80\x02", "Python pickle" },
		{ 0, 2, "#!", "script" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (size >= kinds[i].offset + kinds[i].length &&
		    memcmp(data + kinds[i].offset, kinds[i].magic,
			   kinds[i].length) == 0)
			return kinds[i].kind;
	return NULL;
}
