/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_HEADS_HEAD_YAML_WRITE_H
#define DBC_CONVERTER_HEADS_HEAD_YAML_WRITE_H

#include <stdio.h>

#include "converter/heads/head.h"

/* Writes a known head as a file of --head; reading it gives the same head, bit
 * for bit. `outputs` are the names of the model's outputs. */
void head_yaml_write(const struct head *h, const char *const *outputs,
		     FILE *to);

/*
 * Writes a file of --head to complete for a model whose head is not known:
 * what is missing, the outputs, and every key with the places that were found.
 * 0, or -1 with a diagnostic.
 */
int head_yaml_write_template(const struct graph *g, const struct head *h,
			     const struct config *c, struct arena *a, FILE *to,
			     struct diag *d);

#endif
