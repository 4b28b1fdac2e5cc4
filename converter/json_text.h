/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_JSON_TEXT_H
#define DBC_CONVERTER_JSON_TEXT_H

#include <jansson.h>

#include "base/diag.h"

/* A string from a file; where it is not UTF-8, other bytes than ASCII become
 * '?'. NULL: out of memory. */
json_t *json_text(const char *s);
/* The text of an object, with a newline at the end, malloc'ed; NULL after a
 * diagnostic. Frees the object. */
char *json_lines(json_t *root, struct diag *d);

#endif
