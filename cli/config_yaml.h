/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_CONFIG_YAML_H
#define DBC_CLI_CONFIG_YAML_H

#include "base/diag.h"
#include "base/yaml_file.h"
#include "cli/command.h"

/*
 * Reads options from --config, or from ./dbconvert.yaml if that exists. Every
 * long option is a key; the command line overrides the file. Paths are
 * relative to the folder of the file. A file that was found, not given, cannot
 * write outside of the output folder: its reports are in there.
 */
int config_yaml_apply(struct command *cmd, struct diag *d);

/* Sets the option of an entry of a mapping of another file, in the same way: a
 * path is relative to the folder of the file, and what the command line gave
 * stays. -1 with a diagnostic. */
int config_yaml_set(struct yaml_file *file, const yaml_node_t *key,
		    const yaml_node_t *value, struct command *cmd,
		    struct diag *d);

#endif
