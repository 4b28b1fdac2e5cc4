/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/temp_folder.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void need(int holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	abort();
}

void temp_folder_make(struct temp_folder *f)
{
	snprintf(f->path, sizeof(f->path), "/tmp/dbc-test-XXXXXX");
	need(mkdtemp(f->path) != NULL, f->path);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void temp_folder_remove(struct temp_folder *f)
{
	need(nftw(f->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0,
	     f->path);
}

char *temp_path(const struct temp_folder *f, const char *name,
		char out[TEMP_PATH_MAX])
{
	int n = snprintf(out, TEMP_PATH_MAX, "%s/%s", f->path, name);

	need(n < TEMP_PATH_MAX, "path too long");
	return out;
}

void temp_write(const struct temp_folder *f, const char *name, const void *data,
		size_t bytes)
{
	char path[TEMP_PATH_MAX], *slash = temp_path(f, name, path);
	FILE *out;

	slash += strlen(f->path) + 1;
	while ((slash = strchr(slash, '/')) != NULL) {
		*slash = 0;
		mkdir(path, 0777); /* fails where it is there */
		*slash++ = '/';
	}
	out = fopen(path, "wb");
	need(out && fwrite(data, 1, bytes, out) == bytes && !fclose(out), path);
}

char *temp_read(const struct temp_folder *f, const char *name, size_t *bytes)
{
	char path[TEMP_PATH_MAX], *data;
	FILE *in = fopen(temp_path(f, name, path), "rb");
	long size;

	if (!in)
		return NULL;
	need(!fseek(in, 0, SEEK_END), path);
	size = ftell(in);
	need(size >= 0, path);
	rewind(in);
	*bytes = (size_t)size;
	data = malloc(*bytes + 1);
	need(data && fread(data, 1, *bytes, in) == *bytes, path);
	data[*bytes] = 0;
	fclose(in);
	return data;
}

int temp_count(const struct temp_folder *f)
{
	const struct dirent *e;
	DIR *dir = opendir(f->path);
	int n = 0;

	need(dir != NULL, f->path);
	while ((e = readdir(dir)) != NULL)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	closedir(dir);
	return n;
}
