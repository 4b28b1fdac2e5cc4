/* SPDX-License-Identifier: Apache-2.0 */
#include "base/dump.h"

#include <string.h>

bool dump_wants(const struct dump *d, const char *stage)
{
	return d && (!strcmp(d->stage, "all") || !strcmp(d->stage, stage));
}

void dump_heading(const struct dump *d, const char *stage, FILE *out)
{
	if (!strcmp(d->stage, "all"))
		fprintf(out, "# after %s\n", stage);
}
