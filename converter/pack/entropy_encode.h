/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_ENTROPY_ENCODE_H
#define DBC_CONVERTER_PACK_ENTROPY_ENCODE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

/*
 * The coded form of a packed file that dbrt_open() accepts: what dbrt_expand()
 * turns back into the same bytes. *out is the arena's; it is `dbp` itself
 * where coding does not make it smaller.
 */
int coded_file_make(const uint8_t *dbp, uint32_t size, struct arena *a,
		    uint8_t **out, uint32_t *out_size, struct diag *d);

#endif
