/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_PACK_CODED_SIZES_H
#define DBC_CONVERTER_PACK_CODED_SIZES_H

#include <stddef.h>
#include <stdint.h>

/* Where the bytes of a model are in its coded file: runs begin at[i] in the
 * one and coded_at[i] in the other; the last entry is the end of both. */
struct coded_map {
	uint32_t *at, *coded_at;
	size_t count, room;
};
/* Both sizes are those of a file that expands. -1: out of memory. Free it. */
int coded_map_make(struct coded_map *map, const uint8_t *coded, uint32_t size,
		   uint32_t plain_size);
void coded_map_free(struct coded_map *map);
/* Bytes of the coded file that [from, from + bytes) of the model takes; within
 * a run all are taken for equal. Those of ranges that meet add up. */
uint32_t coded_map_bytes(const struct coded_map *map, uint32_t from,
			 uint32_t bytes);
/* The same of all arrays of weights, biases and multipliers of operator `op` of
 * the packed file `dbp`, which dbrt_open() has accepted. map NULL: in `dbp`
 * itself. */
uint32_t coded_map_layer_bytes(const struct coded_map *map, const uint8_t *dbp,
			       uint32_t op);

#endif
