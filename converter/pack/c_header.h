/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_C_HEADER_H
#define DBC_CONVERTER_PACK_C_HEADER_H

#include "converter/pack/pack.h"

#define C_HEADER_PREFIX_BYTES 68

/*
 * Makes a C identifier from a file name: letters, digits and underscores, with
 * the prefix `m_` if it does not begin with a letter. A name that has to be
 * changed gets a hash of the whole name at its end, so that the headers of
 * a-b.onnx and a.b.onnx go into one program. A suffix such as `_dbp` or `_DBP`
 * makes it different from every keyword.
 */
void c_header_prefix(const char *name, char prefix[C_HEADER_PREFIX_BYTES]);

/*
 * The text of a C header (malloc): the bytes of the file as an aligned const
 * array, and its sizes as macros. It is valid C99 and C++11 for any model name.
 * `name` is a file stem; the prefix of the macros is made from it, with a hash
 * where characters had to be replaced.
 */
char *c_header_text(const struct packed *p, const char *name, struct diag *d);

#endif
