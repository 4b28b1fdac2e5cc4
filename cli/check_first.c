/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_first.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "converter/data/annotations.h"
#include "converter/data/dataset.h"
#include "converter/data/image_file.h"

#define HELD_OUT_OF 5 /* fewer photos hold none out */

static int check_folder(const char *path, struct diag *d)
{
	struct stat st;

	if (stat(path, &st))
		return diag_error(d, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return diag_error(d, "%s: %s", path, strerror(ENOTDIR));
	return access(path, W_OK | X_OK) ?
		       diag_error(d, "%s: %s", path, strerror(errno)) :
		       0;
}

/* A folder that is made if it is missing: then the nearest above it counts. */
static int check_output(const char *path, struct diag *d)
{
	char *copy = strdup(*path ? path : "."), *slash;
	struct stat st;
	int err;

	if (!copy)
		return diag_error(d, "out of memory");
	while (stat(copy, &st) && errno == ENOENT && strcmp(copy, ".") &&
	       strcmp(copy, "/")) {
		slash = strrchr(copy, '/');
		if (slash == copy)
			slash++;
		if (slash)
			*slash = 0;
		else
			strcpy(copy, ".");
	}
	err = check_folder(copy, d);
	free(copy);
	return err;
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && path[n] == '/';
}

/* Its folder is not made, unless it is that of the output. */
static int check_report(const char *path, const char *output, struct diag *d)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int err;

	if (is_below(path, output) &&
	    strchr(path + strlen(output) + 1, '/') == NULL)
		return 0;
	folder = slash ? strndup(path,
				 slash == path ? 1 : (size_t)(slash - path)) :
			 strdup(".");
	err = folder ? 0 : diag_error(d, "out of memory");
	if (!err && check_folder(folder, d))
		err = -1;
	free(folder);
	return err;
}

static int check_photos(const struct dataset *s, struct diag *d)
{
	for (int i = 0; i < s->count; i++)
		if (s->items[i].kind == ITEM_PHOTO &&
		    image_check(s->items[i].path, d))
			return -1;
	return 0;
}

static int check_set(const char *path, int *count, struct diag *d)
{
	struct dataset s;
	int err = dataset_open(&s, path, d) || check_photos(&s, d);

	*count = s.count;
	dataset_close(&s);
	return err ? -1 : 0;
}

/* A warning, not an error: what the conversion makes is good, but a limit of
 * the accuracy will not be met. */
static int check_matches(const struct annotations *labels, const char *path,
			 const char *photos, struct diag *d)
{
	struct dataset s;
	int err = dataset_open(&s, photos, d), found = 0;

	for (int i = 0; !err && !found && i < s.count; i++)
		found = annotations_of(labels, s.items[i].name) != NULL;
	if (!err && !found)
		diag_alert(
			d,
			"%s: none of the labels belongs to one of the photos "
			"of %s: there will be no accuracy",
			path, photos);
	dataset_close(&s);
	return err ? -1 : 0;
}

static int check_labels(const struct config *c, int calibrating, struct diag *d)
{
	const char *photos = c->images ? c->images : c->calib;
	struct annotations labels;
	int err = annotations_read(&labels, c->labels, d), count;

	if (!err && !c->images && calibrating < HELD_OUT_OF)
		err = diag_error(d, "no photos to measure accuracy on: give "
				    "some with --images");
	if (!err && c->images)
		err = check_set(c->images, &count, d);
	if (!err)
		err = check_matches(&labels, c->labels, photos, d);
	annotations_free(&labels);
	return err;
}

int check_first(const struct config *c, struct diag *d)
{
	int calibrating = 0;

	if (check_output(c->output_dir, d))
		return -1;
	for (int i = 0; i < c->report_count; i++)
		if (check_report(c->reports[i], c->output_dir, d))
			return -1;
	if (c->calib && check_set(c->calib, &calibrating, d))
		return -1;
	return c->labels ? check_labels(c, calibrating, d) : 0;
}
