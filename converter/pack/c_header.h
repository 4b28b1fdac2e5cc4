/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_C_HEADER_H
#define DBC_CONVERTER_PACK_C_HEADER_H

#include "converter/pack/pack.h"

/*
 * The text of a C header (malloc): the bytes of the file as an aligned const
 * array, and its sizes as macros. It is valid C99 and C++11 for any model name.
 * `name` is a file stem; the prefix of the macros is made from it, with a hash
 * where characters had to be replaced.
 */
char *c_header_text(const struct packed *p, const char *name, struct diag *d);

#endif
