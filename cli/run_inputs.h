/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_RUN_INPUTS_H
#define DBC_CLI_RUN_INPUTS_H

#include "base/arena.h"
#include "base/diag.h"
#include "converter/measure/model_runner.h"

/* What `run` is given: one item for each run of the model. */
struct run_inputs {
	struct run_item {
		const char *name;         /* for messages and results */
		const char *const *files; /* one for each input */
		const char *folder;       /* of the outputs, relative */
	} * items;
	int count;
};

/*
 * Arguments are photos, tensors or folders of them for a model of one input;
 * for one of several, each is NAME=FILE, and all make one run. Folders of the
 * outputs are the names of the files without their ending, below the folder
 * that was given; equal ones are numbered. Memory comes from `a`. -1 with a
 * diagnostic.
 */
int run_inputs_gather(struct run_inputs *r, const struct model_runner *e,
		      const char *const *args, int count, struct arena *a,
		      struct diag *d);

#endif
