/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_inputs.h"

#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/output_names.h"
#include "converter/data/dataset.h"

struct gatherer {
	struct run_inputs *out;
	const struct model_runner *runner;
	int room;
	struct arena *arena;
	struct diag *diag;
};

static int no_memory(const struct gatherer *g)
{
	return diag_error(g->diag, "out of memory");
}

/* "a/b/c.png" below a folder is "a/b/c". */
static const char *folder_of(const char *name, struct arena *a)
{
	const char *slash = strrchr(name, '/');
	const char *stem = command_stem(name, a);

	if (stem && (!strcmp(stem, ".") || !strcmp(stem, "..")))
		stem = "_";
	return slash && stem ? arena_printf(a, "%.*s/%s", (int)(slash - name),
					    name, stem) :
			       stem;
}

static int add_item(struct gatherer *g, const char *name,
		    const char *const *files, const char *folder)
{
	struct run_inputs *r = g->out;

	if (r->count == g->room) {
		int room = g->room ? 2 * g->room : 64;
		struct run_item *larger =
			arena_array(g->arena, (size_t)room, sizeof(*larger));

		if (!larger)
			return no_memory(g);
		if (r->count)
			memcpy(larger, r->items,
			       (size_t)r->count * sizeof(*larger));
		r->items = larger;
		g->room = room;
	}
	if (!name || !files || !folder)
		return no_memory(g);
	r->items[r->count++] = (struct run_item){ name, files, folder };
	return 0;
}

static int add_file(struct gatherer *g, const char *path, const char *below)
{
	const char **files = arena_array(g->arena, 1, sizeof(*files));
	const char *own = arena_strdup(g->arena, path);

	if (!files || !own)
		return no_memory(g);
	files[0] = own;
	return add_item(g, own, files, folder_of(below, g->arena));
}

static int add_folder(struct gatherer *g, const char *path)
{
	struct dataset set;
	int err = dataset_open(&set, path, g->diag);

	for (int i = 0; !err && i < set.count; i++)
		err = add_file(g, set.items[i].path, set.items[i].name);
	dataset_close(&set);
	return err;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int add_argument(struct gatherer *g, const char *arg)
{
	const char *name = model_runner_input_name(g->runner, 0);
	const char *slash = strrchr(arg, '/');
	size_t n = strlen(name);
	struct stat st;

	/* NAME=FILE is taken here too, unless a file has that name */
	if (stat(arg, &st) && n && !strncmp(arg, name, n) && arg[n] == '=')
		arg += n + 1;
	if (is_folder(arg))
		return add_folder(g, arg);
	return add_file(g, arg, slash ? slash + 1 : arg);
}

/* ---- Models of several inputs ---- */

static int name_inputs(const struct gatherer *g)
{
	const char *list = "";

	for (int i = 0; i < model_runner_inputs(g->runner); i++) {
		list = arena_printf(g->arena, "%s%s%s=FILE", list, i ? " " : "",
				    model_runner_input_name(g->runner, i));
		if (!list)
			return no_memory(g);
	}
	diag_hint(g->diag, "give each input once: %s", list);
	return -1;
}

/* The input that NAME of NAME=FILE names; -1: none. */
static int input_of(const struct gatherer *g, const char *arg)
{
	for (int i = 0; i < model_runner_inputs(g->runner); i++) {
		const char *name = model_runner_input_name(g->runner, i);
		size_t n = strlen(name);

		if (n && !strncmp(arg, name, n) && arg[n] == '=')
			return i;
	}
	return -1;
}

static int gather_named(struct gatherer *g, const char *const *args, int count)
{
	int inputs = model_runner_inputs(g->runner);
	const char **files =
		arena_array(g->arena, (size_t)inputs, sizeof(*files));

	if (!files)
		return no_memory(g);
	for (int i = 0; i < count; i++) {
		int at = input_of(g, args[i]);

		if (at < 0) {
			diag_error(g->diag,
				   "the model has %d inputs, and '%s' names "
				   "none of them",
				   inputs, args[i]);
			return name_inputs(g);
		}
		if (files[at]) {
			diag_error(g->diag, "input '%s' is given twice",
				   model_runner_input_name(g->runner, at));
			return name_inputs(g);
		}
		files[at] = args[i] +
			    strlen(model_runner_input_name(g->runner, at)) + 1;
	}
	for (int i = 0; i < inputs; i++)
		if (!files[i]) {
			diag_error(g->diag, "input '%s' is not given",
				   model_runner_input_name(g->runner, i));
			return name_inputs(g);
		}
	return add_item(g, files[0], files,
			folder_of(strrchr(files[0], '/') ?
					  strrchr(files[0], '/') + 1 :
					  files[0],
				  g->arena));
}

int run_inputs_gather(struct run_inputs *r, const struct model_runner *e,
		      const char *const *args, int count, struct arena *a,
		      struct diag *d)
{
	struct gatherer g = { .out = r, .runner = e, .arena = a, .diag = d };
	const char **folders;
	int err = 0;

	*r = (struct run_inputs){ 0 };
	if (model_runner_inputs(e) > 1)
		err = gather_named(&g, args, count);
	for (int i = 0; model_runner_inputs(e) == 1 && !err && i < count; i++)
		err = add_argument(&g, args[i]);
	if (err)
		return -1;
	folders = arena_array(a, (size_t)r->count + 1, sizeof(*folders));
	if (!folders)
		return no_memory(&g);
	for (int i = 0; i < r->count; i++)
		folders[i] = r->items[i].folder;
	if (output_names_make_unique(folders, NULL, r->count, a))
		return no_memory(&g);
	for (int i = 0; i < r->count; i++)
		r->items[i].folder = folders[i];
	return 0;
}
