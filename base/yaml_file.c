/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_read.h"

/* Lists of 65535 class names fit. */
#define MOST_BYTES ((size_t)8 << 20)
#define MOST_DEPTH 32
#define MOST_NODES 200000
#define MOST_ANCHORS 256
#define MOST_TEXT 65536

static int check_top(struct yaml_file *f, struct diag *d)
{
	yaml_node_t *top = yaml_document_get_root_node(&f->document);

	if (!top || top->type == YAML_MAPPING_NODE)
		return 0;
	return yaml_error(f, top, d, "expected 'key: value' lines");
}

static int not_valid(const struct yaml_file *f, const yaml_parser_t *parser,
		     struct diag *d)
{
	return diag_error(d, "%s:%zu: %s", f->name,
			  parser->problem_mark.line + 1,
			  parser->problem ? parser->problem : "not valid YAML");
}

/* What a document has; what is counted only grows, but for the depth. */
struct yaml_extent {
	size_t depth, nodes, anchors;
};

/* NULL, or what is too much. */
static const char *check_event(const yaml_event_t *e, struct yaml_extent *x)
{
	bool starts = e->type == YAML_MAPPING_START_EVENT ||
		      e->type == YAML_SEQUENCE_START_EVENT;
	bool ends = e->type == YAML_MAPPING_END_EVENT ||
		    e->type == YAML_SEQUENCE_END_EVENT;
	bool scalar = e->type == YAML_SCALAR_EVENT;

	x->depth += starts;
	x->depth -= ends;
	x->nodes += starts || scalar;
	x->anchors += e->type == YAML_ALIAS_EVENT ||
		      (scalar && e->data.scalar.anchor) ||
		      (e->type == YAML_MAPPING_START_EVENT &&
		       e->data.mapping_start.anchor) ||
		      (e->type == YAML_SEQUENCE_START_EVENT &&
		       e->data.sequence_start.anchor);
	if (x->depth > MOST_DEPTH)
		return "is nested too deeply";
	if (x->nodes > MOST_NODES)
		return "has too many entries";
	if (x->anchors > MOST_ANCHORS)
		return "has too many anchors and aliases";
	if (scalar && e->data.scalar.length > MOST_TEXT)
		return "has a text that is too long";
	if (scalar &&
	    strlen((const char *)e->data.scalar.value) != e->data.scalar.length)
		return "has a NUL in a text";
	return NULL;
}

/* The loader of libyaml builds any document, in time that is quadratic in
 * depth and anchors: the events are checked before. */
static int check_document(const struct yaml_file *f, const char *text,
			  size_t bytes, struct diag *d)
{
	struct yaml_extent extent = { 0 };
	yaml_parser_t parser;
	yaml_event_t event;
	bool done = false;
	int err = 0;

	if (!yaml_parser_initialize(&parser))
		return diag_error(d, "%s: out of memory", f->name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text,
				     bytes);
	while (!err && !done) {
		const char *what;

		if (!yaml_parser_parse(&parser, &event)) {
			err = not_valid(f, &parser, d);
			break;
		}
		done = event.type == YAML_STREAM_END_EVENT ||
		       event.type == YAML_DOCUMENT_END_EVENT;
		what = check_event(&event, &extent);
		if (what)
			err = diag_error(d, "%s:%zu: %s", f->name,
					 event.start_mark.line + 1, what);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return err;
}

void yaml_file_close(struct yaml_file *f)
{
	if (f->open)
		yaml_document_delete(&f->document);
	f->open = false;
}

static int parse_bytes(struct yaml_file *f, const char *text, size_t bytes,
		       struct diag *d)
{
	yaml_parser_t parser;
	int rc;

	if (check_document(f, text, bytes, d))
		return -1;
	if (!yaml_parser_initialize(&parser))
		return diag_error(d, "%s: out of memory", f->name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text,
				     bytes);
	if (yaml_parser_load(&parser, &f->document)) {
		f->open = true;
		rc = check_top(f, d);
		if (rc)
			yaml_file_close(f);
	} else {
		rc = not_valid(f, &parser, d);
	}
	yaml_parser_delete(&parser);
	return rc;
}

int yaml_file_read(struct yaml_file *f, const char *path, struct diag *d)
{
	struct regular_file file = { NULL, 0 };
	struct stat st;
	char *former;
	int err;

	*f = (struct yaml_file){ .name = path };
	/* an empty file is a document without entries */
	if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_size == 0)
		return parse_bytes(f, "", 0, d);
	former = diag_enter(d, path);
	err = regular_file_read(path, MOST_BYTES, &file, d);
	diag_leave(d, former);
	if (!err)
		err = parse_bytes(f, (const char *)file.data, file.size, d);
	regular_file_free(&file);
	return err;
}

int yaml_file_parse(struct yaml_file *f, const char *name, const char *text,
		    struct diag *d)
{
	*f = (struct yaml_file){ .name = name };
	return parse_bytes(f, text, strlen(text), d);
}

yaml_node_t *yaml_file_root(struct yaml_file *f)
{
	return yaml_document_get_root_node(&f->document);
}

bool yaml_entry(struct yaml_file *f, const yaml_node_t *map, int i,
		yaml_node_t **key, yaml_node_t **value)
{
	const yaml_node_pair_t *pair = map->data.mapping.pairs.start + i;

	if (map->type != YAML_MAPPING_NODE ||
	    pair >= map->data.mapping.pairs.top)
		return false;
	*key = yaml_document_get_node(&f->document, pair->key);
	*value = yaml_document_get_node(&f->document, pair->value);
	return *key && *value;
}

yaml_node_t *yaml_item(struct yaml_file *f, const yaml_node_t *list, int i)
{
	const yaml_node_item_t *item = list->data.sequence.items.start + i;

	if (list->type != YAML_SEQUENCE_NODE ||
	    item >= list->data.sequence.items.top)
		return NULL;
	return yaml_document_get_node(&f->document, *item);
}

const char *yaml_text(const yaml_node_t *n)
{
	if (n->type != YAML_SCALAR_NODE)
		return NULL;
	return (const char *)n->data.scalar.value;
}

int yaml_error(const struct yaml_file *f, const yaml_node_t *n, struct diag *d,
	       const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return diag_error(d, "%s:%zu: %s", f->name, n->start_mark.line + 1,
			  text);
}
