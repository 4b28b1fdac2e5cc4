/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of classifiers: a list of photos, or one folder for each class. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "converter/data/annotation_formats.h"
#include "converter/data/image_file.h"

struct csv_line {
	char *photo, *label;
};

/* Splits `photo,class`; removes blanks around the parts and quotes. */
static bool split_line(char *line, struct csv_line *out)
{
	char *comma = strchr(line, ',');
	char *part[2] = { line, comma ? comma + 1 : NULL };

	if (!comma)
		return false;
	*comma = 0;
	for (int i = 0; i < 2; i++) {
		size_t n;

		part[i] += strspn(part[i], " \t\"");
		n = strcspn(part[i], ",");
		while (n && strchr(" \t\r\"", part[i][n - 1]))
			n--;
		part[i][n] = 0;
	}
	*out = (struct csv_line){ part[0], part[1] };
	return *part[0] && *part[1];
}

/* A class by number; tables also write whole numbers as 3.0. */
static int class_number(const char *label, int64_t *id)
{
	double x;

	if (!text_to_i64(label, id))
		return 0;
	if (text_to_double(label, &x) || x < -1e9 || x > 1e9 ||
	    x != (double)(int64_t)x)
		return -1;
	*id = (int64_t)x;
	return 0;
}

static int add_line(struct annotation_list *l, const struct csv_line *line,
		    bool numbers)
{
	struct annotation_box box = { 0 };
	int64_t id = -1;

	if (numbers) {
		if (class_number(line->label, &id) ||
		    annotation_class_id(l, id))
			return -1;
	} else {
		id = annotation_class(l, line->label);
		if (id < 0)
			return -1;
	}
	box.class_id = (uint32_t)id;
	return annotation_add(l, annotation_key(l, line->photo), &box);
}

/* The first line is a title if its class is not a number but all others are. */
static int read_lines(struct annotation_list *l, const char *path, char *text)
{
	size_t lines = 1, count = 0;
	struct csv_line *list;
	bool numbers = true;
	int err = 0, number = 1;
	int64_t id;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	list = calloc(lines + 1, sizeof(*list));
	if (!list)
		return diag_error(l->d, "out of memory");
	for (char *line = text; !err && line; number++) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = 0;
		if (line[strspn(line, " \t\r")] && line[0] != '#') {
			if (!split_line(line, &list[count]))
				err = diag_error(l->d,
						 "%s:%d: is not `photo,class`",
						 path, number);
			else
				count++;
		}
		line = end;
	}
	for (size_t i = 1; i < count; i++)
		numbers &= !class_number(list[i].label, &id);
	for (size_t i = 0; !err && i < count; i++) {
		bool title = i == 0 && (!strcmp(list[i].photo, "file") ||
					!strchr(list[i].photo, '.'));

		if (!title)
			err = add_line(l, &list[i], numbers);
	}
	free(list);
	return err || numbers ? err : annotation_sort_classes(l);
}

int annotations_read_csv(struct annotation_list *l, const char *path)
{
	size_t bytes;
	char *text = annotation_text(path, &bytes, l->d);
	int err;

	if (!text)
		return -1;
	l->out->format = "CSV";
	err = read_lines(l, path, text);
	if (err && !diag_failed(l->d))
		diag_error(l->d, "%s: classes must be numbers from 0 to %d",
			   path, ANNOTATIONS_MAX_CLASSES - 1);
	free(text);
	return err;
}

/* ---- A folder a class ---- */

static int add_photo(struct annotation_list *l, const char *folder,
		     const char *name)
{
	const char *parent = strrchr(folder, '/') + 1;
	struct annotation_box box = { .class_id = l->out->class_count - 1 };
	const char *stem = annotation_key(l, name);

	if (!stem)
		return diag_error(l->d, "out of memory");
	return annotation_add(
		l, arena_printf(&l->out->arena, "%s/%s", parent, stem), &box);
}

static int read_class(struct annotation_list *l, const char *folder,
		      const char *name)
{
	const char *path = arena_printf(&l->out->arena, "%s/%s", folder, name);
	int err = 0;

	if (!path)
		return diag_error(l->d, "out of memory");
	if (annotation_class(l, name) < 0)
		return -1;
	for (int i = 0; !err && image_endings[i]; i++)
		err = annotation_files(l, path, image_endings[i], add_photo);
	return err;
}

int annotations_read_folders(struct annotation_list *l, const char *folder)
{
	l->out->format = "folders";
	return annotation_files(l, folder, NULL, read_class);
}
