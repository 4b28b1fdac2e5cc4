/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_PACK_ENCODE_H
#define DBC_CONVERTER_PACK_PACK_ENCODE_H

#include "converter/pack/pack.h"

/*
 * Entropy codes what pack_model() has made, where that makes it smaller: file,
 * file_size, ram_bytes. `coded` false: the file stays as it is. Notes what each
 * layer takes of the file.
 */
int pack_encode(struct packed *p, bool coded, struct arena *a, struct diag *d);

#endif
