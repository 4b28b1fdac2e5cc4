/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_HELP_H
#define DBC_CLI_HELP_H

#include <stdio.h>

#include "base/arena.h"
#include "base/diag.h"

/* The lines `usage: dbconvert ...`, one for each verb. */
void help_usage(FILE *out);
/* What a verb (one VERB_* bit) does, its options, examples and exit codes. */
void help_verb(FILE *out, unsigned verb);
/* `dbconvert help`, with or without a verb or "targets", "methods", "passes".
 * Returns an exit code. */
int help_command(int argc, char **argv, struct diag *d);

/* The list that `--OPTION help` prints; NULL: the option has none. */
const char *help_list_of(const char *option);
/* Prints the list of that name; false where there is none. */
bool help_list(FILE *out, const char *name);

/* Name i of the values of --dump-after; NULL after the last. */
const char *help_stage(int i);

#endif
