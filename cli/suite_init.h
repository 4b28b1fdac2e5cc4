/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_SUITE_INIT_H
#define DBC_CLI_SUITE_INIT_H

#include "base/parallel.h"
#include "cli/command.h"

/*
 * Runs a model on labelled photos, and writes a suite that it passes to `path`:
 * the slices of suite_draft.h that hold enough, each with a limit a little
 * below what the model reaches. -1 with a diagnostic.
 */
int suite_init_write(const struct command *cmd, const char *model,
		     const char *path, const struct progress *progress,
		     struct diag *d);

#endif
