/* SPDX-License-Identifier: Apache-2.0 */
#include "converter/json_text.h"

#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *s)
{
	json_t *j = json_string(s);
	char *copy;

	if (j)
		return j;
	copy = strdup(s);
	for (char *p = copy; p && *p; p++)
		if ((unsigned char)*p > 126)
			*p = '?';
	j = copy ? json_string(copy) : NULL;
	free(copy);
	return j;
}

char *json_lines(json_t *root, struct diag *d)
{
	char *text = root ? json_dumps(root, JSON_INDENT(1) |
						     JSON_REAL_PRECISION(6)) :
			    NULL;
	char *line = NULL;
	size_t n = text ? strlen(text) : 0;

	json_decref(root);
	if (text && (line = realloc(text, n + 2)) != NULL)
		memcpy(line + n, "\n", 2);
	if (!line) {
		free(text);
		diag_error(d, "out of memory for JSON");
	}
	return line;
}
