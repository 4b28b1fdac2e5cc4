/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_ENTROPY_ENCODE_H
#define DBC_CONVERTER_PACK_ENTROPY_ENCODE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

/* Encodes a packed file that dbrt_open() accepts, so that dbrt_expand()
 * restores the same bytes. *out lives in the arena; it is `dbp` itself if
 * coding does not make it smaller. */
int coded_file_make(const uint8_t *dbp, uint32_t size, struct arena *a,
		    uint8_t **out, uint32_t *out_size, struct diag *d);

#endif
