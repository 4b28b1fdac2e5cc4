/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_INSPECT_NEEDS_H
#define DBC_CLI_INSPECT_NEEDS_H

#include "cli/commands.h"

/* inspect --ops and --emit, of one or more packed models. */
command_fn inspect_needs;

#endif
