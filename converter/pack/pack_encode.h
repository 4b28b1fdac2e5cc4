/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_PACK_ENCODE_H
#define DBC_CONVERTER_PACK_PACK_ENCODE_H

#include "converter/pack/pack.h"

/* Sets file, file_size and ram_bytes of a model from pack_model(): the
 * entropy-coded file if `coded` is true and it is smaller, else the bytes as
 * they are. Sets the bytes of each layer in the file. */
int pack_encode(struct packed *p, bool coded, struct arena *a, struct diag *d);

#endif
