/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_PROGRESS_H
#define DBC_CLI_PROGRESS_H

#include <stdbool.h>

#include "base/parallel.h"

/* A line on the terminal with the stage, its progress and the time left.
 * Nothing is shown if standard error is not a terminal. */
struct progress_bar {
	bool enabled, shown;
	const char *stage;
	double began, drawn; /* seconds */
};

void progress_begin(struct progress_bar *p, bool quiet);
/* A progress_fn whose ctx is the bar. */
progress_fn progress_update;
void progress_end(struct progress_bar *p);

#endif
