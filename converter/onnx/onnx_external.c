/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/onnx/onnx_external.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_read.h"

/* The external_data entries of one tensor. */
struct external_place {
	const char *what; /* the tensor, for messages */
	const char *location;
	const char *offset_text, *length_text;
	uint64_t offset, length; /* length UINT64_MAX: not given */
};

int onnx_external_open(struct onnx_external *ext, const char *path,
		       crypto_hash_sha256_state *hash, struct diag *d)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) :
			       strdup(".");

	memset(ext, 0, sizeof(*ext));
	ext->hash = hash;
	ext->folder = -1;
	if (!folder)
		return diag_error(d, "no memory");
	ext->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (ext->folder < 0)
		return diag_error(d, "the folder cannot be opened: %s",
				  strerror(errno));
	return 0;
}

void onnx_external_close(struct onnx_external *ext)
{
	if (ext->folder >= 0)
		close(ext->folder);
	free(ext->files);
	ext->folder = -1;
	ext->files = NULL;
}

/* Decimal digits only, no sign, no overflow. */
static int parse_count(const struct external_place *p, const char *key,
		       const char *s, uint64_t *out, struct diag *d)
{
	uint64_t v = 0;

	if (!*s)
		return diag_error(d, "%s: external data key '%s' is empty",
				  p->what, key);
	for (; *s; s++) {
		if (*s < '0' || *s > '9' ||
		    v > (INT64_MAX - (uint64_t)(*s - '0')) / 10)
			return diag_error(d,
					  "%s: external data key '%s' is not "
					  "a size",
					  p->what, key);
		v = v * 10 + (uint64_t)(*s - '0');
	}
	*out = v;
	return 0;
}

static int set_key(const struct external_place *p, const char **slot,
		   const Onnx__StringStringEntryProto *e, struct diag *d)
{
	if (*slot)
		return diag_error(d,
				  "%s: external data key '%s' is given "
				  "twice",
				  p->what, e->key);
	*slot = e->value ? e->value : "";
	return 0;
}

static int read_keys(const Onnx__TensorProto *t, struct external_place *p,
		     struct diag *d)
{
	const char *checksum = NULL;

	for (size_t i = 0; i < t->n_external_data; i++) {
		const Onnx__StringStringEntryProto *e = t->external_data[i];
		const char *key = e->key ? e->key : "";
		const char **slot = NULL;

		if (strcmp(key, "location") == 0)
			slot = &p->location;
		else if (strcmp(key, "offset") == 0)
			slot = &p->offset_text;
		else if (strcmp(key, "length") == 0)
			slot = &p->length_text;
		else if (strcmp(key, "checksum") == 0)
			slot = &checksum;
		if (slot && set_key(p, slot, e, d) != 0)
			return -1;
	}
	p->offset = 0;
	p->length = UINT64_MAX;
	if (p->offset_text &&
	    parse_count(p, "offset", p->offset_text, &p->offset, d) != 0)
		return -1;
	if (p->length_text &&
	    parse_count(p, "length", p->length_text, &p->length, d) != 0)
		return -1;
	if (!p->location || !*p->location)
		return diag_error(d, "%s: external data has no location",
				  p->what);
	return 0;
}

static int outside(const struct external_place *p, struct diag *d)
{
	diag_error(d,
		   "%s: external data '%.200s' is not a path inside the "
		   "model's folder",
		   p->what, p->location);
	diag_hint(d, "put the data files beside the model, without links");
	return -1;
}

/* Opens one component of the path; `last`: the file itself. */
static int open_step(int folder, const char *name, bool last,
		     const struct external_place *p, struct diag *d)
{
	int flags = O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(folder, name,
			flags | (last ? O_RDONLY | O_NONBLOCK | O_NOCTTY :
					O_PATH | O_DIRECTORY));

	if (fd >= 0)
		return fd;
	if (errno == ELOOP || errno == ENOTDIR)
		return outside(p, d);
	return diag_error(d, "%s: external data '%.200s': %s", p->what,
			  p->location, strerror(errno));
}

/* Opens the location component by component, so that no link is followed. */
static int open_location(int folder, const struct external_place *p,
			 struct diag *d)
{
	const char *step = p->location;
	char name[NAME_MAX + 1];
	int at = folder;

	if (*step == '/')
		return outside(p, d);
	while (at >= 0) {
		size_t n = strcspn(step, "/");
		const char *rest = step + n + strspn(step + n, "/");
		int next;

		if (n > NAME_MAX || (n == 2 && memcmp(step, "..", 2) == 0)) {
			outside(p, d);
			break;
		}
		memcpy(name, step, n);
		name[n] = '\0';
		next = open_step(at, name, !*rest, p, d);
		if (at != folder)
			close(at);
		if (next < 0 || !*rest)
			return next;
		at = next;
		step = rest;
	}
	if (at != folder)
		close(at);
	return -1;
}

/* Adds the size of a file that was not counted yet. */
static int note_file(struct onnx_external *ext, const struct stat *st,
		     struct diag *d)
{
	struct onnx_external_file *f = ext->files;

	for (size_t i = ext->file_count; i-- > 0;)
		if (f[i].device == st->st_dev && f[i].inode == st->st_ino)
			return 0;
	if (ext->file_count == ext->file_capacity) {
		size_t capacity = ext->file_capacity * 2 + 16;

		f = realloc(f, capacity * sizeof(*f));
		if (!f)
			return diag_error(d, "no memory");
		ext->files = f;
		ext->file_capacity = capacity;
	}
	f[ext->file_count].device = st->st_dev;
	f[ext->file_count++].inode = st->st_ino;
	ext->file_bytes += (uint64_t)st->st_size;
	return 0;
}

static int check_file(int fd, const struct external_place *p, size_t size,
		      struct onnx_external *ext, struct diag *d)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return diag_error(d, "%s: external data '%.200s': %s", p->what,
				  p->location, strerror(errno));
	/* A second hard link may be outside the folder. */
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return outside(p, d);
	if (p->length != UINT64_MAX && p->length != size)
		return diag_error(d,
				  "%s: external data length is %llu, the "
				  "shape needs %zu",
				  p->what, (unsigned long long)p->length, size);
	/* offset and size are below 2^63: their sum does not wrap */
	if (p->offset + size > (uint64_t)st.st_size)
		return diag_error(d,
				  "%s: external data ends at byte %llu, "
				  "'%.200s' has %lld",
				  p->what,
				  (unsigned long long)(p->offset + size),
				  p->location, (long long)st.st_size);
	if (note_file(ext, &st, d) != 0)
		return -1;
	ext->read_bytes += size;
	if (ext->read_bytes > 2 * ext->file_bytes)
		return diag_error(
			d, "%s: tensors read the same external data too often",
			p->what);
	return 0;
}

static int read_file(int fd, const struct external_place *p, size_t size,
		     struct onnx_external *ext, uint8_t **out, struct diag *d)
{
	uint8_t *data;

	if (check_file(fd, p, size, ext, d) != 0)
		return -1;
	data = malloc(size + 1);
	if (!data)
		return diag_error(d, "%s: no memory for %zu bytes", p->what,
				  size);
	if (regular_file_pread(fd, data, size, p->offset) != 0) {
		free(data);
		return diag_error(d, "%s: external data '%.200s': %s", p->what,
				  p->location,
				  errno ? strerror(errno) : "shrank");
	}
	if (ext->hash)
		crypto_hash_sha256_update(ext->hash, data, size);
	*out = data;
	return 0;
}

int onnx_external_read(struct onnx_external *ext, const Onnx__TensorProto *t,
		       const char *what, size_t size, uint8_t **out,
		       struct diag *d)
{
	struct external_place p = { .what = what };
	int fd, ret;

	if (read_keys(t, &p, d) != 0)
		return -1;
	fd = open_location(ext->folder, &p, d);
	if (fd < 0)
		return -1;
	ret = read_file(fd, &p, size, ext, out, d);
	close(fd);
	return ret;
}
