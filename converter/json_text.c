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
