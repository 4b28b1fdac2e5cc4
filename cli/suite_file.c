/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suite_file.h"

#include <string.h>

#include "base/text.h"
#include "cli/config_yaml.h"
#include "cli/options.h"
#include "converter/measure/share_check.h"

struct suite_reader {
	struct yaml_file file;
	struct suite *suite;
	struct diag *diag;
};

static const struct {
	const char *name;
	enum suite_bound usual;
} metrics[SUITE_METRICS] = {
	[SUITE_RECALL] = { "recall", SUITE_MIN },
	[SUITE_PRECISION] = { "precision", SUITE_MIN },
	[SUITE_F1] = { "f1", SUITE_MIN },
	[SUITE_AP50] = { "ap50", SUITE_MIN },
	[SUITE_AP] = { "ap", SUITE_MIN },
	[SUITE_ACCURACY] = { "accuracy", SUITE_MIN },
	[SUITE_FALSE_ALARMS] = { "false-alarms", SUITE_MAX },
};

static const char *const bounds[] = {
	[SUITE_MIN] = "min", [SUITE_MAX] = "max", [SUITE_DROP] = "drop"
};

const char *suite_metric_name(enum suite_metric m)
{
	return metrics[m].name;
}

const char *suite_bound_name(enum suite_bound b)
{
	return bounds[b];
}

static int no_memory(const struct suite_reader *r)
{
	return diag_error(r->diag, "out of memory");
}

static const char *copy_text(struct suite_reader *r, const yaml_node_t *n)
{
	return yaml_text(n) ? arena_strdup(&r->suite->arena, yaml_text(n)) :
			      NULL;
}

/* A path relative to the folder of the suite. */
static const char *copy_path(struct suite_reader *r, const yaml_node_t *n)
{
	const char *slash = strrchr(r->file.name, '/'), *text = yaml_text(n);

	if (!text || *text == '/' || !slash)
		return copy_text(r, n);
	return arena_printf(&r->suite->arena, "%.*s/%s",
			    (int)(slash - r->file.name), r->file.name, text);
}

static int unknown(struct suite_reader *r, const yaml_node_t *key,
		   const char *where, const char *known)
{
	yaml_error(&r->file, key, r->diag, "unknown key '%s' of %s",
		   yaml_text(key) ? yaml_text(key) : "?", where);
	diag_hint(r->diag, "keys are %s", known);
	return -1;
}

static int read_bool(struct suite_reader *r, const yaml_node_t *key,
		     const yaml_node_t *value, bool *out)
{
	const char *text = yaml_text(value);

	if (!text || (strcmp(text, "true") && strcmp(text, "false")))
		return yaml_error(&r->file, key, r->diag,
				  "key '%s' is true or false", yaml_text(key));
	*out = !strcmp(text, "true");
	return 0;
}

/* ---- Expectations ---- */

static int add_bound(struct suite_reader *r, struct suite_slice *s,
		     enum suite_metric metric, enum suite_bound bound,
		     const yaml_node_t *value)
{
	const char *text = yaml_text(value);
	double x, most = metric == SUITE_FALSE_ALARMS ? 1000 : 1;

	if (!text || text_to_double(text, &x) || x < 0 || x > most)
		return yaml_error(&r->file, value, r->diag,
				  "'%s' needs a number from 0 to %.0f",
				  metrics[metric].name, most);
	s->expect[s->expect_count++] =
		(struct suite_expectation){ metric, bound, x / most };
	return 0;
}

static int read_bounds(struct suite_reader *r, struct suite_slice *s,
		       enum suite_metric metric, yaml_node_t *map)
{
	yaml_node_t *key, *value;

	for (int i = 0; yaml_entry(&r->file, map, i, &key, &value); i++) {
		int b = 0;

		while (b <= SUITE_DROP &&
		       (!yaml_text(key) || strcmp(yaml_text(key), bounds[b])))
			b++;
		if (b > SUITE_DROP || i > SUITE_DROP)
			return unknown(r, key, metrics[metric].name,
				       "min, max, drop, each once");
		if (add_bound(r, s, metric, (enum suite_bound)b, value))
			return -1;
	}
	return 0;
}

/* recall: 0.9, or recall: {min: 0.9, drop: 0.02} */
static int read_expectations(struct suite_reader *r, struct suite_slice *s,
			     yaml_node_t *map)
{
	yaml_node_t *key, *value;
	size_t count = 0;

	if (map->type != YAML_MAPPING_NODE)
		return yaml_error(&r->file, map, r->diag,
				  "'expect' is a mapping of figures to limits");
	while (yaml_entry(&r->file, map, (int)count, &key, &value))
		count++;
	s->expect = arena_array(&r->suite->arena, 3 * count + 1,
				sizeof(*s->expect));
	if (!s->expect)
		return no_memory(r);
	for (int i = 0; yaml_entry(&r->file, map, i, &key, &value); i++) {
		int m = 0, err;

		while (m < SUITE_METRICS &&
		       (!yaml_text(key) ||
			strcmp(yaml_text(key), metrics[m].name)))
			m++;
		if (m == SUITE_METRICS)
			return unknown(r, key, "'expect'",
				       "recall, precision, f1, ap50, ap, "
				       "accuracy, false-alarms");
		err = value->type == YAML_MAPPING_NODE ?
			      read_bounds(r, s, (enum suite_metric)m, value) :
			      add_bound(r, s, (enum suite_metric)m,
					metrics[m].usual, value);
		if (err)
			return -1;
	}
	return 0;
}

/* ---- Slices ---- */

static int read_slice_key(struct suite_reader *r, struct suite_slice *s,
			  const yaml_node_t *key, yaml_node_t *value)
{
	const char *name = yaml_text(key) ? yaml_text(key) : "?";

	if (!strcmp(name, "images")) {
		s->images = copy_path(r, value);
		return s->images ? 0 :
				   yaml_error(&r->file, value, r->diag,
					      "'images' is a path or a "
					      "pattern");
	}
	if (!strcmp(name, "empty"))
		return read_bool(r, key, value, &s->empty);
	if (!strcmp(name, "where"))
		return suite_where_read(&s->where, &r->file, value,
					&r->suite->arena, r->diag);
	if (!strcmp(name, "expect"))
		return read_expectations(r, s, value);
	return unknown(r, key, "a slice", "images, empty, where, expect");
}

static int read_slice(struct suite_reader *r, const yaml_node_t *name,
		      yaml_node_t *map)
{
	struct suite_slice *s = &r->suite->slices[r->suite->slice_count];
	yaml_node_t *key, *value;

	s->name = copy_text(r, name);
	if (!s->name || !*s->name || map->type != YAML_MAPPING_NODE)
		return yaml_error(&r->file, name, r->diag,
				  "a slice is NAME: {where: ..., expect: "
				  "...}");
	for (int i = 0; i < r->suite->slice_count; i++)
		if (!strcmp(r->suite->slices[i].name, s->name))
			return yaml_error(&r->file, name, r->diag,
					  "two slices have the name '%s'",
					  s->name);
	r->suite->slice_count++;
	for (int i = 0; yaml_entry(&r->file, map, i, &key, &value); i++)
		if (read_slice_key(r, s, key, value))
			return -1;
	if (s->expect_count)
		return 0;
	return yaml_error(&r->file, name, r->diag, "slice '%s' expects nothing",
			  s->name);
}

static int read_slices(struct suite_reader *r, yaml_node_t *map)
{
	yaml_node_t *key, *value;
	size_t count = 0;

	while (map->type == YAML_MAPPING_NODE &&
	       yaml_entry(&r->file, map, (int)count, &key, &value))
		count++;
	if (!count)
		return yaml_error(&r->file, map, r->diag,
				  "'slices' is a mapping of names to slices");
	r->suite->slices =
		arena_array(&r->suite->arena, count, sizeof(*r->suite->slices));
	if (!r->suite->slices)
		return no_memory(r);
	for (int i = 0; yaml_entry(&r->file, map, i, &key, &value); i++)
		if (read_slice(r, key, value))
			return -1;
	return 0;
}

/* ---- The file ---- */

static int read_models(struct suite_reader *r, yaml_node_t *list)
{
	struct suite *s = r->suite;
	yaml_node_t *item;
	size_t count = 0;

	while (list->type == YAML_SEQUENCE_NODE &&
	       yaml_item(&r->file, list, (int)count))
		count++;
	s->models = arena_array(&s->arena, count + 1, sizeof(*s->models));
	if (!s->models)
		return no_memory(r);
	if (!count)
		return yaml_error(&r->file, list, r->diag,
				  "'models' is a list of paths");
	for (int i = 0; (item = yaml_item(&r->file, list, i)); i++) {
		s->models[i] = copy_path(r, item);
		if (!s->models[i])
			return yaml_error(&r->file, item, r->diag,
					  "a model is a path");
		s->model_count++;
	}
	return 0;
}

static int read_margin(struct suite_reader *r, const yaml_node_t *value)
{
	double *margin = &r->suite->margin;
	const char *text = yaml_text(value);

	if (text && !text_to_double(text, margin) && *margin >= 0 &&
	    *margin <= 1)
		return 0;
	return yaml_error(&r->file, value, r->diag,
			  "'margin' needs a number from 0 to 1");
}

static int read_too_few(struct suite_reader *r, const yaml_node_t *value)
{
	const char *text = yaml_text(value);

	if (!text || (strcmp(text, "report") && strcmp(text, "fail")))
		return yaml_error(&r->file, value, r->diag,
				  "'too-few' is report or fail");
	r->suite->too_few_fails = !strcmp(text, "fail");
	return 0;
}

/* What the command line decides alone. */
static bool is_own(const char *name)
{
	static const char *const own[] = { "output",  "json",  "quiet",
					   "verbose", "junit", "ascii",
					   "init",    "jobs" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!strcmp(name, own[i]))
			return true;
	return false;
}

static int read_key(struct suite_reader *r, const yaml_node_t *key,
		    yaml_node_t *value)
{
	const char *name = yaml_text(key) ? yaml_text(key) : "?";
	const struct option_row *row = option_find(name);

	if (!strcmp(name, "slices"))
		return read_slices(r, value);
	if (!strcmp(name, "models"))
		return read_models(r, value);
	if (!strcmp(name, "margin"))
		return read_margin(r, value);
	if (!strcmp(name, "too-few"))
		return read_too_few(r, value);
	if (!row || is_own(name) || !(row->verbs & VERB_TEST))
		return unknown(r, key, "a suite",
			       "slices, models, margin, too-few, and long "
			       "options of 'dbconvert help test'");
	return config_yaml_set(&r->file, key, value, &r->suite->command,
			       r->diag);
}

static int read_all(struct suite_reader *r)
{
	yaml_node_t *top = yaml_file_root(&r->file), *key, *value;

	for (int i = 0; top && yaml_entry(&r->file, top, i, &key, &value); i++)
		if (read_key(r, key, value))
			return -1;
	if (r->suite->slice_count)
		return 0;
	diag_error(r->diag, "%s: has no slices", r->file.name);
	diag_hint(r->diag, "'dbconvert test --init' writes a suite");
	return -1;
}

int suite_read(struct suite *s, const char *path, const struct command *base,
	       struct diag *d)
{
	struct suite_reader r = { .suite = s, .diag = d };
	int err;

	*s = (struct suite){ .path = path,
			     .command = *base,
			     .margin = SHARE_MARGIN };
	arena_init(&s->arena, 0);
	arena_init(&s->command.arena, 0);
	err = yaml_file_read(&r.file, path, d) || read_all(&r);
	yaml_file_close(&r.file);
	return err ? -1 : 0;
}

void suite_free(struct suite *s)
{
	arena_free(&s->command.arena);
	arena_free(&s->arena);
}
