/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_write.h"

static int write_all(int fd, const char *data, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		bytes -= (size_t)n;
	}
	return 0;
}

/* The permissions that a plain creat() would give. */
static int set_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

/* Writes the content to disk; closes fd. */
static int write_content(int fd, const struct file_out *f)
{
	int err = write_all(fd, f->data, f->bytes) || set_mode(fd) || fsync(fd);
	int saved = errno;

	if (close(fd) && !err) {
		err = -1;
		saved = errno;
	}
	errno = saved;
	return err ? -1 : 0;
}

/* A hidden name in the same folder, for mkostemp(); malloc'ed. It does not
 * contain the file's name, which may already have the maximum length. */
static char *temporary_name(const char *path)
{
	static const char name[] = ".dbconvert.XXXXXX";
	const char *slash = strrchr(path, '/');
	size_t folder = slash ? (size_t)(slash + 1 - path) : 0;
	char *temporary = malloc(folder + sizeof(name));

	if (temporary) {
		memcpy(temporary, path, folder);
		memcpy(temporary + folder, name, sizeof(name));
	}
	return temporary;
}

static int cannot_write(const char *path, struct diag *d)
{
	return diag_error(d, "%s: cannot be written: %s", path,
			  strerror(errno));
}

/* *temporary: the name of the written file, malloc'ed; NULL if there is none.
 */
static int write_temporary(const struct file_out *f, char **temporary,
			   struct diag *d)
{
	struct stat st;
	int fd;

	*temporary = temporary_name(f->path);
	if (!*temporary)
		return diag_error(d, "out of memory");
	fd = mkostemp(*temporary, O_CLOEXEC);
	if (fd < 0) {
		cannot_write(f->path, d);
		free(*temporary);
		*temporary = NULL;
		return -1;
	}
	if (write_content(fd, f))
		return cannot_write(f->path, d);
	if (stat(f->path, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR; /* before anything else is renamed */
		return cannot_write(f->path, d);
	}
	return 0;
}

int files_write(const struct file_out *files, int count, struct diag *d)
{
	char **temporary = calloc((size_t)count, sizeof(*temporary));
	int err = 0;

	if (!temporary)
		return diag_error(d, "out of memory");
	for (int i = 0; !err && i < count; i++)
		err = write_temporary(&files[i], &temporary[i], d);
	for (int i = 0; !err && i < count; i++)
		if (rename(temporary[i], files[i].path))
			err = cannot_write(files[i].path, d);
	for (int i = 0; i < count; i++) {
		if (err && temporary[i])
			unlink(temporary[i]);
		free(temporary[i]);
	}
	free(temporary);
	return err;
}

int file_write_atomic(const char *path, const void *data, size_t bytes,
		      struct diag *d)
{
	const struct file_out file = { path, data, bytes };

	return files_write(&file, 1, d);
}
