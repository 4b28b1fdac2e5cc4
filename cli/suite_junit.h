/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_JUNIT_H
#define DBC_CLI_SUITE_JUNIT_H

#include "cli/suite_run.h"

/*
 * The results as JUnit XML, as Jenkins and others read it: a suite a model, a
 * case a slice; too few photos to tell is skipped, or a failure where the suite
 * says so. malloc'ed; NULL with a diagnostic.
 */
char *suite_junit(const struct suite *s, const struct suite_result *results,
		  int count, struct diag *d);

#endif
