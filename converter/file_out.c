/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "converter/pack.h"

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

static int write_and_rename(const char *temporary, int fd, const char *path,
			    const void *data, size_t bytes)
{
	int err = write_all(fd, data, bytes) || set_mode(fd) || fsync(fd);
	int saved = errno;

	if (close(fd) && !err) {
		err = -1;
		saved = errno;
	}
	if (!err && rename(temporary, path)) {
		err = -1;
		saved = errno;
	}
	if (err)
		unlink(temporary);
	errno = saved;
	return err ? -1 : 0;
}

/* A hidden name in the same folder, for mkostemp(); malloc'ed. Not made of the
 * file's own name, which may be as long as names can be. */
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

int file_write_atomic(const char *path, const void *data, size_t bytes,
		      struct diag *d)
{
	char *temporary = temporary_name(path);
	int fd, err = -1;

	if (!temporary)
		return diag_error(d, "out of memory");
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd >= 0)
		err = write_and_rename(temporary, fd, path, data, bytes);
	if (err)
		diag_error(d, "%s: cannot be written: %s", path,
			   strerror(errno));
	free(temporary);
	return err;
}
