/* SPDX-License-Identifier: Apache-2.0 */
/* A table of what is known of photos: `photo,NAME,...`, a line a photo. */
#include <stdlib.h>
#include <string.h>

#include "converter/data/annotation_formats.h"

#define MAX_COLUMNS 64

/* Splits a line at its commas; removes blanks and quotes around the parts.
 * Returns their number, -1 if there are too many. */
static int split(char *line, char *part[MAX_COLUMNS])
{
	int count = 0;

	while (line) {
		char *comma = strchr(line, ',');
		size_t n;

		if (count == MAX_COLUMNS)
			return -1;
		if (comma)
			*comma++ = 0;
		line += strspn(line, " \t\"");
		n = strlen(line);
		while (n && strchr(" \t\r\"", line[n - 1]))
			n--;
		line[n] = 0;
		part[count++] = line;
		line = comma;
	}
	return count;
}

static int add_row(struct annotation_list *l, char *const *titles,
		   char *const *part, int count)
{
	struct attributes a = { 0 };

	for (int i = 1; i < count; i++)
		if (*part[i] &&
		    attributes_add(&a, titles[i], part[i], &l->out->arena))
			return diag_error(l->d, "out of memory");
	return annotation_add_photo(l, annotation_key(l, part[0]), &a);
}

static int read_rows(struct annotation_list *l, const char *path, char *text)
{
	char *titles[MAX_COLUMNS], *part[MAX_COLUMNS];
	int columns = 0, number = 1, err = 0;

	for (char *line = text; !err && line; number++) {
		char *end = strchr(line, '\n');
		int n;

		if (end)
			*end++ = 0;
		if (!line[strspn(line, " \t\r")] || *line == '#') {
			line = end;
			continue;
		}
		n = split(line, columns ? part : titles);
		if (n < 2 || (columns && n != columns))
			err = diag_error(l->d,
					 columns ? "%s:%d: has not as many "
						   "columns as the titles" :
						   "%s:%d: is no line of "
						   "titles: photo,NAME,...",
					 path, number);
		else if (columns)
			err = add_row(l, titles, part, n);
		else
			columns = n;
		line = end;
	}
	return err;
}

int annotations_read_metadata(struct annotation_list *l, const char *path)
{
	size_t bytes;
	char *text = annotation_text(path, &bytes, l->d);
	int err;

	if (!text)
		return -1;
	l->out->format = "metadata";
	err = read_rows(l, path, text);
	free(text);
	return err;
}
