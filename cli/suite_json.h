/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_JSON_H
#define DBC_CLI_SUITE_JSON_H

#include <jansson.h>

#include "cli/suite_run.h"

/* docs/test.schema.json; malloc'ed. NULL with a diagnostic. */
char *suite_json(const struct suite *s, const struct suite_result *results,
		 int count, struct diag *d);
/* A number, or null where it is none. */
json_t *suite_json_number(double x);

#endif
