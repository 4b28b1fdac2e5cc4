/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int check_top(struct yaml_file *f, struct diag *d)
{
	yaml_node_t *top = yaml_document_get_root_node(&f->document);

	if (!top || top->type == YAML_MAPPING_NODE)
		return 0;
	return yaml_error(f, top, d, "expected 'key: value' lines");
}

static int load_document(struct yaml_file *f, yaml_parser_t *parser,
			 struct diag *d)
{
	if (!yaml_parser_load(parser, &f->document))
		return diag_error(
			d, "%s:%zu: %s", f->name, parser->problem_mark.line + 1,
			parser->problem ? parser->problem : "not valid YAML");
	f->open = true;
	return check_top(f, d);
}

int yaml_file_read(struct yaml_file *f, const char *path, struct diag *d)
{
	yaml_parser_t parser;
	FILE *in = fopen(path, "rb");
	int rc = -1;

	*f = (struct yaml_file){ .name = path };
	if (!in)
		return diag_error(d, "%s: %s", path, strerror(errno));
	if (yaml_parser_initialize(&parser)) {
		yaml_parser_set_input_file(&parser, in);
		rc = load_document(f, &parser, d);
		yaml_parser_delete(&parser);
	} else {
		diag_error(d, "%s: out of memory", path);
	}
	fclose(in);
	return rc;
}

int yaml_file_parse(struct yaml_file *f, const char *name, const char *text,
		    struct diag *d)
{
	yaml_parser_t parser;
	int rc;

	*f = (struct yaml_file){ .name = name };
	if (!yaml_parser_initialize(&parser))
		return diag_error(d, "%s: out of memory", name);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text,
				     strlen(text));
	rc = load_document(f, &parser, d);
	yaml_parser_delete(&parser);
	return rc;
}

void yaml_file_close(struct yaml_file *f)
{
	if (f->open)
		yaml_document_delete(&f->document);
	f->open = false;
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
