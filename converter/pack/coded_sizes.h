/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_CODED_SIZES_H
#define DBC_CONVERTER_PACK_CODED_SIZES_H

#include <stddef.h>
#include <stdint.h>

/* Maps offsets of a model to offsets of its coded file: run i begins at at[i]
 * in the model and coded_at[i] in the file; the last entry is the end of both.
 */
struct coded_map {
	uint32_t *at, *coded_at;
	size_t count, room;
};
/* Builds the map of a coded file that dbrt_expand() accepts. -1: out of memory.
 * Free it. */
int coded_map_make(struct coded_map *map, const uint8_t *coded, uint32_t size,
		   uint32_t plain_size);
void coded_map_free(struct coded_map *map);
/* Bytes of the coded file for [from, from + bytes) of the model; all bytes of a
 * run have an equal share. The results of adjacent ranges add up. */
uint32_t coded_map_bytes(const struct coded_map *map, uint32_t from,
			 uint32_t bytes);
/* The same for all arrays of weights, biases and multipliers of operator `op`
 * of the packed file `dbp`, which dbrt_open() has accepted. map NULL: bytes in
 * `dbp` itself. */
uint32_t coded_map_layer_bytes(const struct coded_map *map, const uint8_t *dbp,
			       uint32_t op);

#endif
