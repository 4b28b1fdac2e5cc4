/* SPDX-License-Identifier: Apache-2.0 */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "converter/data/annotation_formats.h"

#define MAX_DEPTH 16
#define MAX_TEXT 256

/* The state of the parser in one file. */
struct voc {
	struct annotation_list *list;
	const char *path, *key;
	XML_Parser parser;
	char names[MAX_DEPTH][32]; /* of the enclosing elements */
	int depth;
	char text[MAX_TEXT];
	size_t text_bytes;
	char name[MAX_TEXT];  /* of the object */
	char title[MAX_TEXT]; /* of an <attribute> of it */
	struct attributes attributes;
	double corner[4];
	unsigned have; /* corners */
	bool difficult, failed;
};

static void fail(struct voc *v, const char *what)
{
	if (!v->failed)
		diag_error(v->list->d, "%s:%lu: %s", v->path,
			   (unsigned long)XML_GetCurrentLineNumber(v->parser),
			   what);
	v->failed = true;
	XML_StopParser(v->parser, XML_FALSE);
}

static void begin(void *ctx, const char *name, const char **attributes)
{
	struct voc *v = ctx;

	(void)attributes;
	if (v->depth == MAX_DEPTH) {
		fail(v, "elements lie too deep in each other");
		return;
	}
	snprintf(v->names[v->depth++], sizeof(v->names[0]), "%s", name);
	v->text_bytes = 0;
	if (strcmp(name, "object"))
		return;
	v->name[0] = 0;
	v->have = 0;
	v->difficult = false;
	v->attributes = (struct attributes){ 0 };
}

static void characters(void *ctx, const char *s, int count)
{
	struct voc *v = ctx;

	for (int i = 0; i < count && v->text_bytes < MAX_TEXT - 1; i++)
		v->text[v->text_bytes++] = s[i];
}

/* Removes blanks at both ends. */
static char *trimmed(struct voc *v)
{
	char *s = v->text;
	size_t n = v->text_bytes;

	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	s[n] = 0;
	return s + strspn(s, " \t\r\n");
}

static bool is_in(const struct voc *v, const char *parent)
{
	return v->depth > 1 && !strcmp(v->names[v->depth - 2], parent);
}

static void add_object(struct voc *v)
{
	struct annotation_box box = { .x1 = (float)v->corner[0],
				      .y1 = (float)v->corner[1],
				      .x2 = (float)v->corner[2],
				      .y2 = (float)v->corner[3],
				      .ignore = v->difficult,
				      .attributes = v->attributes };
	int id;

	if (!v->name[0] || v->have != 15) {
		fail(v, "an object lacks its name or its bndbox");
		return;
	}
	if (v->corner[2] < v->corner[0] || v->corner[3] < v->corner[1]) {
		fail(v, "a box has a negative size");
		return;
	}
	id = annotation_class(v->list, v->name);
	box.class_id = (uint32_t)id;
	if (id < 0 || annotation_add(v->list, v->key, &box)) {
		v->failed = true;
		XML_StopParser(v->parser, XML_FALSE);
	}
}

/* <pose>, <truncated> and <occluded> of an object, and what tools add to it:
 * <attributes><attribute><name/><value/></attribute></attributes>. */
static void add_attribute(struct voc *v, const char *name, const char *text)
{
	static const char *const own[] = { "pose", "truncated", "occluded" };
	const char *title = NULL;

	for (int i = 0; i < 3; i++)
		if (!strcmp(name, own[i]) && is_in(v, "object"))
			title = own[i];
	if (!strcmp(name, "name") && is_in(v, "attribute"))
		snprintf(v->title, sizeof(v->title), "%s", text);
	if (!strcmp(name, "value") && is_in(v, "attribute"))
		title = v->title;
	if (!title || !*title || !*text)
		return;
	if (v->attributes.count == ATTRIBUTES_MAX)
		fail(v, "an object has too many attributes");
	else if (attributes_add(&v->attributes, title, text,
				&v->list->out->arena))
		fail(v, "out of memory");
}

static void end(void *ctx, const char *name)
{
	static const char *const corners[] = { "xmin", "ymin", "xmax", "ymax" };
	struct voc *v = ctx;
	const char *text = trimmed(v);

	for (int i = 0; i < 4; i++) {
		if (strcmp(name, corners[i]) || !is_in(v, "bndbox"))
			continue;
		if (text_to_double(text, &v->corner[i]) ||
		    v->corner[i] < -1e6 || v->corner[i] > 1e6) {
			fail(v, "a corner is not a number of pixels");
			return;
		}
		v->have |= 1u << i;
	}
	if (!strcmp(name, "name") && is_in(v, "object"))
		snprintf(v->name, sizeof(v->name), "%s", text);
	if (!strcmp(name, "difficult") && is_in(v, "object"))
		v->difficult = !strcmp(text, "1");
	add_attribute(v, name, text);
	if (!strcmp(name, "object") && !v->failed)
		add_object(v);
	v->depth--;
	v->text_bytes = 0;
}

/* Entities could expand to gigabytes: they are errors. */
static void doctype(void *ctx, const char *name, const char *system,
		    const char *public, int has_subset)
{
	(void)name;
	(void)system;
	(void)public;
	if (has_subset)
		fail(ctx, "declarations are not taken");
}

static int parse(struct voc *v, const char *text, size_t bytes)
{
	XML_SetUserData(v->parser, v);
	XML_SetElementHandler(v->parser, begin, end);
	XML_SetCharacterDataHandler(v->parser, characters);
	XML_SetStartDoctypeDeclHandler(v->parser, doctype);
	/* some files begin with an empty line, which XML forbids */
	while (bytes && strchr(" \t\r\n", *text)) {
		text++;
		bytes--;
	}
	if (XML_Parse(v->parser, text, (int)bytes, 1) == XML_STATUS_ERROR &&
	    !v->failed)
		fail(v, XML_ErrorString(XML_GetErrorCode(v->parser)));
	return v->failed ? -1 : 0;
}

static int read_file(struct annotation_list *l, const char *folder,
		     const char *name)
{
	struct voc v = { .list = l };
	char path[4096];
	size_t bytes;
	char *text;
	int err = -1;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	text = annotation_text(path, &bytes, l->d);
	if (!text)
		return -1;
	v.path = path;
	v.key = annotation_key(l, name);
	v.parser = XML_ParserCreate(NULL);
	if (!v.parser)
		diag_error(l->d, "out of memory");
	else if (!annotation_add(l, v.key, NULL))
		err = parse(&v, text, bytes);
	if (v.parser)
		XML_ParserFree(v.parser);
	free(text);
	return err;
}

int annotations_read_voc(struct annotation_list *l, const char *folder)
{
	l->out->format = "Pascal VOC";
	l->out->is_boxes = true;
	if (annotation_files(l, folder, ".xml", read_file))
		return -1;
	return annotation_sort_classes(l);
}
