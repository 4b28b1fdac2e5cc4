/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_PROGRESS_H
#define DBC_CLI_PROGRESS_H

#include <stdbool.h>

#include "base/parallel.h"

/* A line on the terminal that shows the stage, how far it is, and the time
 * left; nothing where standard error is no terminal. */
struct progress_bar {
	bool enabled, shown;
	const char *stage;
	double began, drawn; /* seconds */
};

void progress_begin(struct progress_bar *p, bool quiet);
/* A progress_fn; ctx is the bar. */
progress_fn progress_update;
void progress_end(struct progress_bar *p);

#endif
