/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/yaml_file.h"
#include "converter/data/annotation_formats.h"

#define MAX_NUMBERS \
	4096 /* numbers on a line; a polygon may have many corners */

static bool is_names_file(const char *name)
{
	return !strcmp(name, "classes.txt") || !strcmp(name, "names.txt");
}

/* Reads the numbers of a line; returns their count, or -1. */
static int read_numbers(char *line, double *out)
{
	int n = 0;

	for (char *rest, *word = strtok_r(line, " \t\r", &rest); word;
	     word = strtok_r(NULL, " \t\r", &rest)) {
		if (n == MAX_NUMBERS || text_to_double(word, &out[n]))
			return -1;
		n++;
	}
	return n;
}

static void box_of_center(const double *v, struct annotation_box *b)
{
	b->x1 = (float)(v[0] - v[2] / 2);
	b->y1 = (float)(v[1] - v[3] / 2);
	b->x2 = (float)(v[0] + v[2] / 2);
	b->y2 = (float)(v[1] + v[3] / 2);
}

static void box_of_polygon(const double *v, int corners,
			   struct annotation_box *b)
{
	double x1 = v[0], x2 = v[0], y1 = v[1], y2 = v[1];

	for (int i = 1; i < corners; i++) {
		x1 = v[2 * i] < x1 ? v[2 * i] : x1;
		x2 = v[2 * i] > x2 ? v[2 * i] : x2;
		y1 = v[2 * i + 1] < y1 ? v[2 * i + 1] : y1;
		y2 = v[2 * i + 1] > y2 ? v[2 * i + 1] : y2;
	}
	b->x1 = (float)x1;
	b->y1 = (float)y1;
	b->x2 = (float)x2;
	b->y2 = (float)y2;
}

/* class cx cy w h [score], or class x y x y x y ... */
static int read_line(struct annotation_list *l, const char *path, int number,
		     const char *key, char *line)
{
	static double v[MAX_NUMBERS];
	struct annotation_box box = { 0 };
	int n = read_numbers(line, v);

	if (n == 0)
		return 0;
	if (n < 5 || (n > 6 && n % 2 == 0) || v[0] < 0 ||
	    v[0] != (double)(int64_t)v[0])
		return diag_error(l->d,
				  "%s:%d: is not `class cx cy width height`",
				  path, number);
	for (int i = 1; i < n; i++)
		if (v[i] < -1 || v[i] > 2 || (n < 7 && i > 2 && v[i] < 0))
			return diag_error(
				l->d, "%s:%d: coordinates are not from 0 to 1",
				path, number);
	if (annotation_class_id(l, (int64_t)v[0]))
		return -1;
	box.class_id = (uint32_t)v[0];
	if (n > 6)
		box_of_polygon(v + 1, (n - 1) / 2, &box);
	else
		box_of_center(v + 1, &box);
	return annotation_add(l, key, &box);
}

static int read_file(struct annotation_list *l, const char *folder,
		     const char *name)
{
	char path[4096];
	const char *key;
	size_t bytes;
	char *text, *line;
	int err, number = 1;

	if (is_names_file(name))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	text = annotation_text(path, &bytes, l->d);
	if (!text)
		return -1;
	key = annotation_key(l, name);
	err = annotation_add(l, key, NULL);
	for (line = text; !err && line; number++) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = 0;
		err = read_line(l, path, number, key, line);
		line = end;
	}
	free(text);
	return err;
}

/* ---- Names ---- */

static int name_class(struct annotation_list *l, int64_t id, const char *name)
{
	if (annotation_class_id(l, id))
		return -1;
	l->out->class_names[id] = arena_strdup(&l->out->arena, name);
	return l->out->class_names[id] ? 0 : diag_error(l->d, "out of memory");
}

static int names_of_lines(struct annotation_list *l, const char *path)
{
	size_t bytes;
	char *text = annotation_text(path, &bytes, l->d), *rest;
	int64_t id = 0;
	int err = text ? 0 : -1;

	for (char *line = text ? strtok_r(text, "\r\n", &rest) : NULL;
	     !err && line; line = strtok_r(NULL, "\r\n", &rest))
		err = name_class(l, id++, line);
	free(text);
	return err;
}

/* names: [a, b], or names: {0: a, 1: b} */
static int names_of_yaml(struct annotation_list *l, const char *path)
{
	yaml_node_t *key, *value, *names = NULL, *id, *item;
	struct yaml_file f;
	int err = 0;

	if (yaml_file_read(&f, path, l->d))
		return -1;
	for (int i = 0; yaml_file_root(&f) &&
			yaml_entry(&f, yaml_file_root(&f), i, &key, &value);
	     i++)
		if (yaml_text(key) && !strcmp(yaml_text(key), "names"))
			names = value;
	for (int i = 0; !err && names && names->type == YAML_SEQUENCE_NODE &&
			(item = yaml_item(&f, names, i));
	     i++)
		err = yaml_text(item) ? name_class(l, i, yaml_text(item)) : 0;
	for (int i = 0; !err && names && names->type == YAML_MAPPING_NODE &&
			yaml_entry(&f, names, i, &id, &item);
	     i++) {
		int64_t n;

		if (yaml_text(id) && yaml_text(item) &&
		    !text_to_i64(yaml_text(id), &n))
			err = name_class(l, n, yaml_text(item));
	}
	yaml_file_close(&f);
	return err;
}

static int read_names(struct annotation_list *l, const char *folder)
{
	static const char *const files[] = { "classes.txt", "names.txt",
					     "obj.names", "data.yaml" };
	char path[4096];
	struct stat st;

	for (int above = 0; above < 2; above++)
		for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
			snprintf(path, sizeof(path), "%s/%s%s", folder,
				 above ? "../" : "", files[i]);
			if (stat(path, &st))
				continue;
			return strstr(files[i], ".yaml") ?
				       names_of_yaml(l, path) :
				       names_of_lines(l, path);
		}
	return 0;
}

int annotations_read_yolo(struct annotation_list *l, const char *folder)
{
	l->out->format = "YOLO";
	l->out->is_boxes = l->out->normalized = true;
	l->out->missing_is_empty = true;
	if (read_names(l, folder))
		return -1;
	return annotation_files(l, folder, ".txt", read_file);
}
