/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/data/annotation_list.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file_read.h"
#include "base/text.h"

#define MAX_TEXT ((size_t)256 << 20)

static int no_memory(struct annotation_list *l)
{
	return diag_error(l->d, "out of memory");
}

const char *annotation_key(struct annotation_list *l, const char *name)
{
	const char *base = strrchr(name, '/');
	const char *end;

	base = base ? base + 1 : name;
	end = strrchr(base, '.');
	return arena_strndup(&l->out->arena, base,
			     end && end != base ? (size_t)(end - base) :
						  strlen(base));
}

int annotation_add(struct annotation_list *l, const char *key,
		   const struct annotation_box *box)
{
	if (!key)
		return no_memory(l);
	if (l->count == l->capacity) {
		size_t room = l->capacity ? 2 * l->capacity : 256;
		void *larger = realloc(l->entries, room * sizeof(*l->entries));

		if (!larger)
			return no_memory(l);
		l->entries = larger;
		l->capacity = room;
	}
	l->entries[l->count] = (struct annotation_entry){
		.key = key, .order = l->count, .has_box = box != NULL
	};
	if (box)
		l->entries[l->count].box = *box;
	l->count++;
	return 0;
}

int annotation_add_photo(struct annotation_list *l, const char *key,
			 const struct attributes *a)
{
	if (annotation_add(l, key, NULL))
		return -1;
	l->entries[l->count - 1].attributes = *a;
	return 0;
}

int annotation_class_id(struct annotation_list *l, int64_t id)
{
	struct annotations *a = l->out;
	const char **names;
	uint32_t room;

	if (id < 0 || id >= ANNOTATIONS_MAX_CLASSES)
		return diag_error(l->d, "class %lld is not from 0 to %d",
				  (long long)id, ANNOTATIONS_MAX_CLASSES - 1);
	if (id < a->class_count)
		return 0;
	if (id >= l->name_capacity) {
		room = 2 * (uint32_t)id + 16;
		names = arena_array(&a->arena, room, sizeof(*names));
		if (!names)
			return no_memory(l);
		if (a->class_count)
			memcpy(names, a->class_names,
			       a->class_count * sizeof(*names));
		a->class_names = names;
		l->name_capacity = room;
	}
	a->class_count = (uint32_t)id + 1;
	return 0;
}

int annotation_class(struct annotation_list *l, const char *name)
{
	struct annotations *a = l->out;
	uint32_t id = 0;

	while (id < a->class_count && strcmp(a->class_names[id], name))
		id++;
	if (id < a->class_count)
		return (int)id;
	if (annotation_class_id(l, id))
		return -1;
	a->class_names[id] = arena_strdup(&a->arena, name);
	return a->class_names[id] ? (int)id : no_memory(l);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int annotation_sort_classes(struct annotation_list *l)
{
	struct annotations *a = l->out;
	const char **sorted =
		arena_array(&a->arena, a->class_count + 1u, sizeof(*sorted));
	uint32_t *to = arena_array(&a->arena, a->class_count + 1u, sizeof(*to));

	if (!sorted || !to)
		return no_memory(l);
	if (!a->class_count)
		return 0;
	memcpy(sorted, a->class_names, a->class_count * sizeof(*sorted));
	qsort(sorted, a->class_count, sizeof(*sorted), by_name);
	for (uint32_t i = 0; i < a->class_count; i++)
		while (strcmp(a->class_names[i], sorted[to[i]]))
			to[i]++;
	for (size_t i = 0; i < l->count; i++)
		l->entries[i].box.class_id = to[l->entries[i].box.class_id];
	a->class_names = sorted;
	l->name_capacity = a->class_count;
	return 0;
}

static char *without_mark(const struct regular_file *f, const char *path,
			  size_t *bytes, struct diag *d)
{
	size_t mark = text_bom(f->data, f->size);
	char *text;

	if (f->size >= 2 && (!memcmp(f->data, "\xff\xfe", 2) ||
			     !memcmp(f->data, "\xfe\xff", 2))) {
		diag_error(d, "%s: is UTF-16", path);
		diag_hint(d, "save it as UTF-8");
		return NULL;
	}
	text = malloc(f->size - mark + 1);
	if (!text) {
		diag_error(d, "out of memory");
		return NULL;
	}
	*bytes = f->size - mark;
	memcpy(text, (const char *)f->data + mark, *bytes);
	text[*bytes] = 0;
	return text;
}

char *annotation_text(const char *path, size_t *bytes, struct diag *d)
{
	struct regular_file f;
	char *former, *text;
	struct stat st;
	int err;

	*bytes = 0;
	if (!stat(path, &st) && S_ISREG(st.st_mode) && !st.st_size)
		return calloc(1, 1);
	former = diag_enter(d, path);
	err = regular_file_read(path, MAX_TEXT, &f, d);
	diag_leave(d, former);
	if (err)
		return NULL;
	text = without_mark(&f, path, bytes, d);
	regular_file_free(&f);
	return text;
}

/* ---- Folders ---- */

bool annotation_has_ending(const char *name, const char *ending)
{
	size_t n = strlen(name), e = strlen(ending);

	return n > e && !strcasecmp(name + n - e, ending);
}

bool annotation_is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

bool annotation_is_wanted(const char *folder, const char *name,
			  const char *ending)
{
	char path[4096];

	if (name[0] == '.')
		return false;
	if (ending)
		return annotation_has_ending(name, ending);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return annotation_is_folder(path);
}

int annotation_files(struct annotation_list *l, const char *folder,
		     const char *ending, annotation_each *each)
{
	struct dirent **names;
	int count = scandir(folder, &names, NULL, NULL), kept = 0, err = 0;
	const char **sorted;

	if (count < 0)
		return diag_error(l->d, "%s: %s", folder, strerror(errno));
	sorted = calloc((size_t)count + 1, sizeof(*sorted));
	for (int i = 0; sorted && i < count; i++)
		if (annotation_is_wanted(folder, names[i]->d_name, ending))
			sorted[kept++] = names[i]->d_name;
	if (sorted)
		qsort(sorted, (size_t)kept, sizeof(*sorted), by_name);
	else
		err = no_memory(l);
	for (int i = 0; !err && i < kept; i++)
		err = each(l, folder, sorted[i]);
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
	free(sorted);
	return err;
}
