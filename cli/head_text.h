/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CLI_HEAD_TEXT_H
#define DBC_CLI_HEAD_TEXT_H

#include <jansson.h>

#include "converter/heads/head.h"
#include "converter/pack/packed_file.h"

/* The head of a packed model, with the names in the file. */
int head_of_packed(const struct packed_file *f, struct arena *a,
		   struct head *out, struct diag *d);
/* Prints one line, or two if the head is not known. */
void head_print(const struct head *h);
/* An object, or null. */
json_t *head_json(const struct head *h);

#endif
