/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_photos.h"

#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EVERY_SLICE (-1)

/* A photo where it was found: one file may be found for several slices. */
struct found_photo {
	char *path, *name, *real; /* malloc'ed; real: without links */
	int slice;                /* that names it, or EVERY_SLICE */
	int order;
	int first; /* order of the same file, found first */
};

struct photo_finder {
	struct suite_photos *out;
	struct suite *suite;
	struct found_photo *list;
	int count, room;
	struct diag *diag;
};

static int no_memory(struct photo_finder *f)
{
	return diag_error(f->diag, "out of memory");
}

/* ---- Finding ---- */

static int add_photo(struct photo_finder *f, const char *path, const char *name,
		     int slice)
{
	struct found_photo *to;

	if (f->count == f->room) {
		int room = f->room ? 2 * f->room : 256;
		void *larger =
			realloc(f->list, (size_t)room * sizeof(*f->list));

		if (!larger)
			return no_memory(f);
		f->list = larger;
		f->room = room;
	}
	to = &f->list[f->count];
	*to = (struct found_photo){ .path = strdup(path),
				    .name = strdup(name),
				    .real = realpath(path, NULL),
				    .slice = slice,
				    .order = f->count };
	if (!to->real)
		to->real = strdup(path);
	f->count++;
	return to->path && to->name && to->real ? 0 : no_memory(f);
}

static int add_path(struct photo_finder *f, const char *path, int slice)
{
	struct dataset set;
	int err = dataset_open(&set, path, f->diag);

	for (int i = 0; !err && i < set.count; i++)
		if (set.items[i].kind == ITEM_PHOTO)
			err = add_photo(f, set.items[i].path, set.items[i].name,
					slice);
	dataset_close(&set);
	return err;
}

static int add_pattern(struct photo_finder *f, const char *pattern, int slice)
{
	glob_t g = { 0 };
	int err = 0;

	switch (glob(pattern, GLOB_MARK, NULL, &g)) {
	case 0:
		break;
	case GLOB_NOMATCH:
		err = diag_error(f->diag, "%s: no file is like this", pattern);
		break;
	default:
		err = diag_error(f->diag, "%s: cannot be searched", pattern);
	}
	for (size_t i = 0; !err && i < g.gl_pathc; i++)
		err = add_path(f, g.gl_pathv[i], slice);
	globfree(&g);
	return err;
}

static int add_source(struct photo_finder *f, const char *path, int slice)
{
	struct stat st;

	if (stat(path, &st) && strpbrk(path, "*?["))
		return add_pattern(f, path, slice);
	return add_path(f, path, slice);
}

static int find_photos(struct photo_finder *f)
{
	const char *images = f->suite->command.config.images;
	int err = images ? add_source(f, images, EVERY_SLICE) : 0;

	for (int i = 0; !err && i < f->suite->slice_count; i++) {
		const struct suite_slice *s = &f->suite->slices[i];

		if (s->images)
			err = add_source(f, s->images, i);
		else if (!images) {
			err = diag_error(f->diag,
					 "%s: slice '%s' has no photos",
					 f->suite->path, s->name);
			diag_hint(f->diag, "give --images, or 'images' in the "
					   "suite or the slice");
		}
	}
	return err;
}

static int by_file(const void *a, const void *b)
{
	const struct found_photo *x = *(struct found_photo *const *)a;
	const struct found_photo *y = *(struct found_photo *const *)b;
	int c = strcmp(x->real, y->real);

	return c ? c : x->order - y->order;
}

/* Each file has the order of its first mention. */
static int merge_files(struct photo_finder *f)
{
	struct found_photo **sorted =
		calloc((size_t)f->count + 1, sizeof(*sorted));

	if (!sorted)
		return no_memory(f);
	for (int i = 0; i < f->count; i++)
		sorted[i] = &f->list[i];
	qsort(sorted, (size_t)f->count, sizeof(*sorted), by_file);
	for (int i = 0; i < f->count; i++)
		sorted[i]->first =
			i && !strcmp(sorted[i]->real, sorted[i - 1]->real) ?
				sorted[i - 1]->first :
				sorted[i]->order;
	free(sorted);
	return 0;
}

/* ---- Slices ---- */

static struct suite_photo known_of(const struct suite_photos *p,
				   const struct found_photo *photo)
{
	return (struct suite_photo){
		.name = photo->name,
		.labels = annotations_of(&p->labels, photo->name),
		.described = annotations_of(&p->metadata, photo->name),
	};
}

/* `named`: photos that the slice's own paths hold. */
static bool holds(const struct photo_finder *f, int slice, int i,
		  const bool *named)
{
	const struct suite_slice *s = &f->suite->slices[slice];
	const struct suite_photos *p = f->out;
	struct suite_photo known = known_of(p, &f->list[i]);

	if (f->list[i].first != i ||
	    (s->images ? !named[i] : f->list[i].slice != EVERY_SLICE))
		return false;
	if (!s->empty && !known.labels && !p->labels.missing_is_empty)
		return false;
	return suite_where_photo(&s->where, &known, &p->labels);
}

static int fill_slice(struct photo_finder *f, int slice, bool *named)
{
	struct suite_photos *p = f->out;
	int *list = arena_array(&p->arena, (size_t)f->count + 1, sizeof(*list));

	if (!list)
		return no_memory(f);
	memset(named, 0, (size_t)f->count * sizeof(*named));
	for (int i = 0; i < f->count; i++)
		if (f->list[i].slice == slice)
			named[f->list[i].first] = true;
	p->of_slice[slice] = list;
	for (int i = 0; i < f->count; i++)
		if (holds(f, slice, i, named))
			list[p->slice_counts[slice]++] = i;
	return 0;
}

static int fill_slices(struct photo_finder *f)
{
	struct suite_photos *p = f->out;
	size_t slices = (size_t)f->suite->slice_count;
	bool *named = calloc((size_t)f->count + 1, sizeof(*named));
	int err = named ? 0 : no_memory(f);

	p->of_slice = arena_array(&p->arena, slices, sizeof(*p->of_slice));
	p->slice_counts =
		arena_array(&p->arena, slices, sizeof(*p->slice_counts));
	if (!err && (!p->of_slice || !p->slice_counts))
		err = no_memory(f);
	for (int i = 0; !err && i < f->suite->slice_count; i++)
		err = fill_slice(f, i, named);
	free(named);
	return err;
}

/* ---- Photos that a slice holds ---- */

/* The dataset of the photos that are in use, and the slices in its numbers. */
static int keep_used(struct photo_finder *f)
{
	struct suite_photos *p = f->out;
	int *number = calloc((size_t)f->count + 1, sizeof(*number));
	int slices = f->suite->slice_count;

	p->dataset.items =
		calloc((size_t)f->count + 1, sizeof(*p->dataset.items));
	p->known =
		arena_array(&p->arena, (size_t)f->count + 1, sizeof(*p->known));
	if (!number || !p->dataset.items || !p->known) {
		free(number);
		return no_memory(f);
	}
	for (int s = 0; s < slices; s++)
		for (int i = 0; i < p->slice_counts[s]; i++)
			number[p->of_slice[s][i]] = 1;
	for (int i = 0; i < f->count; i++) {
		struct found_photo *photo = &f->list[i];
		int to = p->dataset.count;

		if (!number[i])
			continue;
		number[i] = to;
		p->dataset.items[to] = (struct dataset_item){ photo->path,
							      photo->name,
							      ITEM_PHOTO };
		p->known[to] = known_of(p, photo);
		photo->path = photo->name = NULL;
		p->dataset.count++;
	}
	for (int s = 0; s < slices; s++)
		for (int i = 0; i < p->slice_counts[s]; i++)
			p->of_slice[s][i] = number[p->of_slice[s][i]];
	free(number);
	return 0;
}

/* ---- The whole ---- */

static int read_tables(struct photo_finder *f)
{
	const struct command *cmd = &f->suite->command;
	struct suite_photos *p = f->out;
	const struct annotations *const tables[2] = { &p->labels,
						      &p->metadata };

	p->has_labels = cmd->config.labels != NULL;
	if (cmd->config.labels &&
	    annotations_read(&p->labels, cmd->config.labels, f->diag))
		return -1;
	if (cmd->metadata &&
	    annotations_read_photos(&p->metadata, cmd->metadata, f->diag))
		return -1;
	for (int i = 0; i < f->suite->slice_count; i++) {
		struct suite_slice *s = &f->suite->slices[i];

		if (!s->empty && !p->has_labels) {
			diag_error(f->diag, "%s: slice '%s' needs labels",
				   f->suite->path, s->name);
			diag_hint(f->diag,
				  "give --labels, or 'empty: true' if its "
				  "photos show nothing");
			return -1;
		}
		if (suite_where_resolve(&s->where, f->suite->path, tables,
					f->diag))
			return -1;
	}
	return 0;
}

int suite_photos_open(struct suite_photos *p, struct suite *s, struct diag *d)
{
	struct photo_finder f = { .out = p, .suite = s, .diag = d };
	int err;

	*p = (struct suite_photos){ 0 };
	arena_init(&p->arena, 0);
	err = read_tables(&f) || find_photos(&f) || merge_files(&f) ||
	      fill_slices(&f) || keep_used(&f);
	for (int i = 0; i < f.count; i++) {
		free(f.list[i].path);
		free(f.list[i].name);
		free(f.list[i].real);
	}
	free(f.list);
	return err ? -1 : 0;
}

void suite_photos_close(struct suite_photos *p)
{
	dataset_close(&p->dataset);
	if (p->has_labels)
		annotations_free(&p->labels);
	annotations_free(&p->metadata);
	arena_free(&p->arena);
}
