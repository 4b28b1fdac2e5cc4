/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sweep_plan.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

#include "base/yaml_file.h"
#include "cli/config_yaml.h"
#include "cli/options.h"

struct plan_reader {
	struct yaml_file file;
	yaml_node_t *models;
	/* the axes of the plan: key and list of each */
	yaml_node_t *keys[SWEEP_MAX_AXES], *lists[SWEEP_MAX_AXES];
	struct sweep_plan *plan;
	const struct command *base;
	struct diag *diag;
};

/* ---- Hashes of options ---- */

static void hash_text(crypto_hash_sha256_state *h, const char *text)
{
	crypto_hash_sha256_update(h, (const uint8_t *)text, strlen(text) + 1);
}

/* Of a value: texts, lists and mappings in their order. */
static void hash_node(crypto_hash_sha256_state *h, struct yaml_file *f,
		      const yaml_node_t *n)
{
	yaml_node_t *key, *value;

	if (n->type == YAML_SCALAR_NODE)
		hash_text(h, yaml_text(n));
	for (int i = 0; n->type == YAML_SEQUENCE_NODE && yaml_item(f, n, i);
	     i++) {
		hash_text(h, "-");
		hash_node(h, f, yaml_item(f, n, i));
	}
	for (int i = 0;
	     n->type == YAML_MAPPING_NODE && yaml_entry(f, n, i, &key, &value);
	     i++) {
		hash_node(h, f, key);
		hash_text(h, ":");
		hash_node(h, f, value);
	}
}

/* ---- Options of a job ---- */

static bool is_null(const yaml_node_t *n)
{
	const char *text = yaml_text(n);

	return text && (!*text || !strcmp(text, "~") || !strcmp(text, "null"));
}

/* What a job writes and prints is the sweep's own business. */
static bool is_own(const char *name)
{
	static const char *const own[] = { "output", "report",     "json",
					   "quiet",  "verbose",    "draw",
					   "trace",  "dump-after", "jobs" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!strcmp(name, own[i]))
			return true;
	return false;
}

static int set_option(struct plan_reader *r, const yaml_node_t *key,
		      const yaml_node_t *value, struct sweep_job *job,
		      crypto_hash_sha256_state *h)
{
	const char *name = yaml_text(key);
	const struct option_row *row = name ? option_find(name) : NULL;

	if (row && (is_own(name) || !(row->verbs & VERB_CONVERT)))
		return yaml_error(&r->file, key, r->diag,
				  "key '%s' is not one of a conversion in a "
				  "sweep",
				  name);
	hash_node(h, &r->file, key);
	hash_node(h, &r->file, value);
	return config_yaml_set(&r->file, key, value, &job->command, r->diag);
}

/* Options of a mapping, but for the named keys. */
static int set_options(struct plan_reader *r, const yaml_node_t *map,
		       const char *const *but, struct sweep_job *job,
		       crypto_hash_sha256_state *h)
{
	yaml_node_t *key, *value;

	for (int i = 0; yaml_entry(&r->file, map, i, &key, &value); i++) {
		const char *const *skip = but;
		const char *name = yaml_text(key);

		while (name && *skip && strcmp(*skip, name) != 0)
			skip++;
		if (name && *skip)
			continue;
		if (set_option(r, key, value, job, h))
			return -1;
	}
	return 0;
}

/* ---- Models ---- */

static yaml_node_t *find(struct plan_reader *r, const yaml_node_t *map,
			 const char *name)
{
	yaml_node_t *key, *value;

	for (int i = 0; yaml_entry(&r->file, map, i, &key, &value); i++)
		if (yaml_text(key) && !strcmp(yaml_text(key), name))
			return value;
	return NULL;
}

/* Path and name of item `i` of the models; options: its own, or NULL. */
static int read_model(struct plan_reader *r, int i, struct sweep_job *job,
		      const char **path, yaml_node_t **options)
{
	struct arena *a = &r->plan->arena;
	yaml_node_t *item = yaml_item(&r->file, r->models, i), *name = NULL;
	const char *slash = strrchr(r->file.name, '/'), *text;

	*options = NULL;
	if (item->type == YAML_MAPPING_NODE) {
		*options = item;
		name = find(r, item, "name");
		item = find(r, item, "model");
	}
	text = item ? yaml_text(item) : NULL;
	if (!text || !*text || (name && !yaml_text(name)))
		return yaml_error(&r->file, *options ? *options : r->models,
				  r->diag,
				  "a model is a path, or a mapping with "
				  "'model: PATH'");
	*path = *text != '/' && slash ?
			arena_printf(a, "%.*s/%s", (int)(slash - r->file.name),
				     r->file.name, text) :
			arena_strdup(a, text);
	if (!*path)
		return diag_error(r->diag, "out of memory");
	job->model = name ? arena_strdup(a, yaml_text(name)) :
			    command_stem(*path, a);
	return job->model ? 0 : diag_error(r->diag, "out of memory");
}

/* ---- Jobs ---- */

/* What a file name may hold without quotes. */
static char *file_name(char *text)
{
	for (char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			*c = '_';
	return text;
}

/* "MODEL-a53-bits4-max-size100KB" */
static int name_job(struct plan_reader *r, struct sweep_job *job)
{
	struct arena *a = &r->plan->arena;
	char *name = arena_strdup(a, job->model);

	for (int i = 0; name && i < r->plan->axis_count; i++) {
		const char *key = r->plan->axes[i].name;

		if (job->values[i])
			name = arena_printf(a, "%s-%s%s", name,
					    strcmp(key, "target") ? key : "",
					    job->values[i]);
	}
	if (!name)
		return diag_error(r->diag, "out of memory");
	job->name = file_name(name);
	for (const struct sweep_job *other = r->plan->jobs; other < job;
	     other++)
		if (!strcmp(other->name, job->name)) {
			yaml_error(&r->file, r->models, r->diag,
				   "two jobs have the name '%s'", job->name);
			diag_hint(r->diag, "give one of the models another "
					   "name: {model: PATH, name: OTHER}");
			return -1;
		}
	return 0;
}

static const char *text_of(struct plan_reader *r, const yaml_node_t *value)
{
	struct arena *a = &r->plan->arena;
	const char *text = "";

	if (value->type == YAML_SCALAR_NODE)
		return arena_strdup(a, yaml_text(value));
	for (int i = 0; text && yaml_item(&r->file, value, i); i++) {
		const char *part = yaml_text(yaml_item(&r->file, value, i));

		text = arena_printf(a, "%s%s%s", text, i ? "," : "",
				    part ? part : "?");
	}
	return text;
}

/* Job `index` of the model; `number` counts its combination. */
static int add_job(struct plan_reader *r, int model, int number)
{
	static const char *const top[] = { "models", "vary", NULL };
	static const char *const own[] = { "model", "name", NULL };
	struct sweep_plan *p = r->plan;
	struct sweep_job *job = &p->jobs[p->count];
	crypto_hash_sha256_state h;
	yaml_node_t *options;
	const char **path;

	job->command = *r->base;
	arena_init(&job->command.arena, 0);
	p->count++;
	job->values = arena_array(&p->arena, SWEEP_MAX_AXES, sizeof(char *));
	path = arena_array(&p->arena, 1, sizeof(*path));
	if (!job->values || !path)
		return diag_error(r->diag, "out of memory");
	crypto_hash_sha256_init(&h);
	if (read_model(r, model, job, path, &options) ||
	    set_options(r, yaml_file_root(&r->file), top, job, &h) ||
	    (options && set_options(r, options, own, job, &h)))
		return -1;
	for (int i = p->axis_count - 1; i >= 0; i--) {
		int n = p->axes[i].count;
		yaml_node_t *v = yaml_item(&r->file, r->lists[i], number % n);

		number /= n;
		if (is_null(v))
			continue;
		job->values[i] = text_of(r, v);
		if (!job->values[i])
			return diag_error(r->diag, "out of memory");
		if (set_option(r, r->keys[i], v, job, &h))
			return -1;
	}
	crypto_hash_sha256_final(&h, job->options_sha256);
	job->command.args = path;
	job->command.arg_count = 1;
	return name_job(r, job);
}

/* ---- The file ---- */

static int read_axes(struct plan_reader *r, const yaml_node_t *vary,
		     int *combinations)
{
	struct sweep_plan *p = r->plan;
	yaml_node_t *key, *list;

	*combinations = 1;
	if (vary && vary->type != YAML_MAPPING_NODE)
		return yaml_error(&r->file, vary, r->diag,
				  "'vary' is a mapping of options to lists");
	for (int i = 0; vary && yaml_entry(&r->file, vary, i, &key, &list);
	     i++) {
		struct sweep_axis *a = &p->axes[i];

		if (i == SWEEP_MAX_AXES)
			return yaml_error(&r->file, key, r->diag,
					  "more than %d options vary",
					  SWEEP_MAX_AXES);
		if (!yaml_text(key) || list->type != YAML_SEQUENCE_NODE ||
		    !yaml_item(&r->file, list, 0))
			return yaml_error(&r->file, key, r->diag,
					  "'%s' of 'vary' needs a list of "
					  "values",
					  yaml_text(key) ? yaml_text(key) :
							   "?");
		r->keys[i] = key;
		r->lists[i] = list;
		a->name = arena_strdup(&p->arena, yaml_text(key));
		if (!a->name)
			return diag_error(r->diag, "out of memory");
		while (yaml_item(&r->file, list, a->count))
			a->count++;
		p->axis_count++;
		if (a->count > SWEEP_MAX_JOBS / *combinations)
			return yaml_error(&r->file, key, r->diag,
					  "more than %d jobs", SWEEP_MAX_JOBS);
		*combinations *= a->count;
	}
	return 0;
}

static int read_plan(struct plan_reader *r)
{
	struct sweep_plan *p = r->plan;
	yaml_node_t *top = yaml_file_root(&r->file);
	int models = 0, combinations;

	r->models = top ? find(r, top, "models") : NULL;
	if (!r->models || r->models->type != YAML_SEQUENCE_NODE ||
	    !yaml_item(&r->file, r->models, 0)) {
		diag_error(r->diag, "%s: no models", r->file.name);
		diag_hint(r->diag, "models: [MODEL.onnx, ...]");
		return -1;
	}
	if (read_axes(r, find(r, top, "vary"), &combinations))
		return -1;
	while (yaml_item(&r->file, r->models, models))
		models++;
	if (models > SWEEP_MAX_JOBS / combinations)
		return yaml_error(&r->file, r->models, r->diag,
				  "more than %d jobs", SWEEP_MAX_JOBS);
	p->jobs = arena_array(&p->arena, (size_t)models * (size_t)combinations,
			      sizeof(*p->jobs));
	if (!p->jobs)
		return diag_error(r->diag, "out of memory");
	for (int m = 0; m < models; m++)
		for (int i = 0; i < combinations; i++)
			if (add_job(r, m, i))
				return -1;
	return 0;
}

int sweep_plan_read(struct sweep_plan *p, const char *path,
		    const struct command *base, struct diag *d)
{
	struct plan_reader r = { .plan = p, .base = base, .diag = d };
	int err;

	*p = (struct sweep_plan){ 0 };
	arena_init(&p->arena, 0);
	err = yaml_file_read(&r.file, path, d) || read_plan(&r);
	yaml_file_close(&r.file);
	return err ? -1 : 0;
}

void sweep_plan_free(struct sweep_plan *p)
{
	for (int i = 0; i < p->count; i++)
		command_free(&p->jobs[i].command);
	arena_free(&p->arena);
}
