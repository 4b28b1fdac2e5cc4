/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_C_HEADER_H
#define DBC_CONVERTER_PACK_C_HEADER_H

#include "converter/pack/pack.h"

/*
 * The C header: the file's bytes as an aligned const array and its sizes as
 * macros, valid C99 and C++11 whatever the model's name. `name` is any file
 * stem; the prefix of the macros is made from it. malloc'ed text.
 */
char *c_header_text(const struct packed *p, const char *name, struct diag *d);

#endif
