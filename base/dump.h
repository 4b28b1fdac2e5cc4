/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_BASE_DUMP_H
#define DBC_BASE_DUMP_H

#include <stdbool.h>
#include <stdio.h>

/* --dump-after: which stage of the pipeline is printed, and where to. */
struct dump {
	const char *stage; /* "all": every one */
	FILE *out;
};

/* Whether the stage is to be printed; a dump of NULL prints nothing. */
bool dump_wants(const struct dump *d, const char *stage);
/* Prints a line `# after STAGE` where every stage is printed. */
void dump_heading(const struct dump *d, const char *stage, FILE *out);

#endif
