/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config_yaml.h"

#include <string.h>
#include <unistd.h>

#include "base/yaml_file.h"
#include "cli/option_value.h"
#include "cli/options.h"
#include "converter/pack/packed_file.h"

struct config_reader {
	struct yaml_file *file;
	struct command *cmd;
	struct diag *diag;
	bool found; /* in the current folder, not given */
	bool seen[COMMAND_MAX_OPTIONS];
};

static bool is_one_of(const char *name, const char *const *list)
{
	while (*list && strcmp(*list, name) != 0)
		list++;
	return *list;
}

/* Whether the value of an option is a path: some take other texts too. */
static bool is_path(const char *name, const char *value)
{
	static const char *const paths[] = { "calib", "images",   "labels",
					     "head",  "output",   "report",
					     "draw",  "metadata", "baseline",
					     "junit", NULL };

	if (!strcmp(name, "classes"))
		return strchr(value, '.') && !strchr(value, ',');
	if (!strcmp(name, "target"))
		return strchr(value, '/') || strstr(value, ".yaml");
	return is_one_of(name, paths);
}

static bool leaves_folder(const char *path)
{
	if (*path == '/')
		return true;
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/')
		if (strcspn(p, "/") == 2 && !strncmp(p, "..", 2))
			return true;
	return false;
}

/* The folder that the command line names with -o. */
static const char *output_folder(const struct command *cmd, struct arena *a)
{
	const char *slash;

	if (!cmd->output)
		return ".";
	if (!packed_file_name(cmd->output))
		return cmd->output;
	slash = strrchr(cmd->output, '/');
	return slash ? arena_strndup(a, cmd->output,
				     (size_t)(slash - cmd->output)) :
		       ".";
}

/* The value as the command line would have it, in the arena; NULL when memory
 * is exhausted or the path is refused. */
static const char *value_of(struct config_reader *r,
			    const struct option_row *row, const yaml_node_t *at,
			    const char *value)
{
	static const char *const written[] = { "output", "report", "draw",
					       "junit", NULL };
	struct arena *a = &r->cmd->arena;
	const char *path = r->file->name, *slash = strrchr(path, '/');
	const char *copy;

	if (r->found && is_one_of(row->name, written) && leaves_folder(value)) {
		yaml_error(
			r->file, at, r->diag,
			"key '%s' leaves the folder, which is not taken from "
			"a file that was found",
			row->name);
		diag_hint(r->diag, "name the file with --config, or give --%s",
			  row->name);
		return NULL;
	}
	if (r->found && is_one_of(row->name, written + 1))
		copy = arena_printf(a, "%s/%s", output_folder(r->cmd, a),
				    value);
	else if (slash && *value != '/' && is_path(row->name, value))
		copy = arena_printf(a, "%.*s/%s", (int)(slash - path), path,
				    value);
	else
		copy = arena_strdup(a, value);
	if (!copy)
		diag_error(r->diag, "out of memory");
	return copy;
}

static int set_option(struct config_reader *r, const struct option_row *row,
		      const yaml_node_t *at, const char *value)
{
	char subject[256];
	const char *copy = value_of(r, row, at, value);

	if (!copy)
		return -1;
	snprintf(subject, sizeof(subject), "%s:%zu: key '%s'", r->file->name,
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

	for (int i = 0; yaml_item(r->file, list, i); i++) {
		const yaml_node_t *item = yaml_item(r->file, list, i);
		const char *text = yaml_text(item);

		if (!text)
			return yaml_error(r->file, item, r->diag,
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
			return yaml_error(r->file, list, r->diag,
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

	for (int i = 0; yaml_entry(r->file, map, i, &key, &value); i++) {
		const char *name = yaml_text(key), *dims = yaml_text(value);
		int n;

		if (!name || !dims)
			return yaml_error(r->file, key, r->diag,
					  "key 'shape' takes NAME: DIMS");
		n = snprintf(text, sizeof(text), "%s=%s", name, dims);
		if (n >= (int)sizeof(text))
			return yaml_error(r->file, key, r->diag,
					  "name '%s' is too long", name);
		if (set_option(r, row, key, text))
			return -1;
	}
	return 0;
}

static int unknown_key(struct config_reader *r, const yaml_node_t *key)
{
	const char *text = yaml_text(key), *near;

	yaml_error(r->file, key, r->diag, "unknown key '%s'",
		   text ? text : "?");
	near = text ? option_nearest(text) : NULL;
	if (near)
		diag_hint(r->diag, "did you mean '%s'?", near);
	else
		diag_hint(r->diag, "keys are the long options of "
				   "'dbconvert help convert'");
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
		return yaml_error(r->file, key, r->diag,
				  "key '%s' is given twice", text);
	r->seen[option_index(row)] = true;
	if (r->cmd->given[option_index(row)])
		return 0;
	if (value->type == YAML_SEQUENCE_NODE)
		return set_sequence(r, row, value);
	if (value->type == YAML_MAPPING_NODE && row->kind == OPTION_SHAPE)
		return set_shapes(r, row, value);
	if (value->type != YAML_SCALAR_NODE)
		return yaml_error(r->file, value, r->diag,
				  "key '%s' does not take a mapping", text);
	return set_option(r, row, value, yaml_text(value));
}

static bool is_output(const yaml_node_t *key)
{
	const char *text = yaml_text(key);

	return text && !strcmp(text, "output");
}

int config_yaml_set(struct yaml_file *file, const yaml_node_t *key,
		    const yaml_node_t *value, struct command *cmd,
		    struct diag *d)
{
	struct config_reader r = { .file = file, .cmd = cmd, .diag = d };

	return apply_key(&r, key, value);
}

int config_yaml_apply(struct command *cmd, struct diag *d)
{
	struct yaml_file file;
	struct config_reader r = { .file = &file, .cmd = cmd, .diag = d };
	const char *path = cmd->config_file;
	yaml_node_t *top, *key, *value;
	int rc;

	if (!path) {
		path = "dbconvert.yaml";
		if (access(path, F_OK) != 0)
			return 0;
		r.found = true;
		diag_alert(d, "options are also read from './%s'", path);
	}
	rc = yaml_file_read(&file, path, d);
	top = rc == 0 ? yaml_file_root(&file) : NULL;
	/* the output folder first: reports lie in it */
	for (int round = 0; round < 2; round++)
		for (int i = 0; top && rc == 0; i++) {
			if (!yaml_entry(&file, top, i, &key, &value))
				break;
			if (is_output(key) == (round == 0))
				rc = apply_key(&r, key, value);
		}
	yaml_file_close(&file);
	return rc;
}
