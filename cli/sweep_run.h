/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SWEEP_RUN_H
#define DBC_CLI_SWEEP_RUN_H

#include "cli/sweep_plan.h"

enum sweep_state {
	SWEEP_CONVERTED,
	SWEEP_MISSED, /* a limit: nothing but the report is written */
	SWEEP_FAILED,
};

/*
 * Runs the jobs of the plan that have no result in `folder` yet, and writes the
 * result of each into folder/NAME: the packed model, its header, report.json,
 * and `result`, last: its state, and the SHA-256 of all that it was made from.
 * A result with the same hash is kept. Ranks share the jobs out. 0, also where
 * jobs failed: their errors are printed. -1: with a diagnostic.
 */
int sweep_run(struct sweep_plan *p, const char *folder, bool quiet,
	      struct diag *d);

/* "converted", "missed", "failed". */
const char *sweep_state_name(enum sweep_state s);
/* What the job left in `folder`. */
enum sweep_state sweep_state_of(const struct sweep_job *job,
				const char *folder);

#endif
