/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "converter/data/annotation_formats.h"

/* An id is a number; writers also have 3.0, "3" and names. */
struct coco_id {
	bool is_name;
	json_int_t number;
	const char *name;
};

/* Ids of images or categories, sorted. */
struct id_row {
	struct coco_id id;
	const char *text; /* key or name */
	struct attributes attributes;
};

struct id_table {
	struct id_row *rows;
	size_t count;
};

static bool read_id(const json_t *j, struct coco_id *out)
{
	const char *text = json_string_value(j);
	double x = json_number_value(j);
	int64_t n;

	*out = (struct coco_id){ 0 };
	if (text && text_to_i64(text, &n)) {
		out->is_name = true;
		out->name = text;
		return *text;
	}
	if (!text && (!json_is_number(j) || x < -9e15 || x > 9e15 ||
		      x != (double)(json_int_t)x))
		return false;
	out->number = text               ? n :
		      json_is_integer(j) ? json_integer_value(j) :
					   (json_int_t)x;
	return true;
}

/* Numbers first. */
static int by_id(const void *a, const void *b)
{
	const struct coco_id *x = &((const struct id_row *)a)->id;
	const struct coco_id *y = &((const struct id_row *)b)->id;

	if (x->is_name != y->is_name)
		return x->is_name - y->is_name;
	return x->is_name ? strcmp(x->name, y->name) :
			    (x->number > y->number) - (x->number < y->number);
}

static const struct id_row *find_id(const struct id_table *t, const json_t *id)
{
	struct id_row key = { 0 };

	if (!read_id(id, &key.id))
		return NULL;
	return bsearch(&key, t->rows, t->count, sizeof(key), by_id);
}

static int two_have(struct annotation_list *l, const char *path,
		    const char *what, const struct coco_id *id)
{
	return id->is_name ? diag_error(l->d, "%s: two %s have the id '%s'",
					path, what, id->name) :
			     diag_error(l->d, "%s: two %s have the id %lld",
					path, what, (long long)id->number);
}

/* {"attributes": {"night": true}}: lists and mappings in it are left out. */
static int read_attributes(struct annotation_list *l, const char *path,
			   const json_t *e, struct attributes *out)
{
	json_t *map = json_object_get(e, "attributes"), *value;
	const char *name;

	if (json_object_size(map) > ATTRIBUTES_MAX)
		return diag_error(l->d, "%s: more than %d attributes", path,
				  ATTRIBUTES_MAX);
	json_object_foreach(map, name, value)
	{
		char number[40];
		const char *text = json_string_value(value);

		if (json_is_boolean(value))
			text = json_is_true(value) ? "true" : "false";
		if (json_is_number(value)) {
			snprintf(number, sizeof(number), "%.10g",
				 json_number_value(value));
			text = number;
		}
		if (text && attributes_add(out, name, text, &l->out->arena))
			return diag_error(l->d, "out of memory");
	}
	return 0;
}

/* Each entry of the list `name` has an id and a text. */
static int read_ids(struct annotation_list *l, const char *path,
		    const json_t *root, const char *name, const char *field,
		    bool is_photo, struct id_table *out)
{
	const json_t *list = json_object_get(root, name);
	struct arena *arena = &l->out->arena;

	if (!json_is_array(list))
		return diag_error(
			l->d, "%s: has no list '%s', which COCO labels need",
			path, name);
	out->rows = arena_array(arena, json_array_size(list) + 1,
				sizeof(*out->rows));
	if (!out->rows)
		return diag_error(l->d, "out of memory");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);
		struct coco_id *id = &out->rows[i].id;
		const char *text = json_string_value(json_object_get(e, field));

		if (!read_id(json_object_get(e, "id"), id) || !text)
			return diag_error(l->d,
					  "%s: %s[%zu] lacks an id or '%s'",
					  path, name, i, field);
		out->rows[i].text = is_photo ? annotation_key(l, text) :
					       arena_strdup(arena, text);
		if (!out->rows[i].text)
			return diag_error(l->d, "out of memory");
		if (is_photo &&
		    read_attributes(l, path, e, &out->rows[i].attributes))
			return -1;
	}
	out->count = json_array_size(list);
	qsort(out->rows, out->count, sizeof(*out->rows), by_id);
	for (size_t i = 1; i < out->count; i++)
		if (!by_id(&out->rows[i], &out->rows[i - 1]))
			return two_have(l, path, name, &out->rows[i].id);
	return 0;
}

static int read_box(struct annotation_list *l, const char *path, size_t i,
		    const json_t *e, struct annotation_box *box)
{
	const json_t *list = json_object_get(e, "bbox");
	double v[4];

	for (size_t k = 0; k < 4; k++) {
		const json_t *x = json_array_get(list, k);

		v[k] = json_number_value(x);
		if (!json_is_number(x) || v[k] < -1e6 || v[k] > 1e6 ||
		    (k > 1 && v[k] < 0))
			return diag_error(l->d,
					  "%s: annotations[%zu]: bbox is not "
					  "x, y, width, height",
					  path, i);
	}
	box->x1 = (float)v[0];
	box->y1 = (float)v[1];
	box->x2 = (float)(v[0] + v[2]);
	box->y2 = (float)(v[1] + v[3]);
	return 0;
}

static int read_annotation(struct annotation_list *l, const char *path,
			   size_t i, const json_t *e,
			   const struct id_table *photos,
			   const struct id_table *classes)
{
	const struct id_row *photo =
		find_id(photos, json_object_get(e, "image_id"));
	const struct id_row *kind =
		find_id(classes, json_object_get(e, "category_id"));
	struct annotation_box box = { 0 };

	if (!photo || !kind)
		return diag_error(l->d,
				  "%s: annotations[%zu]: there is no such %s",
				  path, i, photo ? "category" : "image");
	if (read_box(l, path, i, e, &box))
		return -1;
	box.class_id = (uint32_t)(kind - classes->rows);
	box.ignore = json_integer_value(json_object_get(e, "iscrowd")) != 0 ||
		     json_is_true(json_object_get(e, "iscrowd"));
	return read_attributes(l, path, e, &box.attributes) ?
		       -1 :
		       annotation_add(l, photo->text, &box);
}

static int read_root(struct annotation_list *l, const char *path,
		     const json_t *root)
{
	const json_t *list = json_object_get(root, "annotations");
	struct id_table photos, classes;
	int err;

	if (read_ids(l, path, root, "images", "file_name", true, &photos) ||
	    read_ids(l, path, root, "categories", "name", false, &classes))
		return -1;
	if (!json_is_array(list))
		return diag_error(l->d, "%s: has no list 'annotations'", path);
	err = classes.count ?
		      annotation_class_id(l, (int64_t)classes.count - 1) :
		      0;
	for (size_t i = 0; !err && i < classes.count; i++)
		l->out->class_names[i] = classes.rows[i].text;
	for (size_t i = 0; !err && i < photos.count; i++)
		err = annotation_add_photo(l, photos.rows[i].text,
					   &photos.rows[i].attributes);
	for (size_t i = 0; !err && i < json_array_size(list); i++)
		err = read_annotation(l, path, i, json_array_get(list, i),
				      &photos, &classes);
	return err;
}

int annotations_read_coco(struct annotation_list *l, const char *path)
{
	size_t bytes;
	char *text = annotation_text(path, &bytes, l->d);
	json_error_t error;
	json_t *root;
	int err;

	if (!text)
		return -1;
	l->out->format = "COCO";
	l->out->is_boxes = true;
	root = json_loadb(text, bytes, 0, &error);
	free(text);
	if (!root)
		return diag_error(l->d, "%s:%d: %s", path, error.line,
				  error.text);
	err = read_root(l, path, root);
	json_decref(root);
	return err;
}
