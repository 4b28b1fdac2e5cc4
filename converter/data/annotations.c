/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/annotations.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "converter/data/annotation_formats.h"

/* ---- Which format ---- */

struct survey {
	int txt, xml, folders;
};

static struct survey look_at(const char *folder)
{
	struct survey s = { 0 };
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		s.txt += annotation_is_wanted(folder, e->d_name, ".txt");
		s.xml += annotation_is_wanted(folder, e->d_name, ".xml");
		s.folders += annotation_is_wanted(folder, e->d_name, NULL);
	}
	if (dir)
		closedir(dir);
	return s;
}

static int not_known(struct annotation_list *l, const char *path)
{
	diag_error(l->d, "%s: holds no labels of a known format", path);
	diag_hint(l->d, "expected a COCO .json, a folder of YOLO .txt or "
			"Pascal VOC .xml files, a .csv of 'photo,class', or a "
			"folder with one folder for each class");
	return -1;
}

static int read_any(struct annotation_list *l, const char *path)
{
	struct survey s;

	if (annotation_has_ending(path, ".json"))
		return annotations_read_coco(l, path);
	if (annotation_has_ending(path, ".csv"))
		return annotations_read_csv(l, path);
	if (!annotation_is_folder(path)) {
		struct stat st;

		if (stat(path, &st))
			return diag_error(l->d, "%s: %s", path,
					  strerror(errno));
		return not_known(l, path);
	}
	s = look_at(path);
	if (s.xml && s.txt) {
		diag_error(l->d, "%s: holds both .txt and .xml files", path);
		diag_hint(l->d, "use one label format in a folder");
		return -1;
	}
	if (s.xml)
		return annotations_read_voc(l, path);
	if (s.txt)
		return annotations_read_yolo(l, path);
	return s.folders ? annotations_read_folders(l, path) :
			   not_known(l, path);
}

/* ---- Photo by photo ---- */

static int by_key(const void *a, const void *b)
{
	const struct annotation_entry *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int group_by_photo(struct annotation_list *l)
{
	struct annotations *a = l->out;
	struct annotation_box *boxes =
		arena_array(&a->arena, l->count + 1, sizeof(*boxes));

	a->photos = arena_array(&a->arena, l->count + 1, sizeof(*a->photos));
	if (!a->photos || !boxes)
		return diag_error(l->d, "out of memory");
	if (l->count)
		qsort(l->entries, l->count, sizeof(*l->entries), by_key);
	for (size_t i = 0; i < l->count; i++) {
		const struct annotation_entry *e = &l->entries[i];

		if (i == 0 || strcmp(e->key, l->entries[i - 1].key))
			a->photos[a->photo_count++] =
				(struct annotated_photo){ .key = e->key,
							  .boxes = boxes };
		if (e->attributes.count)
			a->photos[a->photo_count - 1].attributes =
				e->attributes;
		if (!e->has_box)
			continue;
		*boxes++ = e->box;
		a->photos[a->photo_count - 1].box_count++;
	}
	return 0;
}

typedef int format_reader(struct annotation_list *l, const char *path);

static int read_grouped(struct annotations *a, const char *path,
			format_reader *read, struct diag *d)
{
	struct annotation_list l = { .out = a, .d = d };
	char clean[4096];
	size_t n = (size_t)snprintf(clean, sizeof(clean), "%s", path);
	int err;

	*a = (struct annotations){ 0 };
	arena_init(&a->arena, 0);
	while (n > 1 && n < sizeof(clean) && clean[n - 1] == '/')
		clean[--n] = 0;
	err = read(&l, clean);
	if (!err && !l.count)
		err = diag_error(d, "%s: holds no labels", path);
	if (!err)
		err = group_by_photo(&l);
	free(l.entries);
	return err;
}

int annotations_read(struct annotations *a, const char *path, struct diag *d)
{
	return read_grouped(a, path, read_any, d);
}

int annotations_read_photos(struct annotations *a, const char *path,
			    struct diag *d)
{
	return read_grouped(a, path, annotations_read_metadata, d);
}

void annotations_free(struct annotations *a)
{
	arena_free(&a->arena);
	*a = (struct annotations){ 0 };
}

static int key_before(const void *key, const void *photo)
{
	return strcmp(key, ((const struct annotated_photo *)photo)->key);
}

const struct annotated_photo *annotations_of(const struct annotations *a,
					     const char *name)
{
	const struct annotated_photo *p;
	char key[4096];
	char *dot, *base;

	if (!a->photo_count)
		return NULL;
	snprintf(key, sizeof(key), "%s", name);
	base = strrchr(key, '/');
	base = base ? base + 1 : key;
	dot = strrchr(base, '.');
	if (dot && dot != base)
		*dot = 0;
	p = bsearch(key, a->photos, (size_t)a->photo_count, sizeof(*p),
		    key_before);
	return p ? p :
		   bsearch(base, a->photos, (size_t)a->photo_count, sizeof(*p),
			   key_before);
}
