/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/dataset.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file_read.h"
#include "base/text.h"
#include "converter/data/image_file.h"

#define LIST_MAX_BYTES ((size_t)64 << 20)
#define ITEM_MAX_BYTES ((size_t)1 << 31)
#define MAX_DEPTH 32

static bool ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n > m && strcasecmp(s + n - m, suffix) == 0;
}

static bool kind_of(const char *name, enum item_kind *kind)
{
	if (ends_with(name, ".npy"))
		*kind = ITEM_NPY;
	else if (ends_with(name, ".pb"))
		*kind = ITEM_PB;
	else
		*kind = ITEM_PHOTO;
	return *kind != ITEM_PHOTO || image_file_name(name);
}

static int out_of_memory(struct diag *d)
{
	return diag_error(d, "out of memory");
}

static int add_item(struct dataset *s, const char *path, const char *name,
		    enum item_kind kind, struct diag *d)
{
	struct dataset_item *item;

	if ((s->count & (s->count - 1)) == 0) {
		size_t room = s->count ? 2 * (size_t)s->count : 1;
		void *larger = realloc(s->items, room * sizeof(*s->items));

		if (!larger)
			return out_of_memory(d);
		s->items = larger;
	}
	item = &s->items[s->count];
	*item = (struct dataset_item){ strdup(path), strdup(name), kind };
	s->count++;
	return item->path && item->name ? 0 : out_of_memory(d);
}

static char *join(const char *folder, const char *name)
{
	size_t n = strlen(folder) + strlen(name) + 2;
	char *path = malloc(n);

	if (path)
		snprintf(path, n, "%s%s%s", folder, *folder ? "/" : "", name);
	return path;
}

/* ---- What is left out ---- */

static const struct leftover {
	const char *one, *many;
	const char *endings; /* with blanks around each */
} leftovers[] = {
	{ "video", "videos",
	  " .mp4 .mov .m4v .avi .mkv .webm .mpg .mpeg .wmv .3gp " },
	{ "HEIC", "HEIC", " .heic .heif .hif " },
	{ "AVIF", "AVIF", " .avif " },
	{ "GIF", "GIF", " .gif " },
	{ "TIFF", "TIFF", " .tif .tiff " },
	{ "raw photo", "raw photos",
	  " .dng .cr2 .cr3 .nef .arw .orf .rw2 .raf " },
	{ "label file", "label files", " .txt .xml .json .csv .yaml .yml " },
	{ "other file", "other files", NULL },
};
_Static_assert(sizeof(leftovers) / sizeof(*leftovers) == DATASET_LEFTOVERS,
	       "a count for each");

static void count_leftover(struct dataset *s, const char *name)
{
	const char *base = strrchr(name, '/'), *dot;
	char padded[16];
	int i = 0;

	base = base ? base + 1 : name;
	dot = strrchr(base, '.');
	snprintf(padded, sizeof(padded), " %.12s ", dot ? dot : "-");
	while (leftovers[i].endings &&
	       !strcasestr(leftovers[i].endings, padded))
		i++;
	if (!dot || strlen(dot) >= sizeof(s->left_out_ending[i]))
		dot = "";
	/* the least of them: a folder has no order */
	if (!s->left_out[i]++ || strcmp(dot, s->left_out_ending[i]) < 0)
		snprintf(s->left_out_ending[i], sizeof(s->left_out_ending[i]),
			 "%s", dot);
}

static void say_what_is_read(const struct dataset *s, struct diag *d)
{
	char text[512];
	size_t used = 0;
	int photos = 0, tensors;

	for (int i = 0; i < s->count; i++)
		photos += s->items[i].kind == ITEM_PHOTO;
	tensors = s->count - photos;
	text[0] = 0;
	for (int i = 0; i < DATASET_LEFTOVERS; i++)
		if (s->left_out[i])
			used += (size_t)snprintf(
				text + used, sizeof(text) - used,
				"%s%d %s%s%s%s",
				used ? ", " : "; left out: ", s->left_out[i],
				s->left_out[i] == 1 ? leftovers[i].one :
						      leftovers[i].many,
				*s->left_out_ending[i] ? " (" : "",
				s->left_out_ending[i],
				*s->left_out_ending[i] ? ")" : "");
	if (tensors && photos)
		diag_note(d, "%d photo%s, %d tensor%s%s", photos,
			  photos == 1 ? "" : "s", tensors,
			  tensors == 1 ? "" : "s", text);
	else
		diag_note(d, "%d %s%s%s", s->count,
			  tensors ? "tensor" : "photo",
			  s->count == 1 ? "" : "s", text);
}

/* ---- Folders ---- */

static int search_folder(struct dataset *s, const char *root, const char *below,
			 int depth, struct diag *d);

static int add_entry(struct dataset *s, const char *root, const char *name,
		     int depth, struct diag *d)
{
	char *path = join(root, name);
	enum item_kind kind;
	struct stat st;
	int err = 0;

	if (!path)
		return out_of_memory(d);
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			err = search_folder(s, root, name, depth + 1, d);
		else if (S_ISREG(st.st_mode) && kind_of(name, &kind))
			err = add_item(s, path, name, kind, d);
		else if (S_ISREG(st.st_mode))
			count_leftover(s, name);
	}
	free(path);
	return err;
}

static int search_folder(struct dataset *s, const char *root, const char *below,
			 int depth, struct diag *d)
{
	char *path = *below ? join(root, below) : strdup(root);
	const struct dirent *e;
	DIR *dir;
	int err = 0;

	if (!path)
		return out_of_memory(d);
	dir = depth < MAX_DEPTH ? opendir(path) : NULL;
	if (!dir) {
		char *former = diag_enter(d, path);

		diag_error(d, "%s",
			   depth < MAX_DEPTH ? strerror(errno) :
					       "too many subfolders");
		diag_leave(d, former);
		free(path);
		return -1;
	}
	while (!err && (e = readdir(dir)) != NULL) {
		char *name;

		if (e->d_name[0] == '.')
			continue;
		name = join(below, e->d_name);
		err = name ? add_entry(s, root, name, depth, d) :
			     out_of_memory(d);
		free(name);
	}
	closedir(dir);
	free(path);
	return err;
}

static int by_name(const void *a, const void *b)
{
	const struct dataset_item *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* ---- Lists ---- */

static int add_line(struct dataset *s, const char *folder, const char *line,
		    int number, struct diag *d)
{
	char *path = *line == '/' ? strdup(line) : join(folder, line);
	enum item_kind kind;
	int err;

	if (!path)
		return out_of_memory(d);
	if (kind_of(line, &kind))
		err = add_item(s, path, line, kind, d);
	else
		err = diag_error(d,
				 "line %d: '%s' is neither a photo "
				 "(.jpg, .png, .webp, .bmp) nor a tensor "
				 "(.npy, .pb)",
				 number, line);
	free(path);
	return err;
}

static int parse_list(struct dataset *s, const char *list, char *text,
		      struct diag *d)
{
	const char *slash = strrchr(list, '/');
	char *folder = slash ? strndup(list, slash == list ?
						     1 :
						     (size_t)(slash - list)) :
			       strdup(".");
	int number = 0, err = folder ? 0 : out_of_memory(d);

	while (!err && text) {
		char *line = strsep(&text, "\n");
		size_t n = strlen(line);

		number++;
		if (n && line[n - 1] == '\r')
			line[n - 1] = 0;
		if (*line && *line != '#')
			err = add_line(s, folder, line, number, d);
	}
	free(folder);
	return err;
}

static char *list_text(const struct regular_file *file)
{
	size_t mark = text_bom(file->data, file->size);

	return strndup((const char *)file->data + mark, file->size - mark);
}

static int read_list(struct dataset *s, const char *path, struct diag *d)
{
	struct regular_file file;
	char *text = NULL;
	int err = regular_file_read(path, LIST_MAX_BYTES, &file, d);

	if (!err) {
		if (memchr(file.data, 0, file.size))
			err = diag_error(d, "is neither a folder nor a list "
					    "of photos");
		else if (!(text = list_text(&file)))
			err = out_of_memory(d);
		regular_file_free(&file);
	}
	if (!err)
		err = parse_list(s, path, text, d);
	free(text);
	return err;
}

static int open_path(struct dataset *s, const char *path, struct diag *d)
{
	const char *slash = strrchr(path, '/');
	enum item_kind kind;
	struct stat st;
	int err;

	if (stat(path, &st))
		return diag_error(d, "%s", strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		err = search_folder(s, path, "", 0, d);
		if (!err && s->count)
			qsort(s->items, (size_t)s->count, sizeof(*s->items),
			      by_name);
	} else if (kind_of(path, &kind)) {
		err = add_item(s, path, slash ? slash + 1 : path, kind, d);
	} else {
		err = read_list(s, path, d);
	}
	if (err)
		return -1;
	if (s->count) {
		if (S_ISDIR(st.st_mode))
			say_what_is_read(s, d);
		return 0;
	}
	diag_error(d, "holds no photos or tensors");
	diag_hint(d, "expected .jpg, .png, .webp, .bmp, .npy or .pb files");
	return -1;
}

int dataset_open(struct dataset *s, const char *path, struct diag *d)
{
	char *former = diag_enter(d, path);
	int err;

	*s = (struct dataset){ 0 };
	err = open_path(s, path, d);
	diag_leave(d, former);
	return err;
}

void dataset_close(struct dataset *s)
{
	for (int i = 0; i < s->count; i++) {
		free(s->items[i].path);
		free(s->items[i].name);
	}
	free(s->items);
	*s = (struct dataset){ 0 };
}

static void hash_number(crypto_hash_sha256_state *h, uint64_t n)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(n >> 8 * i);
	crypto_hash_sha256_update(h, bytes, sizeof(bytes));
}

/* The length separates names from contents in the digest. */
static void hash_bytes(crypto_hash_sha256_state *h, const void *data, size_t n)
{
	hash_number(h, n);
	crypto_hash_sha256_update(h, data, n);
}

static int hash_file(crypto_hash_sha256_state *h,
		     const struct dataset_item *item, struct diag *d)
{
	char *former = diag_enter(d, item->path);
	struct regular_file file;
	int err = regular_file_read(item->path, ITEM_MAX_BYTES, &file, d);

	if (!err) {
		hash_bytes(h, file.data, file.size);
		regular_file_free(&file);
	}
	diag_leave(d, former);
	return err;
}

int dataset_digest(const struct dataset *s, uint8_t sha256[32], struct diag *d)
{
	crypto_hash_sha256_state h;
	int err = 0;

	crypto_hash_sha256_init(&h);
	hash_number(&h, (uint64_t)s->count);
	for (int i = 0; !err && i < s->count; i++) {
		const struct dataset_item *item = &s->items[i];

		hash_bytes(&h, item->name, strlen(item->name));
		err = hash_file(&h, item, d);
	}
	crypto_hash_sha256_final(&h, sha256);
	return err;
}

int dataset_item_digest(const struct dataset_item *item, uint8_t sha256[32],
			struct diag *d)
{
	crypto_hash_sha256_state h;
	int err;

	crypto_hash_sha256_init(&h);
	err = hash_file(&h, item, d);
	crypto_hash_sha256_final(&h, sha256);
	return err;
}
