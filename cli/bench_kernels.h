/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_BENCH_KERNELS_H
#define DBC_CLI_BENCH_KERNELS_H

#include "cli/command.h"

/* bench --kernels: fits the rows of a target file to the times of the
 * operators of packed models, measured here or read from the output of
 * time_dbp. An exit code. */
int bench_kernels(const struct command *cmd, struct diag *d);

#endif
