/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_CONFIG_YAML_H
#define DBC_CLI_CONFIG_YAML_H

#include "cli/options.h"

/*
 * Options from --config, or from ./dbconvert.yaml where that exists. Every
 * long option is a key; what the command line gave stays. Paths are relative
 * to the current folder, as on the command line.
 */
int config_yaml_apply(struct command *cmd, struct diag *d);

#endif
