/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_TEXT_H
#define DBC_CLI_SUITE_TEXT_H

#include <stdio.h>

#include "cli/suite_run.h"

/* Whether marks of Unicode can be printed: by LC_ALL, LC_CTYPE and LANG. */
bool suite_text_unicode(void);
/* "recall 0.62 < 0.80 (140 boxes: 0.54 to 0.70)". */
void suite_text_check(const struct suite_check *c, FILE *out);
/* All that is wrong with a slice, on one line; nothing where it passed. */
void suite_text_reasons(const struct suite_outcome *o, bool all, FILE *out);
/* A line for each slice, and a sum. `all`: the figures of what passed too. */
void suite_text_print(const struct suite_result *r, bool unicode, bool all,
		      FILE *out);
/* "73 / 84 passed, 9 failed, 2 too few photos to tell" */
void suite_text_sum(int passed, int failed, int too_few, FILE *out);

#endif
