/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SWEEP_PLAN_H
#define DBC_CLI_SWEEP_PLAN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "cli/command.h"

#define SWEEP_MAX_AXES 8
#define SWEEP_MAX_JOBS 10000

/* An option that varies. */
struct sweep_axis {
	const char *name;
	int count;
};

/* One conversion. */
struct sweep_job {
	const char *name;       /* of its folder: model and varied options */
	const char *model;      /* the model's own name */
	const char **values;    /* of each axis, as in the file; NULL: none */
	struct command command; /* convert, with its options */
	uint8_t options_sha256[32]; /* of all options as they stand in the file
				     */
};

struct sweep_plan {
	struct sweep_axis axes[SWEEP_MAX_AXES];
	int axis_count;
	struct sweep_job *jobs; /* the last axis changes fastest */
	int count;
	struct arena arena;
};

/*
 * Reads a sweep of dbconvert(1): `models`, options of every job, and `vary`, a
 * list of values for each option that varies. `base` holds what the command
 * line gave. Paths are relative to the folder of the file. Nothing but the
 * file is read. On -1, with a diagnostic, free the plan too.
 */
int sweep_plan_read(struct sweep_plan *p, const char *path,
		    const struct command *base, struct diag *d);
void sweep_plan_free(struct sweep_plan *p);

#endif
