/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_YAML_H
#define DBC_CONVERTER_HEADS_HEAD_YAML_H

#include "converter/heads/head.h"

/* Reads the head from a YAML file, dbconvert(1) under HEADS. Parts that the
 * file leaves out come from head_locate(). -1 with a diagnostic. */
int head_read_yaml(const struct graph *g, const struct config *c,
		   const char *path, struct arena *a, struct head *out,
		   struct diag *d);

#endif
