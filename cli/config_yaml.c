/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config_yaml.h"

#include <string.h>
#include <unistd.h>

#include "base/yaml_file.h"
#include "cli/option_value.h"
#include "cli/options.h"

struct config_reader {
	struct yaml_file file;
	struct command *cmd;
	struct diag *diag;
	bool seen[COMMAND_MAX_OPTIONS];
};

static int set_option(struct config_reader *r, const struct option_row *row,
		      const yaml_node_t *at, const char *value)
{
	char subject[256];
	const char *copy = arena_strdup(&r->cmd->arena, value);

	if (!copy)
		return diag_error(r->diag, "out of memory");
	snprintf(subject, sizeof(subject), "%s:%zu: key '%s'", r->file.name,
		 at->start_mark.line + 1, row->name);
	return option_set(r->cmd, row, subject, copy, r->diag);
}

static bool may_repeat(const struct option_row *row)
{
	return row->kind == OPTION_SHAPE || row->kind == OPTION_REPORT;
}

/* [1, 2, 3] means "1,2,3", or a repeated option if it may be repeated. */
static int set_sequence(struct config_reader *r, const struct option_row *row,
			const yaml_node_t *list)
{
	char joined[256] = "";
	size_t length = 0;

	for (int i = 0; yaml_item(&r->file, list, i); i++) {
		const yaml_node_t *item = yaml_item(&r->file, list, i);
		const char *text = yaml_text(item);

		if (!text)
			return yaml_error(&r->file, item, r->diag,
					  "key '%s' holds a list in a list",
					  row->name);
		if (may_repeat(row)) {
			if (set_option(r, row, item, text))
				return -1;
			continue;
		}
		length += (size_t)snprintf(joined + length,
					   sizeof(joined) - length, "%s%s",
					   i ? "," : "", text);
		if (length >= sizeof(joined))
			return yaml_error(&r->file, list, r->diag,
					  "key '%s' is too long", row->name);
	}
	return may_repeat(row) ? 0 : set_option(r, row, list, joined);
}

/* {input: 1x3x320x320} */
static int set_shapes(struct config_reader *r, const struct option_row *row,
		      const yaml_node_t *map)
{
	yaml_node_t *key, *value;
	char text[256];

	for (int i = 0; yaml_entry(&r->file, map, i, &key, &value); i++) {
		const char *name = yaml_text(key), *dims = yaml_text(value);
		int n;

		if (!name || !dims)
			return yaml_error(&r->file, key, r->diag,
					  "key 'shape' takes NAME: DIMS");
		n = snprintf(text, sizeof(text), "%s=%s", name, dims);
		if (n >= (int)sizeof(text))
			return yaml_error(&r->file, key, r->diag,
					  "name '%s' is too long", name);
		if (set_option(r, row, key, text))
			return -1;
	}
	return 0;
}

static int unknown_key(struct config_reader *r, const yaml_node_t *key)
{
	const char *text = yaml_text(key), *near;

	yaml_error(&r->file, key, r->diag, "unknown key '%s'",
		   text ? text : "?");
	near = text ? option_nearest(text) : NULL;
	if (near)
		diag_hint(r->diag, "did you mean '%s'?", near);
	else
		diag_hint(r->diag, "keys are the long options of "
				   "'dbconvert --help'");
	return -1;
}

static int apply_key(struct config_reader *r, const yaml_node_t *key,
		     const yaml_node_t *value)
{
	const char *text = yaml_text(key);
	const struct option_row *row = text ? option_find(text) : NULL;

	if (!row || !option_is_key(row))
		return unknown_key(r, key);
	if (r->seen[option_index(row)])
		return yaml_error(&r->file, key, r->diag,
				  "key '%s' is given twice", text);
	r->seen[option_index(row)] = true;
	if (r->cmd->given[option_index(row)])
		return 0;
	if (value->type == YAML_SEQUENCE_NODE)
		return set_sequence(r, row, value);
	if (value->type == YAML_MAPPING_NODE && row->kind == OPTION_SHAPE)
		return set_shapes(r, row, value);
	if (value->type != YAML_SCALAR_NODE)
		return yaml_error(&r->file, value, r->diag,
				  "key '%s' does not take a mapping", text);
	return set_option(r, row, value, yaml_text(value));
}

int config_yaml_apply(struct command *cmd, struct diag *d)
{
	struct config_reader r = { .cmd = cmd, .diag = d };
	const char *path = cmd->config_file;
	yaml_node_t *top, *key, *value;
	int rc;

	if (!path) {
		path = "dbconvert.yaml";
		if (access(path, F_OK) != 0)
			return 0;
		diag_note(d, "options are also read from '%s'", path);
	}
	rc = yaml_file_read(&r.file, path, d);
	top = rc == 0 ? yaml_file_root(&r.file) : NULL;
	for (int i = 0; top && rc == 0; i++) {
		if (!yaml_entry(&r.file, top, i, &key, &value))
			break;
		rc = apply_key(&r, key, value);
	}
	yaml_file_close(&r.file);
	return rc;
}
