/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_VERBS_H
#define DBC_CLI_VERBS_H

#include "cli/commands.h"

struct verb {
	const char *name, *usage, *arguments;
	const char *what;     /* one line */
	const char *examples; /* lines */
	unsigned bit;         /* VERB_* */
	command_fn *run;
};

/* NULL past the end; 0 is convert. */
const struct verb *verb_at(int i);
/* NULL where there is none. */
const struct verb *verb_find(const char *name);
/* The verb that a text was probably meant to be; NULL: none. */
const struct verb *verb_nearest(const char *text);

#endif
