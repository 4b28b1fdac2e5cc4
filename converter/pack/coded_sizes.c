/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of the parts of a model in its coded file. */
#include "converter/pack/coded_sizes.h"

#include <stdlib.h>

#include "runtime/dbrt.h"
#include "schemas/dbp.h"

static void add_place(void *ctx, uint32_t at, uint32_t coded_at)
{
	struct coded_map *map = ctx;

	if (map->count == map->room) {
		size_t room = 2 * map->room + 64;
		uint32_t *places = realloc(map->at, room * sizeof(*places));
		uint32_t *coded;

		if (places)
			map->at = places;
		coded = places ? realloc(map->coded_at, room * sizeof(*coded)) :
				 NULL;
		if (!coded)
			return;
		map->coded_at = coded;
		map->room = room;
	}
	map->at[map->count] = at;
	map->coded_at[map->count++] = coded_at;
}

int coded_map_make(struct coded_map *map, const uint8_t *coded, uint32_t size,
		   uint32_t plain_size)
{
	uint8_t *out = malloc(plain_size);
	int err;

	*map = (struct coded_map){ 0 };
	err = !out || dbrt_expand_traced(coded, size, out, plain_size,
					 add_place, map) != DBRT_OK;
	free(out);
	err = err || !map->count || map->at[map->count - 1] != plain_size;
	return err ? -1 : 0;
}

void coded_map_free(struct coded_map *map)
{
	free(map->at);
	free(map->coded_at);
	*map = (struct coded_map){ 0 };
}

static uint32_t coded_place(const struct coded_map *map, uint32_t at)
{
	size_t low = 0, high = map->count - 1;
	uint64_t run, coded;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (map->at[middle] <= at)
			low = middle;
		else
			high = middle;
	}
	run = map->at[high] - map->at[low];
	coded = map->coded_at[high] - map->coded_at[low];
	return map->coded_at[low] +
	       (uint32_t)((at - map->at[low]) * coded / run);
}

uint32_t coded_map_bytes(const struct coded_map *map, uint32_t from,
			 uint32_t bytes)
{
	return coded_place(map, from + bytes) - coded_place(map, from);
}

static const struct dbp_section *section(const uint8_t *dbp, uint32_t kind)
{
	const struct dbp_header *h = (const void *)dbp;
	const struct dbp_section *s = (const void *)(h + 1);

	for (uint32_t i = 0; i < h->section_count; i++)
		if (s[i].kind == kind)
			return &s[i];
	return NULL;
}

uint32_t coded_map_layer_bytes(const struct coded_map *map, const uint8_t *dbp,
			       uint32_t op)
{
	const struct dbp_op *o =
		(const struct dbp_op *)(const void *)(dbp +
						      section(dbp,
							      DBP_SECTION_OPS)
							      ->offset) +
		op;
	const struct dbp_section *data = section(dbp, DBP_SECTION_DATA);
	const struct dbp_conv *c;
	const struct dbp_tensor *tensors;
	const uint32_t *ids;
	const uint8_t *params;
	uint32_t channels, total = 0;

	if (!data ||
	    (o->kind != DBP_OP_CONV && o->kind != DBP_OP_CONV_TRANSPOSE))
		return 0;
	params = dbp + section(dbp, DBP_SECTION_PARAMS)->offset;
	tensors =
		(const void *)(dbp + section(dbp, DBP_SECTION_TENSORS)->offset);
	c = (const void *)(params + o->params);
	ids = (const void *)(params + o->tensors);
	channels = tensors[ids[1]].dims[3];
	for (int i = 0; i < 7; i++) {
		const struct {
			uint32_t at, bytes;
		} arrays[] = { { c->weights, c->weights_bytes },
			       { c->bias, 4 * channels },
			       { c->multiplier, 2 * channels },
			       { c->shift, channels },
			       { c->multiplier2, 2 * channels },
			       { c->shift2, channels },
			       { c->float_scale, 4 * channels } };
		uint32_t from = data->offset + arrays[i].at;

		if (arrays[i].at == DBP_NONE)
			continue;
		total += map && map->count ?
				 coded_map_bytes(map, from, arrays[i].bytes) :
				 arrays[i].bytes;
	}
	return total;
}
