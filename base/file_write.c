/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file_read.h"
#include "base/file_write.h"
#include "base/ranks.h"

#define TEMPORARY ".dbconvert.XXXXXX"
#define PREFIX_LENGTH (sizeof(".dbconvert.") - 1)
#define STALE_SECONDS 3600

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
	static const char name[] = TEMPORARY;
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

/* Only regular files are replaced: a device or pipe would be gone, and what
 * was meant to go into it would lie on the disk. */
static int check_target(const char *path, struct diag *d)
{
	struct stat st;

	if (stat(path, &st) || S_ISREG(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return cannot_write(path, d);
	}
	return diag_error(d, "%s: cannot be written: it %s", path,
			  file_type_text(st.st_mode));
}

/* *temporary: the name of the written file, malloc'ed; NULL if there is none.
 */
static int write_temporary(const struct file_out *f, char **temporary,
			   struct diag *d)
{
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
	return write_content(fd, f) ? cannot_write(f->path, d) : 0;
}

/* ---- Folders ---- */

/* A descriptor of the folder that the file is in; -1 if it cannot be opened. */
static int open_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash + 1 - path)) :
			       strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	return fd;
}

/* Makes the renames last. Some file systems cannot, which is no error. */
static void sync_folder(const char *path)
{
	int fd = open_folder(path);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Removes what a run that was killed left an hour ago or earlier. */
static void sweep_folder(const char *path)
{
	int fd = open_folder(path);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	time_t now = time(NULL);
	struct dirent *entry;
	struct stat st;

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(folder)))
		if (strlen(entry->d_name) == sizeof(TEMPORARY) - 1 &&
		    !strncmp(entry->d_name, TEMPORARY, PREFIX_LENGTH) &&
		    !fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode) && now - st.st_mtime > STALE_SECONDS)
			unlinkat(fd, entry->d_name, 0);
	closedir(folder);
}

/* ---- Several files ---- */

/* Moves the old first file away, to *aside (malloc'ed; NULL: there is none).
 * Its time becomes now, so that it is not swept at once. */
static int move_aside(const struct file_out *f, char **aside, struct diag *d)
{
	int fd;

	*aside = NULL;
	if (access(f->path, F_OK))
		return 0;
	*aside = temporary_name(f->path);
	fd = *aside ? mkostemp(*aside, O_CLOEXEC) : -1;
	if (fd >= 0 && !close(fd) && !rename(f->path, *aside)) {
		utimensat(AT_FDCWD, *aside, NULL, 0);
		return 0;
	}
	cannot_write(f->path, d);
	if (fd >= 0)
		unlink(*aside);
	free(*aside);
	*aside = NULL;
	return -1;
}

/* The first file is renamed last, and its old version is moved away first: a
 * run that is killed in between leaves no first file, never one beside others
 * of another run. */
static int rename_all(const struct file_out *files, char **temporary, int count,
		      struct diag *d)
{
	char *aside = NULL;
	int err = 0;

	if (count > 1 && move_aside(&files[0], &aside, d))
		return -1;
	for (int i = count - 1; !err && i >= 0; i--)
		if (rename(temporary[i], files[i].path))
			err = cannot_write(files[i].path, d);
	if (aside && err)
		rename(aside, files[0].path);
	else if (aside)
		unlink(aside);
	free(aside);
	for (int i = 0; !err && i < count; i++)
		sync_folder(files[i].path);
	return err;
}

static int write_all_files(const struct file_out *files, int count,
			   struct diag *d)
{
	char **temporary = calloc((size_t)count, sizeof(*temporary));
	int err = 0;

	if (!temporary)
		return diag_error(d, "out of memory");
	for (int i = 0; !err && i < count; i++)
		err = check_target(files[i].path, d);
	for (int i = 0; !err && i < count; i++) {
		sweep_folder(files[i].path);
		err = write_temporary(&files[i], &temporary[i], d);
	}
	if (!err)
		err = rename_all(files, temporary, count, d);
	for (int i = 0; i < count; i++) {
		if (err && temporary[i])
			unlink(temporary[i]);
		free(temporary[i]);
	}
	free(temporary);
	return err;
}

/* Signals that end the program wait until the files are complete and no
 * temporary one is left. The threads of parallel.h are not running here. */
int files_write(const struct file_out *files, int count, struct diag *d)
{
	sigset_t waiting, former;
	int err;

	if (ranks_self())
		return 0;
	sigemptyset(&waiting);
	sigaddset(&waiting, SIGHUP);
	sigaddset(&waiting, SIGINT);
	sigaddset(&waiting, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &waiting, &former);
	err = write_all_files(files, count, d);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return err;
}

int file_write_atomic(const char *path, const void *data, size_t bytes,
		      struct diag *d)
{
	const struct file_out file = { path, data, bytes };

	return files_write(&file, 1, d);
}
