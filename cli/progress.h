/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_PROGRESS_H
#define DBC_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/parallel.h"
#include "base/stage_time.h"

#define PROGRESS_STAGES 16

/*
 * A line on the terminal with the stage, its progress and the time left. In a
 * log, where standard error is no terminal, a line for each stage that took
 * long, at its end.
 */
struct progress_bar {
	bool terminal, log;
	bool shown; /* a line is on the terminal */
	const char *stage;
	int done;
	double began, drawn; /* seconds */
	double noted, noted_cpu;
	struct stage_time stages[PROGRESS_STAGES];
	int stage_count;
};

void progress_begin(struct progress_bar *p, bool quiet);
/* A progress_fn whose ctx is the bar. */
progress_fn progress_update;
void progress_end(struct progress_bar *p);
/* A table of the stages: seconds, cores in use, memory. */
void progress_print_stages(const struct progress_bar *p, FILE *out);

#endif
