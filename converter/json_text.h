/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_JSON_TEXT_H
#define DBC_CONVERTER_JSON_TEXT_H

#include <jansson.h>

/* A string from a file; where it is not UTF-8, other bytes than ASCII become
 * '?'. NULL: out of memory. */
json_t *json_text(const char *s);

#endif
