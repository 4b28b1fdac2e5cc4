/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_CONFIG_YAML_H
#define DBC_CLI_CONFIG_YAML_H

#include "base/diag.h"
#include "cli/command.h"

/*
 * Reads options from --config, or from ./dbconvert.yaml if that exists. Every
 * long option is a key; the command line overrides the file. Paths are
 * relative to the current folder, as on the command line.
 */
int config_yaml_apply(struct command *cmd, struct diag *d);

#endif
